import { describe, expect, it } from "vitest";
import { parseReleaseFile, toReleaseFileBytes } from "../../proto/delivery.ts";
import { toErrorCode } from "../../proto/errors.ts";
import { openDesk } from "../../src/app/desk/desk.ts";
import { buildRelease } from "../../src/app/release/build.ts";
import { publishRelease } from "../../src/app/release/publish.ts";
import { enrolFleet, openTestFleet, readLedgerKinds, signFile, toRequest } from "../support/fleet-store.ts";
import { flipBit } from "../support/red-team-bytes.ts";

describe("row 8: a database administrator who edits a release that waits for signatures", () => {
  it("gets nothing published by it, and what is no release any more is closed and told", async () => {
    const fleet = await openTestFleet();
    await enrolFleet(fleet, 2);
    const { policy } = fleet.approvers;
    const desk = openDesk(fleet, () => policy);
    const { file } = await buildRelease(fleet, toRequest());
    await desk.submit(signFile(fleet, file));
    const { releaseId, file: stored } = await fleet.store.selectFrom("drafts").selectAll().executeTakeFirstOrThrow();
    const { file: other } = await buildRelease(fleet, toRequest({ patch: { merchant: { shortName: "闽江秋" } } }));
    const { signatures } = parseReleaseFile(stored);
    const edits = [
      stored.subarray(0, stored.length - 1),
      toReleaseFileBytes({ ...file, reason: "another" }),
      toReleaseFileBytes({ ...other, signatures }),
      ...Array.from({ length: 200 }, (_, n) => flipBit(stored, (n * 9_973) % (stored.length * 8))),
    ];
    for (const edit of edits) {
      const published = publishRelease(fleet, edit, policy).catch(toErrorCode);
      expect(await published).toMatch(/^(STATEMENT_UNSIGNED|NOT_IN_RELEASE|RELEASE_INVALID|BYTES|FIELD|TUSN)/);
    }
    expect(await fleet.store.selectFrom("releases").selectAll().execute()).toEqual([]);
    // On a desk that has not seen it whole.
    await fleet.store
      .updateTable("drafts")
      .set({ file: edits[0] as Uint8Array, fileDigest: Buffer.alloc(32) })
      .execute();
    expect(await openDesk(fleet, () => policy).list()).toEqual([]);
    expect(await readLedgerKinds(fleet)).toContain("alarm.record_altered");
    await expect(desk.read(releaseId)).rejects.toThrow(expect.objectContaining({ code: "STATE_CONFLICT" }));
  });
});
