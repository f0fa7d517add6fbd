import { describe, expect, it, vi } from "vitest";
import { signRelease } from "../../../../certs/release.ts";
import { signStatement } from "../../../../certs/signatures.ts";
import { toDigest, toHex, toUtf8 } from "../../../../proto/bytes.ts";
import { parseReleaseFile, type ReleaseFile, toReleaseFileBytes } from "../../../../proto/delivery.ts";
import { type Directive, parseDirective, toDirectiveBytes } from "../../../../proto/directive.ts";
import { parseProfile, toProfileBytes } from "../../../../proto/profile.ts";
import { parseStatement, type Statement, toStatementBytes } from "../../../../proto/statement.ts";
import { toLeafHash, toTree } from "../../../../proto/tree.ts";
import type { Tusn } from "../../../../proto/tusn.ts";
import { listLedger } from "../../../../src/app/queries/ledger.ts";
import { buildRelease } from "../../../../src/app/release/build.ts";
import { publishRelease } from "../../../../src/app/release/publish.ts";
import { CLOCK_SLACK_S } from "../../../../src/domain/validity.ts";
import {
  enrolFleet,
  MERCHANT,
  openTestFleet,
  readLedgerKinds,
  release,
  START,
  signFile,
  type TestFleet,
  toRequest,
} from "../../../support/fleet-store.ts";
import { SAMPLE_PROFILE } from "../../../support/release.ts";
import type { TestTerminal } from "../../../support/test-terminal.ts";

async function openEnrolled(count = 1) {
  const fleet = await openTestFleet();
  const terminals = await enrolFleet(fleet, count);
  const { file } = await buildRelease(fleet, toRequest());
  return { fleet, terminals, terminal: terminals[0] as TestTerminal, file };
}

function publish(fleet: TestFleet, bytes: Uint8Array) {
  return publishRelease(fleet, bytes, fleet.approvers.policy);
}

/** The file's bytes, its statement signed by maker and checker without a look at the rest. */
function signBlindly({ approvers }: TestFleet, file: ReleaseFile): Uint8Array {
  const signatures = [approvers.maker, approvers.checker].map((key) => signStatement(key, file.statement));
  return toReleaseFileBytes({ ...file, signatures });
}

/** The release with another first directive and statement, fitting together and unsigned. */
function rebuild(file: ReleaseFile, directive: Partial<Directive>, statement: Partial<Statement> = {}): ReleaseFile {
  const [first = new Uint8Array(0), ...others] = file.directives;
  const directives = [toDirectiveBytes({ ...parseDirective(first), ...directive }), ...others];
  const { root, size } = toTree(directives.map(toLeafHash));
  const stated = { ...parseStatement(file.statement), root, size, ...statement };
  return { ...file, directives, statement: toStatementBytes(stated) };
}

async function expectNothing(fleet: TestFleet): Promise<void> {
  for (const table of ["releases", "signatures", "deployments", "outbox", "profiles"] as const) {
    expect(await fleet.store.selectFrom(table).selectAll().execute(), table).toEqual([]);
  }
  const { issuedSequence } = await fleet.store.selectFrom("terminals").selectAll().executeTakeFirstOrThrow();
  expect(issuedSequence).toBe(0);
  expect(await readLedgerKinds(fleet)).not.toContain("release.published");
}

