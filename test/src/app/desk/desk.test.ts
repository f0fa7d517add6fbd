import { describe, expect, it } from "vitest";
import { createApproverKey, toPublicKey } from "../../../../certs/keys.ts";
import { signRelease } from "../../../../certs/release.ts";
import type { Policy } from "../../../../certs/trust/policy.ts";
import { toHex } from "../../../../proto/bytes.ts";
import { parseReleaseFile, type ReleaseFile, toReleaseFileBytes } from "../../../../proto/delivery.ts";
import { type Desk, MAX_OPEN_RELEASES, openDesk } from "../../../../src/app/desk/desk.ts";
import { listLedger } from "../../../../src/app/queries/ledger.ts";
import { publishRelease } from "../../../../src/app/release/publish.ts";
import { buildUnsigned, toId, withReason, withRecipients, withSealed } from "../../../support/desk.ts";
import { enrolFleet, openTestFleet, readLedgerKinds, type TestFleet } from "../../../support/fleet-store.ts";

const DAY_S = 86_400;

async function prepare(): Promise<{ fleet: TestFleet; desk: Desk; file: ReleaseFile }> {
  const fleet = await openTestFleet();
  await enrolFleet(fleet, 2);
  return { fleet, desk: openDesk(fleet, () => fleet.approvers.policy), file: await buildUnsigned(fleet) };
}

const code = (expected: string) => expect.objectContaining({ code: expected });

