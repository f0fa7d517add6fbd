import { describe, expect, it } from "vitest";
import { MAX_HAPPENINGS, parseAttestation, toAttestationBytes } from "../../../../certs/attestation/format.ts";
import { toHex } from "../../../../proto/bytes.ts";
import { parseTusn } from "../../../../proto/tusn.ts";
import { attest, issueAttestation } from "../../../../src/app/attestation/issue.ts";
import { giveVerdict } from "../../../../src/app/identity/verdicts.ts";
import { addHistory } from "../../../../src/store/history.ts";
import { transact } from "../../../../src/store/store.ts";
import { holdOnline, openAttested, prove } from "../../../support/attestation.ts";
import { commitAll } from "../../../support/committed.ts";
import { enrolFleet, openTestFleet, release, TUSN_0 } from "../../../support/fleet-store.ts";

const CARD = "6228480402564890018";

describe("the attestation of a terminal", () => {
  it("tells what it is, what it runs, and who approved it", async () => {
    const { attest: read, fleet } = await openAttested();
    const attestation = await read();
    expect(attestation).toMatchObject({
      ...{ type: "tillsync-attestation", version: 1, tusn: TUSN_0, at: fleet.at, answer: "genuine" },
      proof: { verdict: "verified-crypto", provenAt: fleet.at, isSufficient: true, isRecent: true },
      terminal: {
        makerCode: "000003",
        deviceType: "smart POS",
        life: expect.stringMatching(/^(verified|bound|active)$/),
      },
      runs: { number: 1, sequence: 1, settlement: expect.stringMatching(/^\d{6}\*{6}\d{4}$/) },
      approval: { isApprovedToday: true, purpose: "binding" },
    });
    expect(attestation.proof.rests).toMatchObject({ source: "local_keys", actor: "service" });
    expect(attestation.proof.rests?.evidence).toContain("2B4459DE");
    expect(attestation.approval?.signers.map(({ person, holds, roles }) => [person, holds, roles])).toEqual(
      expect.arrayContaining([
        ["li.mei", true, ["maker", "parameters"]],
        ["wang.jun", true, ["checker"]],
      ]),
    );
    expect(attestation.certificates).toEqual([
      expect.objectContaining({ subject: `CN=${TUSN_0}`, isCurrent: true, revokedAt: null }),
    ]);
    expect(attestation.changes.map(({ sequence, state, approvers }) => [sequence, state, approvers.length])).toEqual([
      [1, "committed", 2],
    ]);
    expect(attestation.evidence?.report).not.toBeNull();
    expect(attestation.history.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["enrolled", "verdict"]));
  });

  it("is read back from its one encoding", async () => {
    const attestation = await (await openAttested()).attest();
    const bytes = toAttestationBytes(attestation);
    expect(toAttestationBytes(parseAttestation(bytes))).toEqual(bytes);
    const names = Object.keys(JSON.parse(Buffer.from(bytes).toString()));
    expect(names).toEqual(names.toSorted());
  });

  it("is none for a terminal that is not on record", async () => {
    const { fleet, attestor } = await openAttested();
    expect(await attest(fleet, attestor, parseTusn("00000304N7NL01999999"))).toBeUndefined();
  });

  it("of a terminal that was never enrolled says so", async () => {
    const { fleet, attestor } = await openAttested();
    await fleet.store
      .updateTable("terminals")
      .set({
        deviceKey: null,
        certificateFingerprint: null,
        verdict: "format-only",
        provenAt: null,
        life: "registered",
      })
      .execute();
    for (const table of ["verdicts", "certificates", "reported", "reports", "deployments"] as const) {
      await fleet.store.deleteFrom(table).execute();
    }
    const attestation = await attest(fleet, attestor, TUSN_0);
    expect(attestation).toMatchObject({ answer: "not_proven", runs: null, approval: null, evidence: null });
    expect(attestation?.proof.rests).toBeNull();
    expect(attestation?.terminal.deviceKey).toBe("");
  });

  it.each([
    ["not_proven", { verdict: "format-only" }],
    ["not_proven", { provenAt: 5 }],
    ["refuted", { verdict: "mismatch" }],
    ["refuted", { verdict: "revoked", life: "retired" }],
    ["suspended", { life: "suspended" }],
    ["out_of_service", { life: "retired" }],
    ["out_of_service", { life: "replaced", verdict: "format-only" }],
  ] as const)("answers %s for %o", async (answer, change) => {
    const { fleet, attest: read, sign } = await openAttested();
    await fleet.store.updateTable("terminals").set(change).execute();
    const attestation = await read();
    expect(attestation.answer).toBe(answer);
    expect(sign(attestation).length).toBeGreaterThan(0);
  });

  it("answers quarantined while a quarantine is open, and tells of those that were", async () => {
    const { fleet, attest: read } = await openAttested();
    const row = { tusn: TUSN_0, at: fleet.at, why: "counter_fork", sides: "{}", releasedBy: "", reason: "" } as const;
    await fleet.store
      .insertInto("quarantines")
      .values({ ...row, releasedAt: null })
      .execute();
    expect((await read()).answer).toBe("quarantined");
    await fleet.store
      .updateTable("quarantines")
      .set({ releasedAt: fleet.at, releasedBy: "he.lan", reason: `typed ${CARD}` })
      .execute();
    const released = await read();
    expect([released.answer, released.quarantines[0]?.reason]).toEqual(["genuine", "typed 622848*********0018"]);
  });

  it("holds no card number, wherever somebody has written one", async () => {
    const { fleet, attest: read, terminals } = await openAttested();
    await fleet.store
      .updateTable("terminals")
      .set({ place: `behind ${CARD}`, model: CARD })
      .execute();
    await fleet.store.updateTable("deployments").set({ detail: CARD }).execute();
    await transact(fleet.store, (tx) =>
      giveVerdict(tx, fleet.at, fleet.identity, {
        ...{ tusn: TUSN_0, verdict: "verified-manual", source: "manual", actor: "he.lan" },
        ...{ evidence: { case: CARD }, evidenceDigest: Buffer.alloc(32, 7) },
      }),
    );
    const attestation = await read();
    expect(Buffer.from(toAttestationBytes(attestation)).toString()).not.toContain(CARD);
    expect(attestation.proof.rests?.evidenceDigest).toBe("07".repeat(32));
    expect(terminals).toHaveLength(1);
  });

  it("tells when a signer is not in today's policy", async () => {
    const { fleet, attestor, trust } = await openAttested();
    const [maker] = trust.policy.persons;
    if (maker === undefined) throw new Error("a maker");
    const later = { ...trust, policy: { ...trust.policy, version: 2, persons: [maker] } };
    const attestation = await attest(fleet, { ...attestor, trust: { trust: () => later } }, TUSN_0);
    expect(attestation?.approval?.isApprovedToday).toBe(false);
    expect(attestation?.approval?.signers.filter(({ person }) => person === "").map(({ holds }) => holds)).toEqual([
      false,
    ]);
    expect(attestation?.changes[0]?.approvers).toEqual(
      expect.arrayContaining(["li.mei", expect.stringMatching(/^key\.[0-9a-f]{12}$/)]),
    );
  });

  it.each([
    ["the directive", (fleet: Fleet) => fleet.store.updateTable("deployments").set({ directive: Buffer.alloc(9) })],
    ["the statement", (fleet: Fleet) => fleet.store.updateTable("releases").set({ statement: Buffer.alloc(9) })],
    ["the path", (fleet: Fleet) => fleet.store.updateTable("deployments").set({ leafIndex: 1 })],
    ["a report", (fleet: Fleet) => fleet.store.updateTable("reports").set({ signature: Buffer.alloc(256) })],
    ["the certificate", (fleet: Fleet) => fleet.store.updateTable("certificates").set({ bytes: Buffer.alloc(9) })],
    ["the reason", (fleet: Fleet) => fleet.store.updateTable("releases").set({ reason: "another" })],
  ])("proves nothing over a database in which %s was edited", async (_what, edit) => {
    const { fleet, attest: read } = await openAttested();
    await edit(fleet).execute();
    expect((await read()).evidence).toBeNull();
  });

  it("tells what it runs still, after a change that was rolled back", async () => {
    const { fleet, attest: read, terminals } = await openAttested();
    fleet.at += 60;
    await release(fleet, { patch: { merchant: { shortName: "另一家" } } });
    await commitAll(fleet, terminals, "rolled_back");
    const { runs, changes, evidence } = await read();
    expect(runs?.sequence).toBe(1);
    expect(changes.map(({ sequence, state }) => [sequence, state])).toEqual([
      [2, "rolled_back"],
      [1, "committed"],
    ]);
    expect(evidence).not.toBeNull();
  });

  it("is of one moment: nothing that is written meanwhile is half in it", async () => {
    const { fleet, attest: read } = await openAttested();
    const writes = Array.from({ length: 20 }, () => prove(fleet, TUSN_0));
    const [attestation] = await Promise.all([read(), ...writes]);
    const given = attestation.verdicts.length;
    expect(attestation.counts.verdicts).toBe(given);
    expect(attestation.history.filter(({ kind }) => kind === "verdict")).toHaveLength(given);
  });

  it("tells the newest of a long history, and how long it is", async () => {
    const { fleet, attest: read } = await openAttested();
    const rows = Array.from({ length: MAX_HAPPENINGS + 5 }, (_, n) => {
      return { tusn: TUSN_0, at: fleet.at + n, kind: "renewed" as const, actor: "service", detail: "{}" };
    });
    await transact(fleet.store, (tx) => addHistory(tx, rows));
    const { history, counts } = await read();
    expect(history).toHaveLength(MAX_HAPPENINGS);
    expect(counts.history).toBeGreaterThan(MAX_HAPPENINGS + 5);
    expect(history.at(-1)?.at).toBe(fleet.at + MAX_HAPPENINGS + 4);
  });

  it("is signed with the key that the root names, and by no other", async () => {
    const { attestor, attest: read, fleet } = await openAttested();
    const attestation = await read();
    const other = await holdOnline(fleet);
    expect(toHex(await issueAttestation(attestor, attestation))).not.toBe("");
    await expect(
      issueAttestation({ ...attestor, trustFolder: other.attestor.trustFolder }, attestation),
    ).rejects.toThrow(/KEY_INVALID/);
  });

  it("of a terminal that reports nothing yet tells no profile", async () => {
    const fleet = await openTestFleet();
    await enrolFleet(fleet);
    const { attestor } = await holdOnline(fleet);
    expect((await attest(fleet, attestor, TUSN_0))?.terminal.saysProfile).toBe("");
  });
});

type Fleet = Awaited<ReturnType<typeof openTestFleet>>;