describe("publishRelease", () => {
  it("stores release, profiles, deployments, outbox and ledger entry together", async () => {
    const { fleet, terminals, file } = await openEnrolled(3);
    const { releaseId } = parseStatement(file.statement);
    const published = await publish(fleet, signFile(fleet, file));
    expect(published).toMatchObject({ deployments: 3, superseded: 0, already: false });
    const { store } = fleet;
    const deployments = await store.selectFrom("deployments").selectAll().orderBy("leafIndex").execute();
    expect(deployments.map(({ tusn, sequence, state }) => ({ tusn, sequence, state }))).toEqual(
      terminals.map(({ tusn }) => ({ tusn, sequence: 1, state: "pending" })),
    );
    expect(new Set(deployments.map(({ nonce }) => toHex(nonce))).size).toBe(3);
    expect(await store.selectFrom("outbox").select(["tusn", "dueAt", "sends"]).orderBy("tusn").execute()).toEqual(
      terminals.map(({ tusn }) => ({ tusn, dueAt: START, sends: 0 })),
    );
    const issued = await store.selectFrom("terminals").select("issuedSequence").execute();
    expect(issued).toEqual([{ issuedSequence: 1 }, { issuedSequence: 1 }, { issuedSequence: 1 }]);
    const last = (await listLedger(store, 0, 100)).entries.find(({ kind }) => kind === "release.published");
    expect(last).toMatchObject({
      kind: "release.published",
      subject: toHex(releaseId),
      digest: toDigest(file.statement),
    });
    expect(JSON.parse(last?.detail ?? "")).toMatchObject({
      approvers: "li.mei+wang.jun",
      merchant: MERCHANT,
      purpose: "binding",
      size: 3,
    });
  });

  it("does nothing and says so where the same file comes again", async () => {
    const { fleet, file } = await openEnrolled();
    const bytes = signFile(fleet, file);
    await publish(fleet, bytes);
    const kinds = await readLedgerKinds(fleet);
    expect(await publish(fleet, bytes)).toMatchObject({ deployments: 0, already: true });
    expect(await readLedgerKinds(fleet)).toEqual(kinds);
  });

  it("refuses another release under a used id", async () => {
    const { fleet, file } = await openEnrolled();
    await publish(fleet, signFile(fleet, file));
    const { releaseId } = parseStatement(file.statement);
    const { file: next } = await buildRelease(fleet, toRequest({ patch: { parameters: { attempts: 3 } } }));
    const reused = signFile(fleet, rebuild(next, {}, { releaseId }));
    await expect(publish(fleet, reused)).rejects.toThrow(expect.objectContaining({ code: "RELEASE_INVALID" }));
  });

  it("refuses what too few people signed", async () => {
    const { fleet, file } = await openEnrolled();
    const { maker } = fleet.approvers;
    const unsigned = expect.objectContaining({ code: "STATEMENT_UNSIGNED" });
    await expect(publish(fleet, toReleaseFileBytes(file))).rejects.toThrow(unsigned);
    await expect(publish(fleet, toReleaseFileBytes(signRelease(file, maker)))).rejects.toThrow(unsigned);
    const [signature] = signRelease(file, maker).signatures;
    if (signature === undefined) throw new Error("unsigned");
    const twice = toReleaseFileBytes({ ...file, signatures: [signature, signature] });
    await expect(publish(fleet, twice)).rejects.toThrow(expect.objectContaining({ code: "RELEASE_INVALID" }));
    await expectNothing(fleet);
  });

  it("refuses a file with any byte changed", async () => {
    const { fleet, file } = await openEnrolled();
    const bytes = signFile(fleet, file);
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ 1 : byte));
      await expect(publish(fleet, changed), `byte ${at}`).rejects.toThrow(
        expect.objectContaining({ name: "TillsyncError" }),
      );
    }
    await expectNothing(fleet);
  });

  it("refuses directives that are not those of the statement", async () => {
    const { fleet, file } = await openEnrolled(2);
    const signed = parseReleaseFile(signFile(fleet, file));
    const swapped = { ...signed, directives: signed.directives.toReversed() };
    const cut = { ...signed, directives: signed.directives.slice(1), bases: signed.bases.slice(1) };
    for (const wrong of [swapped, cut]) {
      await expect(publish(fleet, toReleaseFileBytes(wrong))).rejects.toThrow(
        expect.objectContaining({ code: "NOT_IN_RELEASE" }),
      );
    }
    await expectNothing(fleet);
  });

  it("refuses two directives for one terminal", async () => {
    const { fleet, file } = await openEnrolled();
    const [directive = new Uint8Array(0)] = file.directives;
    const other = toDirectiveBytes({ ...parseDirective(directive), sequence: 2 });
    const doubled = { ...file, directives: [directive, other], bases: [...file.bases, ...file.bases] };
    await expect(publish(fleet, signBlindly(fleet, rebuild(doubled, {})))).rejects.toThrow(
      expect.objectContaining({ code: "RELEASE_INVALID" }),
    );
    await expectNothing(fleet);
  });

  it("refuses what a terminal's gate would refuse, by the gate's code", async () => {
    const { fleet, file } = await openEnrolled();
    const [bytes = new Uint8Array(0)] = file.directives;
    const { profile } = parseDirective(bytes);
    const foreign = { ...parseProfile(profile), merchant: SAMPLE_PROFILE.merchant };
    const cases: readonly (readonly [string, Partial<Directive>, Partial<Statement>])[] = [
      ["WRONG_DEVICE_KEY", { deviceKey: toDigest(Uint8Array.of(1)) }, {}],
      ["RELEASE_INVALID", { sequence: 1_001 }, {}],
      ["RELEASE_INVALID", { baseDigest: toDigest(Uint8Array.of(1)) }, {}],
      ["NOT_YET_VALID", {}, { created: START + CLOCK_SLACK_S + 1 }],
      ["EXPIRED", { notAfter: START - 1 }, {}],
      ["EXPIRED", {}, { created: START - 9, expires: START - 1 }],
      ["PURPOSE_TOO_NARROW", {}, { purpose: "merchant", merchant: "" }],
      ["WRONG_MERCHANT", { profile: toProfileBytes(foreign) }, {}],
      ["WRONG_MERCHANT", {}, { merchant: "822290058120009" }],
    ];
    for (const [code, directive, statement] of cases) {
      const wrong = signBlindly(fleet, rebuild(file, directive, statement));
      await expect(publish(fleet, wrong), code).rejects.toThrow(expect.objectContaining({ code }));
    }
    await expectNothing(fleet);
  });

  it("refuses a terminal that is not on record or not enrolled", async () => {
    const { fleet, file } = await openEnrolled();
    const unknown = rebuild(file, { tusn: "0000290210015708" as Directive["tusn"] });
    await expect(publish(fleet, signFile(fleet, unknown))).rejects.toThrow(
      expect.objectContaining({ code: "NOT_FOUND" }),
    );
    await fleet.store.updateTable("terminals").set({ deviceKey: null }).execute();
    await expect(publish(fleet, signFile(fleet, file))).rejects.toThrow(
      expect.objectContaining({ code: "WRONG_DEVICE_KEY" }),
    );
  });

  it("takes the place of a waiting directive, and leaves its outcome to the terminal", async () => {
    const { fleet, terminal } = await openEnrolled();
    await release(fleet);
    const second = await release(fleet, { patch: { parameters: { attempts: 3 } } });
    expect(second).toMatchObject({ superseded: 1 });
    const states = await fleet.store
      .selectFrom("deployments")
      .select(["sequence", "state"])
      .orderBy("sequence")
      .execute();
    expect(states).toEqual([
      { sequence: 1, state: "superseded" },
      { sequence: 2, state: "pending" },
    ]);
    expect(await fleet.store.selectFrom("outbox").select(["tusn", "sequence"]).execute()).toEqual([
      { tusn: terminal.tusn, sequence: 2 },
    ]);
    expect((await readLedgerKinds(fleet)).slice(-2)).toEqual(["deployment.superseded", "release.published"]);
  });

  it("refuses a release where a terminal has a directive under way, and leaves that one alone", async () => {
    const { fleet } = await openEnrolled();
    const { file: stale } = await buildRelease(fleet, toRequest({ patch: { parameters: { attempts: 3 } } }));
    await release(fleet);
    for (const state of ["verified", "applied"] as const) {
      await fleet.store.updateTable("deployments").set({ state }).execute();
      await expect(publish(fleet, signFile(fleet, stale))).rejects.toThrow(
        expect.objectContaining({ code: "RELEASE_CONFLICT" }),
      );
      expect(await fleet.store.selectFrom("deployments").select("state").execute()).toEqual([{ state }]);
    }
  });

  it("leaves out the terminals that moved on since, tells which and why, and takes the others", async () => {
    const { fleet, terminals, file } = await openEnrolled(5);
    const [replaced, ahead, moved, busy, steady] = terminals.map(({ tusn }) => tusn) as [Tusn, Tusn, Tusn, Tusn, Tusn];
    const { store } = fleet;
    await release(fleet, { tusns: [busy] });
    await store.updateTable("deployments").set({ state: "applied" }).execute();
    const deviceKey = Uint8Array.of(1);
    await store.updateTable("terminals").set({ deviceKey }).where("tusn", "=", replaced).execute();
    await store.updateTable("terminals").set({ issuedSequence: 7 }).where("tusn", "=", ahead).execute();
    const said = { phase: null, stale: null, agentVersion: null, previousDigest: null, lastSeen: START };
    const currentDigest = toDigest(Uint8Array.of(1));
    await store
      .insertInto("reported")
      .values({ tusn: moved, counter: 1, sequence: 0, currentDigest, ...said })
      .execute();
    const { releaseId } = parseStatement(file.statement);
    const skipped = [
      { tusn: replaced, code: "WRONG_DEVICE_KEY" },
      { tusn: ahead, code: "SEQUENCE_REPLAYED" },
      { tusn: moved, code: "BASE_MISMATCH" },
      { tusn: busy, code: "RELEASE_CONFLICT" },
    ];
    expect(await publish(fleet, signFile(fleet, file))).toMatchObject({ deployments: 1, superseded: 0, skipped });
    const queued = await store.selectFrom("deployments").select("tusn").where("releaseId", "=", releaseId).execute();
    expect(queued).toEqual([{ tusn: steady }]);
    const issued = await store.selectFrom("terminals").select("issuedSequence").orderBy("tusn").execute();
    expect(issued.map(({ issuedSequence }) => issuedSequence)).toEqual([0, 7, 0, 1, 1]);
    const entries = (await listLedger(store, 0, 100)).entries
      .filter(({ kind }) => kind.startsWith("release."))
      .slice(-2);
    expect(entries.map(({ kind }) => kind)).toEqual(["release.published", "release.left_out"]);
    expect(JSON.parse(entries[1]?.detail ?? "")).toMatchObject({ skipped: 4 });
    expect(entries[1]?.detail).toContain(`${moved} BASE_MISMATCH`);
  });

  it("refuses a file as a whole where every terminal moved on, and leaves waiting directives alone", async () => {
    const { fleet, terminals, file } = await openEnrolled(2);
    await release(fleet);
    await expect(publish(fleet, signFile(fleet, file))).rejects.toThrow(
      expect.objectContaining({ code: "SEQUENCE_REPLAYED", fields: { terminal: terminals[0]?.tusn } }),
    );
    expect(await fleet.store.selectFrom("releases").select("id").execute()).toHaveLength(1);
    const states = await fleet.store.selectFrom("deployments").select("state").execute();
    expect(states).toEqual([{ state: "pending" }, { state: "pending" }]);
    expect(await readLedgerKinds(fleet)).not.toContain("release.left_out");
  });

  it("says of a file published before that it was, even after its time", async () => {
    const { fleet, file } = await openEnrolled();
    const bytes = signFile(fleet, file);
    await publish(fleet, bytes);
    fleet.at += 2 * 86_400;
    expect(await publish(fleet, bytes)).toMatchObject({ already: true, skipped: [] });
  });

  it("has judged and proved every leaf before it keeps other writers waiting", async () => {
    const { fleet, file } = await openEnrolled(3);
    let nonces = 0;
    const randomBytes = (size: number) => {
      nonces += 1;
      return fleet.randomBytes(size);
    };
    const before: number[] = [];
    const transaction = fleet.store.transaction.bind(fleet.store);
    vi.spyOn(fleet.store, "transaction").mockImplementation(() => {
      before.push(nonces);
      return transaction();
    });
    await publishRelease({ ...fleet, now: fleet.now, randomBytes }, signFile(fleet, file), fleet.approvers.policy);
    expect([before, nonces]).toEqual([[3], 3]);
  });

  it("refuses the second of two releases that were built at the same time", async () => {
    const { fleet, file } = await openEnrolled();
    const { file: other } = await buildRelease(fleet, toRequest());
    await publish(fleet, signFile(fleet, file));
    await expect(publish(fleet, signFile(fleet, other))).rejects.toThrow(
      expect.objectContaining({ code: "SEQUENCE_REPLAYED" }),
    );
  });

  it("never keeps a card number that somebody wrote into the reason", async () => {
    const { fleet } = await openEnrolled();
    await release(fleet, { reason: "new card 6228480402564890018" });
    const { reason } = await fleet.store.selectFrom("releases").select("reason").executeTakeFirstOrThrow();
    expect(reason).toBe("new card 622848*********0018");
    const details = (await listLedger(fleet.store, 0, 100)).entries.map(({ detail }) => detail).join();
    expect(details).not.toContain("6228480402564890018");
  });

  it("refuses a file whose reason is another than the one that was signed", async () => {
    const { fleet, file } = await openEnrolled();
    await expect(publish(fleet, signBlindly(fleet, { ...file, reason: "another" }))).rejects.toThrow(
      expect.objectContaining({ code: "RELEASE_INVALID" }),
    );
    await expectNothing(fleet);
  });

  it("refuses what the policy does not permit", async () => {
    const { fleet, file } = await openEnrolled(2);
    const { policy } = fleet.approvers;
    const bytes = signFile(fleet, file);
    const caps = { ...policy.caps, directivesPerBindingRelease: 1 };
    for (const [code, refusing] of [
      ["CAP_EXCEEDED", { ...policy, caps }],
      ["TYPE_NOT_ALLOWED", { ...policy, types: [] }],
    ] as const) {
      await expect(publishRelease(fleet, bytes, refusing), code).rejects.toThrow(expect.objectContaining({ code }));
    }
    await expectNothing(fleet);
  });

  it("refuses a file whose reason holds one", async () => {
    const { fleet, file } = await openEnrolled();
    const reason = "new card 6228480402564890018";
    const named = rebuild({ ...file, reason }, {}, { reason: toDigest(toUtf8(reason)) });
    await expect(publish(fleet, signBlindly(fleet, named))).rejects.toThrow(
      expect.objectContaining({ code: "FIELD_INVALID" }),
    );
    await expectNothing(fleet);
  });

  it("refuses a file whose reason holds what must never be kept, and tells nothing of it", async () => {
    const { fleet, file } = await openEnrolled();
    const reason = "client told CVV 975";
    const named = rebuild({ ...file, reason }, {}, { reason: toDigest(toUtf8(reason)) });
    await expect(publish(fleet, signBlindly(fleet, named))).rejects.toThrow(
      expect.objectContaining({ code: "SENSITIVE_DATA", fields: {} }),
    );
    await expectNothing(fleet);
    expect(JSON.stringify(fleet.lines)).not.toContain("975");
  });

  it("does not open a directive before its time, with slack for the terminal's clock", async () => {
    const { fleet } = await openEnrolled();
    await release(fleet, { notBefore: START + 1_000 });
    expect(await fleet.store.selectFrom("outbox").select("dueAt").execute()).toEqual([{ dueAt: START + 1_300 }]);
  });
});