describe("a release on the desk", () => {
  it("waits for the roles that its purpose demands, and tells what an approver picks it by", async () => {
    const { fleet, desk, file } = await prepare();
    const open = await desk.submit(toReleaseFileBytes(file));
    expect(open).toMatchObject({
      id: toHex(toId(file)),
      purpose: "binding",
      merchant: "822391058121070",
      size: 2,
      reason: "a first profile",
      created: fleet.at,
      expires: fleet.at + DAY_S,
      signedBy: [],
      missing: ["maker", "checker"],
      recipients: 0,
      sealed: 0,
    });
    expect(await desk.list()).toEqual([open]);
    expect(await desk.read(toId(file))).toEqual(toReleaseFileBytes(file));
    expect(await readLedgerKinds(fleet)).toContain("draft.submitted");
  });

  it("is in the ledger with whoever handed it in, added to it and published it", async () => {
    const { fleet, desk, file } = await prepare();
    const { maker, checker, policy } = fleet.approvers;
    const signedByOne = toReleaseFileBytes(signRelease(file, maker));
    await desk.submit(toReleaseFileBytes(file), "zhao.min");
    await desk.submit(signedByOne, "chen.bo");
    await desk.sign(toId(file), toReleaseFileBytes(signRelease(file, checker)), "wang.jun");
    const bytes = await desk.read(toId(file));
    for (const by of ["two words", "", "x".repeat(65)]) {
      await expect(desk.submit(signedByOne, by), by).rejects.toThrow(code("CONFIG_INVALID"));
      await expect(publishRelease(fleet, bytes, policy, by), by).rejects.toThrow(code("CONFIG_INVALID"));
    }
    await publishRelease(fleet, bytes, policy, "li.na");
    const { entries } = await listLedger(fleet.store, 0, 100);
    const acts = entries.filter(({ kind }) => /^(draft|release)[.]/.test(kind));
    expect(acts.map(({ kind, actor }) => [kind, actor])).toEqual([
      ["draft.submitted", "zhao.min"],
      ["draft.signed", "chen.bo"],
      ["draft.signed", "wang.jun"],
      ["release.published", "li.na"],
    ]);
  });

  it("takes each approver's signature, and can then be published", async () => {
    const { fleet, desk, file } = await prepare();
    const { maker, checker, policy } = fleet.approvers;
    await desk.submit(toReleaseFileBytes(file));
    const [person] = policy.persons;
    const one = await desk.sign(toId(file), toReleaseFileBytes(signRelease(file, maker)), person?.id);
    expect(one).toMatchObject({ signedBy: ["li.mei"], missing: ["checker"] });
    // From a copy that does not have the first one's signature.
    const two = await desk.sign(toId(file), toReleaseFileBytes(signRelease(file, checker)));
    expect(two).toMatchObject({ signedBy: ["li.mei", "wang.jun"], missing: [] });
    const bytes = await desk.read(toId(file));
    expect(parseReleaseFile(bytes).signatures).toHaveLength(2);
    expect(await publishRelease(fleet, bytes, policy)).toMatchObject({ deployments: 2, already: false });
  });

  it("is closed by its publication, in the same transaction, and its file forgotten", async () => {
    const { fleet, desk, file } = await prepare();
    const { maker, checker, policy } = fleet.approvers;
    const signed = toReleaseFileBytes(signRelease(signRelease(file, maker), checker));
    await desk.submit(signed);
    await publishRelease(fleet, await desk.read(toId(file)), policy);
    expect(await desk.list()).toEqual([]);
    await expect(desk.read(toId(file))).rejects.toThrow(code("STATE_CONFLICT"));
    await expect(desk.sign(toId(file), signed)).rejects.toThrow(code("STATE_CONFLICT"));
    await expect(desk.submit(signed)).rejects.toThrow(code("STATE_CONFLICT"));
    const row = await fleet.store.selectFrom("drafts").selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({ closedWhy: "published", closedAt: fleet.at });
    expect(row.file).toHaveLength(0);
  });

  it("stays open where its publication fails", async () => {
    const { fleet, desk, file } = await prepare();
    await desk.submit(toReleaseFileBytes(file));
    await expect(publishRelease(fleet, await desk.read(toId(file)), fleet.approvers.policy)).rejects.toThrow(
      code("STATEMENT_UNSIGNED"),
    );
    expect(await desk.list()).toHaveLength(1);
  });

  it("may be submitted again, which adds what is new", async () => {
    const { fleet, desk, file } = await prepare();
    await desk.submit(toReleaseFileBytes(file));
    const again = await desk.submit(toReleaseFileBytes(signRelease(file, fleet.approvers.maker)));
    expect(again.signedBy).toEqual(["li.mei"]);
    expect(await fleet.store.selectFrom("drafts").select("releaseId").execute()).toHaveLength(1);
  });

  it("loses no signature where all approvers hand in at once", async () => {
    const { fleet, desk, file } = await prepare();
    const keys = Array.from({ length: 12 }, () => createApproverKey());
    const persons = keys.map((key, n) => ({ id: `p${n}`, name: "P", keys: [toPublicKey(key)], roles: ["maker"] }));
    const policy = { ...fleet.approvers.policy, persons } as unknown as Policy;
    const desks = keys.map(() => openDesk(fleet, () => policy));
    await desk.submit(toReleaseFileBytes(file));
    await Promise.all(
      keys.map((key, n) => desks[n]?.sign(toId(file), toReleaseFileBytes(signRelease(file, key)), undefined)),
    );
    expect(parseReleaseFile(await desk.read(toId(file))).signatures).toHaveLength(12);
    expect((await readLedgerKinds(fleet)).filter((kind) => kind === "draft.signed")).toHaveLength(12);
  });

  it("takes the sealed numbers that an approver brings", async () => {
    const { desk, file } = await prepare();
    const wanting = withRecipients(file, [0, 1]);
    await desk.submit(toReleaseFileBytes(wanting));
    const open = await desk.sign(toId(file), toReleaseFileBytes(withSealed(wanting, [1])));
    expect(open).toMatchObject({ recipients: 2, sealed: 1 });
    expect(await desk.list()).toEqual([open]);
  });

  it("expires with its statement, and is then gone from the list for good", async () => {
    const { fleet, desk, file } = await prepare();
    await desk.submit(toReleaseFileBytes(file));
    fleet.at += DAY_S + 1;
    await expect(desk.read(toId(file))).rejects.toThrow(code("EXPIRED"));
    await expect(desk.sign(toId(file), toReleaseFileBytes(file))).rejects.toThrow(code("EXPIRED"));
    expect(await desk.list()).toEqual([]);
    const row = await fleet.store.selectFrom("drafts").selectAll().executeTakeFirstOrThrow();
    expect(row.closedWhy).toBe("expired");
    expect((await readLedgerKinds(fleet)).at(-1)).toBe("draft.closed");
  });

  it("shows who has signed by the policy of now", async () => {
    const { fleet, file } = await prepare();
    let policy = fleet.approvers.policy;
    const desk = openDesk(fleet, () => policy);
    await desk.submit(toReleaseFileBytes(signRelease(file, fleet.approvers.maker)));
    expect((await desk.list())[0]).toMatchObject({ signedBy: ["li.mei"], missing: ["checker"] });
    policy = { ...policy, persons: policy.persons.slice(1) };
    expect((await desk.list())[0]).toMatchObject({ signedBy: [], missing: ["maker", "checker"] });
  });
});

