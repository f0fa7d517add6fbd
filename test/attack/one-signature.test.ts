import { describe, expect, it } from "vitest";
import { verifyApproval } from "../../certs/signatures.ts";
import { concat, toDigest } from "../../proto/bytes.ts";
import { parseDelivery } from "../../proto/delivery.ts";
import { parseDirective } from "../../proto/directive.ts";
import { parseProfile, toProfileBytes } from "../../proto/profile.ts";
import { parseStatement } from "../../proto/statement.ts";
import { readLedgerKinds, release } from "../support/fleet-store.ts";
import { toDeliveries, toNextProfile } from "../support/release.ts";
import { openHeld, readOutbox, readStates } from "../support/test-dispatch.ts";

/** A waiting change of limits, and the same row as an intruder would have it: the card besides, under one signature. */
async function openIntruded() {
  const opened = await openHeld();
  const { fleet } = opened;
  const { maker, policy } = fleet.approvers;
  await release(fleet, { patch: { parameters: { attempts: 3 } } });
  const row = await fleet.store
    .selectFrom("deployments")
    .selectAll()
    .where("state", "=", "pending")
    .executeTakeFirstOrThrow();
  const good = parseDirective(row.directive);
  const evil = toNextProfile(parseProfile(good.profile), { number: 2, binding: { last4: "6666" } });
  const profile = toProfileBytes(evil);
  const { created, expires, merchant } = parseStatement(
    (await fleet.store.selectFrom("releases").selectAll().where("id", "=", row.releaseId).executeTakeFirstOrThrow())
      .statement,
  );
  const [bytes] = toDeliveries({
    directives: [{ ...good, profile }],
    purpose: "parameters",
    signers: [maker],
    now: fleet.at,
    statement: { releaseId: row.releaseId, created, expires, merchant, reason: toDigest(Buffer.from("test")) },
  });
  const { statement, signatures, directive, path } = parseDelivery(bytes as Uint8Array);
  // By itself the approval is good: one person may change limits.
  expect(verifyApproval(policy, "parameters", statement, signatures)).toHaveLength(1);
  return { ...opened, row, statement, signatures, directive, path: concat(...path), profile };
}

describe("row 8: a database administrator with the signature of one person who may change limits", () => {
  it("has no card sent under it: what differs says how many must have signed", async () => {
    const { fleet, dispatch, sent, row, statement, signatures, directive, path, profile } = await openIntruded();
    const { store } = fleet;
    await store
      .insertInto("profiles")
      .values({ digest: toDigest(profile), bytes: profile })
      .execute();
    await store.deleteFrom("signatures").where("releaseId", "=", row.releaseId).execute();
    for (const { keyId, value } of signatures) {
      await store.insertInto("signatures").values({ releaseId: row.releaseId, keyId, value }).execute();
    }
    const { root } = parseStatement(statement);
    await store.updateTable("releases").set({ statement, root }).where("id", "=", row.releaseId).execute();
    await store
      .updateTable("deployments")
      .set({ directive, path, directiveDigest: toDigest(directive), profileDigest: toDigest(profile) })
      .where("sequence", "=", row.sequence)
      .execute();
    await dispatch.poll();
    await dispatch.poll();
    expect(sent).toEqual([]);
    expect((await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("alarm"))).toEqual(["alarm.record_altered"]);
    expect(await readOutbox(fleet)).toEqual([]);
    expect((await readStates(fleet)).toSorted()).toEqual(["committed", "superseded"]);
    const { code } = await store
      .selectFrom("deployments")
      .selectAll()
      .where("sequence", "=", row.sequence)
      .executeTakeFirstOrThrow();
    expect(code).toBe("PURPOSE_TOO_NARROW");
  });

  it("has nothing sent whose time is over", async () => {
    const { fleet, dispatch, sent } = await openHeld();
    await release(fleet, { patch: { parameters: { attempts: 3 } } });
    fleet.at += 2 * 86_400;
    await dispatch.poll();
    expect(sent).toEqual([]);
    expect((await readStates(fleet)).toSorted()).toEqual(["committed", "superseded"]);
  });
});