describe("the desk", () => {
  it("leaves out signatures that count for nothing", async () => {
    const { fleet, desk, file } = await prepare();
    const signed = signRelease(signRelease(file, createApproverKey()), fleet.approvers.checker);
    expect((await desk.submit(toReleaseFileBytes(signed))).signedBy).toEqual(["wang.jun"]);
    expect(parseReleaseFile(await desk.read(toId(file))).signatures).toHaveLength(1);
  });

  it("takes nothing that a terminal would refuse", async () => {
    const { fleet, desk, file } = await prepare();
    const bytes = toReleaseFileBytes(file);
    await expect(desk.submit(bytes.subarray(1))).rejects.toThrow(code("BYTES_NOT_CANONICAL"));
    await expect(desk.submit(toReleaseFileBytes({ ...file, reason: "other" }))).rejects.toThrow(
      code("RELEASE_INVALID"),
    );
    const told = toReleaseFileBytes(withReason(file, "client told CVV 975"));
    await expect(desk.submit(told)).rejects.toThrow(code("SENSITIVE_DATA"));
    const sealed = withSealed(file, [0]);
    await expect(desk.submit(toReleaseFileBytes(sealed))).rejects.toThrow(code("RELEASE_INVALID"));
    const narrow = {
      ...fleet.approvers.policy,
      caps: { ...fleet.approvers.policy.caps, directivesPerBindingRelease: 1 },
    };
    await expect(openDesk(fleet, () => narrow).submit(bytes)).rejects.toThrow(code("CAP_EXCEEDED"));
    fleet.at += 2 * DAY_S;
    await expect(desk.submit(bytes)).rejects.toThrow(code("EXPIRED"));
    expect(await fleet.store.selectFrom("drafts").selectAll().execute()).toEqual([]);
  });

  it("has nothing under a name that it was not given", async () => {
    const { desk, file } = await prepare();
    await expect(desk.read(toId(file))).rejects.toThrow(code("NOT_FOUND"));
    await expect(desk.sign(toId(file), toReleaseFileBytes(file))).rejects.toThrow(code("NOT_FOUND"));
    expect(await desk.list()).toEqual([]);
  });

  it("is full at its bound, and takes what lies there already all the same", async () => {
    const { fleet, desk, file } = await prepare();
    await desk.submit(toReleaseFileBytes(file));
    for (let n = 1; n < MAX_OPEN_RELEASES; n += 1) {
      await desk.submit(toReleaseFileBytes(await buildUnsigned(fleet, `number ${n}`)));
    }
    const more = toReleaseFileBytes(await buildUnsigned(fleet, "one too many"));
    await expect(desk.submit(more)).rejects.toThrow(code("STATE_CONFLICT"));
    expect((await desk.submit(toReleaseFileBytes(signRelease(file, fleet.approvers.maker)))).signedBy).toEqual([
      "li.mei",
    ]);
    expect(await desk.list()).toHaveLength(MAX_OPEN_RELEASES);
  });

  it("makes room by itself where what lies there has expired", async () => {
    const { fleet, desk, file } = await prepare();
    await desk.submit(toReleaseFileBytes(file));
    for (let n = 1; n < MAX_OPEN_RELEASES; n += 1) {
      await desk.submit(toReleaseFileBytes(await buildUnsigned(fleet, `number ${n}`)));
    }
    fleet.at += DAY_S + 1;
    const fresh = await desk.submit(toReleaseFileBytes(await buildUnsigned(fleet, "a day later")));
    expect(await desk.list()).toEqual([fresh]);
    const kinds = (await readLedgerKinds(fleet)).filter((kind) => kind === "draft.closed");
    expect(kinds).toHaveLength(MAX_OPEN_RELEASES);
  });

  it("shows the others where one that lies there was altered in the database, which is closed with an alarm", async () => {
    const { fleet, desk, file } = await prepare();
    await desk.submit(toReleaseFileBytes(file));
    const other = await desk.submit(toReleaseFileBytes(await buildUnsigned(fleet, "another")));
    await fleet.store
      .updateTable("drafts")
      .set({ file: Buffer.from("no release"), fileDigest: Buffer.alloc(32, 1) })
      .where("releaseId", "=", toId(file))
      .execute();
    expect(await desk.list()).toEqual([other]);
    expect(await desk.list()).toEqual([other]);
    await expect(desk.read(toId(file))).rejects.toThrow(code("STATE_CONFLICT"));
    expect((await readLedgerKinds(fleet)).slice(-2)).toEqual(["draft.closed", "alarm.record_altered"]);
  });
});
