import { generateKeyPairSync } from "node:crypto";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { type GateContext, verifyDelivery } from "../../agent/gate.ts";
import { createApproverKey, toPrivateKeyPem, toPublicKey } from "../../certs/keys.ts";
import { signStatement } from "../../certs/signatures.ts";
import { ROLES, toPolicyBytes } from "../../certs/trust/policy.ts";
import { type Trust, verifyTrust } from "../../certs/trust/verify.ts";
import { isEqual, toDigest, toHex } from "../../proto/bytes.ts";
import { parseDelivery } from "../../proto/delivery.ts";
import { parseDirective } from "../../proto/directive.ts";
import { toErrorCode } from "../../proto/errors.ts";
import type { Binding } from "../../proto/profile.ts";
import { parseStatement, toStatementBytes } from "../../proto/statement.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { Dispatch } from "../../src/app/dispatch/dispatch.ts";
import { HELD_S } from "../../src/app/dispatch/hold.ts";
import { Intake } from "../../src/app/intake/intake.ts";
import { Presence } from "../../src/app/presence.ts";
import { openTrust, writeTrust } from "../../src/app/trust-files.ts";
import type { Store } from "../../src/store/store.ts";
import { commitAll } from "../support/committed.ts";
import {
  dropTriggers,
  type Edit,
  fillEmptyTables,
  listColumns,
  listEdits,
  openCurrent,
  readAll,
} from "../support/edited-database.ts";
import {
  enrolFleet,
  forgoSync,
  makeFolder,
  openTestFleet,
  readLedgerKinds,
  release,
  START,
  type TestFleet,
} from "../support/fleet-store.ts";
import { toSignedName } from "../support/red-team-oracle.ts";
import { SAMPLE_PROFILE } from "../support/release.ts";
import type { TestTerminal } from "../support/test-terminal.ts";

interface Outcome {
  readonly column: string;
  readonly how: string;
  /** Deliveries sent: those that are what people signed, and others. */
  readonly genuine: number;
  readonly other: number;
  readonly alarm: boolean;
}

const NEW_CARD: Binding = {
  ...SAMPLE_PROFILE.binding,
  last4: "4321",
  commitment: toDigest(Buffer.from("the new card")),
};

const ALARMS: readonly string[] = ["alarm.record_altered", "alarm.not_approved"];

/** What a delivery is made of: where it is edited, nothing is sent, and a person is told. */
const SIGNED: readonly string[] = [
  ...["purpose", "statement", "root", "size", "merchant", "created", "expires", "reason"].map(
    (name) => `releases.${name}`,
  ),
  ...["key_id", "value"].map((name) => `signatures.${name}`),
  ...["release_id", "leaf_index", "path", "directive", "directive_digest", "base_digest", "profile_digest"].map(
    (name) => `deployments.${name}`,
  ),
  ...["not_before", "not_after", "nonce"].map((name) => `deployments.${name}`),
  "profiles.bytes",
];

let fleet: TestFleet;
let terminals: readonly TestTerminal[];
let trust: Trust;
let genuine: ReadonlyMap<string, Tusn>;
let held: ReadonlyMap<string, Uint8Array>;

/** Two terminals that trade, with a change of card waiting for both. */
async function prepare(): Promise<void> {
  fleet = await openTestFleet();
  trust = verifyTrust(fleet.approvers.trust.root, fleet.approvers.trust);
  terminals = await enrolFleet(fleet, 2);
  await release(fleet);
  await commitAll(fleet, terminals);
  const profiles = await fleet.store.selectFrom("profiles").selectAll().execute();
  held = new Map(profiles.map(({ digest, bytes }) => [toHex(digest), bytes]));
  await release(fleet, { patch: { binding: NEW_CARD } });
  const sent = await dispatchOver(fleet.store);
  genuine = new Map(sent.map(({ tusn, delivery }) => [toName(delivery), tusn]));
  await fleet.store.updateTable("outbox").set({ dueAt: START, sends: 0 }).execute();
  await fleet.store.updateTable("deployments").set({ state: "pending" }).where("state", "=", "sent").execute();
  await fillEmptyTables(fleet.store);
  await dropTriggers(fleet.store);
  await sql.raw("pragma wal_checkpoint(truncate)").execute(fleet.store);
}

function toName(delivery: Uint8Array): string {
  const { statement, directive } = parseDelivery(delivery);
  return toSignedName(statement, directive);
}

/** What a dispatcher over this database sends to the two terminals. */
async function dispatchOver(store: Store): Promise<readonly { readonly tusn: Tusn; readonly delivery: Uint8Array }[]> {
  const sent: { tusn: Tusn; delivery: Uint8Array }[] = [];
  const presence = new Presence();
  const dispatch = new Dispatch(
    { ...fleet, store, now: fleet.now },
    {
      presence,
      policy: () => fleet.approvers.policy,
      send: (tusn, delivery) => sent.push({ tusn, delivery }) > 0,
    },
  );
  for (const { tusn } of terminals) {
    presence.connected(tusn);
    presence.greeted(tusn, presence.connection(tusn), { lacksTrust: false, rootVersion: 1 });
  }
  await dispatch.poll();
  await dispatch.close();
  return sent;
}

/** Does it to a copy of the database, and tells what the service sends then. */
async function attack({ table, column, how }: Edit, copy: string): Promise<readonly Outcome[]> {
  const value = how.replaceAll("{c}", column).replaceAll("{t}", table);
  copyFileSync(fleet.file, copy);
  const store = openCurrent(copy);
  try {
    await forgoSync(store);
    await sql.raw("pragma foreign_keys = off").execute(store);
    const before = await readAll(store, table);
    const update = `update ${table} set ${column} = ${value}`;
    const newest = `${update} where rowid = (select max(rowid) from ${table})`;
    // Where not all rows may have the same, the newest one alone gets it; what the table itself refuses is no attack.
    await execute(store, update).catch(() => execute(store, newest).catch(() => {}));
    if ((await readAll(store, table)) === before) return [];
    const sent = await dispatchOver(store);
    const other = sent.filter(({ tusn, delivery }) => genuine.get(toName(delivery)) !== tusn);
    for (const { tusn, delivery } of sent) verifyAtTerminal(tusn, delivery);
    const kinds = await readKinds(store);
    const alarm = kinds.some((kind) => ALARMS.includes(kind));
    return [{ column: `${table}.${column}`, how, genuine: sent.length - other.length, other: other.length, alarm }];
  } finally {
    await store.destroy();
  }
}

async function execute(store: Store, statement: string): Promise<void> {
  await sql.raw(statement).execute(store);
}

async function readKinds(store: Store): Promise<readonly string[]> {
  try {
    return await readLedgerKinds({ ...fleet, store });
  } catch {
    // The ledger itself was edited, and says so.
    return ["alarm.record_altered"];
  }
}

function toGateContext(tusn: Tusn, deviceKey: Uint8Array): GateContext {
  const terminal = terminals.find((one) => one.tusn === tusn) as TestTerminal;
  return {
    ...{ trust, now: START, past: START, tusn, deviceKey, held: held.get(toHex(terminal.current)) },
    ...{ previous: undefined, sequence: terminal.sequence, cardChanges: [] },
  };
}

/** The terminal that gets it takes what people approved for it, or nothing. */
function verifyAtTerminal(tusn: Tusn, delivery: Uint8Array): void {
  const { deviceKey } = parseDirective(parseDelivery(delivery).directive);
  try {
    const { profile } = verifyDelivery(delivery, toGateContext(tusn, deviceKey));
    expect(isEqual(profile.binding.commitment, NEW_CARD.commitment)).toBe(true);
    expect(profile.binding.last4).toBe(NEW_CARD.last4);
  } catch (error) {
    if (toErrorCode(error) === "INTERNAL") throw error;
  }
}

describe("row 8: a database administrator who edits any column of any table", () => {
  it("has nothing sent but what people signed for that very terminal, and raises the alarm where that was edited", async () => {
    await prepare();
    expect([...genuine.values()].toSorted()).toEqual(terminals.map(({ tusn }) => tusn));
    const copy = join(makeFolder(), "edited.sqlite");
    const edits = await listEdits(fleet.store);
    const outcomes: Outcome[] = [];
    for (const edit of edits) outcomes.push(...(await attack(edit, copy)));

    // No column may be forgotten, whatever the schema grows to.
    const edited = new Set(outcomes.map(({ column }) => column));
    expect(edits.map(({ table, column }) => `${table}.${column}`).filter((name) => !edited.has(name))).toEqual([]);
    expect(outcomes.filter(({ other }) => other > 0)).toEqual([]);
    for (const name of SIGNED) {
      const ofColumn = outcomes.filter(({ column }) => column === name);
      // A value that is right for one terminal is still right; all others are found.
      expect(
        ofColumn.filter(({ genuine: sent, alarm }) => sent < terminals.length && !alarm),
        name,
      ).toEqual([]);
      expect(
        ofColumn.filter(({ genuine: sent, alarm }) => sent < terminals.length && alarm),
        name,
      ).not.toEqual([]);
    }
  }, 300_000);
});

describe("row 8: a database administrator who edits how sure we are of a TUSN", () => {
  it("stops settlements by it, loses none, and calls nothing up", async () => {
    await prepare();
    const { store } = fleet;
    await store.updateTable("terminals").set({ verdict: "mismatch" }).execute();
    expect(await dispatchOver(store)).toEqual([]);
    const waiting = await store.selectFrom("deployments").select("code").where("state", "=", "pending").execute();
    expect(waiting).toEqual([{ code: "TUSN_UNPROVEN" }, { code: "TUSN_UNPROVEN" }]);
    await store.updateTable("terminals").set({ verdict: "verified-crypto", provenAt: START }).execute();
    fleet.at += HELD_S;
    const sent = await dispatchOver(store);
    expect(sent.map(({ delivery }) => genuine.get(toName(delivery)))).toEqual(sent.map(({ tusn }) => tusn));
    expect(sent).toHaveLength(terminals.length);
  });

  it("has nothing sent that people did not sign by calling an unproven terminal proven", async () => {
    await prepare();
    const { store } = fleet;
    await store.updateTable("terminals").set({ verdict: "format-only", provenAt: null }).execute();
    expect(await dispatchOver(store)).toEqual([]);
    await store.updateTable("terminals").set({ verdict: "verified-crypto", provenAt: START }).execute();
    await store
      .updateTable("deployments")
      .set({ directive: Buffer.from("a card of my own") })
      .execute();
    fleet.at += HELD_S;
    expect(await dispatchOver(store)).toEqual([]);
    expect((await readLedgerKinds(fleet)).filter((kind) => ALARMS.includes(kind))).toHaveLength(terminals.length);
  });
});

describe("row 9: a database administrator who makes himself an approver", () => {
  it("finds no table and no column that says who may approve", async () => {
    fleet = await openTestFleet();
    const names = (await listColumns(fleet.store)).flatMap(([table, columns]) =>
      columns.map(({ name }) => `${table}.${name}`),
    );
    // Whoever gave his word that a terminal be unbound counts by the signature beside it. People who may ask, read and tick
    // a checklist approve nothing, and their rows are sealed by a key outside the database. What an acquirer allows makes
    // a change harder, or lets one be asked for: approved it is by signatures all the same.
    const NAMES = /person|operator|user|role|policy|policies|threshold|password|public_key/;
    expect(names.filter((name) => NAMES.test(name.replace(/^policy_packs\./, "")))).toEqual([
      ...["unbindings.person", "acquirer_ticks.person", "accounts.role", "accounts.person", "api_keys.role"],
    ]);
    // The keys there are: whose signature was given, which device a terminal is, under what its SN key lies, who may read
    // what auditors read, by what a client names a request that he repeats, and which of the service's signed a receipt.
    expect(names.filter((name) => /[._]key[^.]*$/.test(name)).toSorted()).toEqual([
      "auditors.key_digest",
      "certificates.device_key",
      "enrolments.device_key",
      "idempotency.key",
      "receipts.key_id",
      "reported.card_key",
      "reported.card_key_alarm_at",
      "reported.card_key_proof",
      "signatures.key_id",
      "sn_keys.key_id",
      "terminals.device_key",
      "unbindings.device_key",
    ]);
  });

  it("has nothing sent after putting own keys and signatures beside a release", async () => {
    await prepare();
    const own = createApproverKey();
    const { id: releaseId, statement } = await fleet.store
      .selectFrom("releases")
      .innerJoin("deployments", "deployments.releaseId", "releases.id")
      .select(["releases.id", "releases.statement"])
      .where("deployments.state", "=", "pending")
      .executeTakeFirstOrThrow();
    const forged = toStatementBytes({ ...parseStatement(statement), created: START + 1 });
    await fleet.store
      .updateTable("releases")
      .set({ statement: forged, created: START + 1 })
      .where("id", "=", releaseId)
      .execute();
    await fleet.store.deleteFrom("signatures").where("releaseId", "=", releaseId).execute();
    const signature = signStatement(own, forged);
    const { policy } = fleet.approvers;
    const keyIds = [
      signature.keyId,
      ...policy.persons.flatMap(({ keys }) => keys.map(({ id }) => Buffer.from(id, "hex"))),
    ];
    const rows = keyIds.map((keyId) => ({ releaseId, keyId, value: signature.value }));
    await fleet.store.insertInto("signatures").values(rows).execute();
    expect(await dispatchOver(fleet.store)).toEqual([]);
    expect(await readLedgerKinds(fleet)).toContain("alarm.not_approved");
    expect(await fleet.store.selectFrom("outbox").selectAll().execute()).toEqual([]);
  });

  it("gains nothing by another device key: what waits is not for that device, and the real one is not heard", async () => {
    await prepare();
    const [victim] = terminals as [TestTerminal];
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const deviceKey = publicKey.export({ type: "spki", format: "der" });
    const before = await fleet.store.selectFrom("reports").selectAll().execute();
    await fleet.store.updateTable("terminals").set({ deviceKey }).where("tusn", "=", victim.tusn).execute();
    const sent = await dispatchOver(fleet.store);
    const delivery = sent.find(({ tusn }) => tusn === victim.tusn)?.delivery as Uint8Array;
    const named = parseDirective(parseDelivery(delivery).directive).deviceKey;
    expect(isEqual(named, toDigest(deviceKey))).toBe(false);
    const context = toGateContext(victim.tusn, toDigest(deviceKey));
    expect(() => verifyDelivery(delivery, context)).toThrow(expect.objectContaining({ code: "WRONG_DEVICE_KEY" }));
    const intake = new Intake(fleet, {
      proven: () => {},
      trust: () => ({ timestampVersion: 1, rootVersion: 1 }),
      received: () => {},
      greeted: () => {},
    });
    await intake.receive({ tusn: victim.tusn, kind: "report", payload: victim.report(delivery, "committed") });
    expect(await fleet.store.selectFrom("reports").selectAll().execute()).toEqual(before);
  });

  it("has the trust folder refused with any file of it edited, and the service not started", async () => {
    const { approvers } = await openTestFleet();
    const folder = join(makeFolder(), "trust");
    await writeTrust(folder, approvers.trust, toPrivateKeyPem(createApproverKey()));
    await openTrust(folder);
    const own = toPublicKey(createApproverKey());
    const mallory = { id: "mallory", name: "mallory", keys: [own], roles: ["maker", "checker"] as const };
    const policies = [
      { ...approvers.policy, persons: [...approvers.policy.persons, mallory] },
      { ...approvers.policy, persons: approvers.policy.persons.map((person) => ({ ...person, keys: [own] })) },
      { ...approvers.policy, persons: approvers.policy.persons.map((person) => ({ ...person, roles: ROLES })) },
      { ...approvers.policy, version: 2 },
    ];
    const policyFile = join(folder, "policy.json");
    for (const policy of policies) {
      writeFileSync(policyFile, toPolicyBytes(policy));
      await expect(openTrust(folder)).rejects.toThrow(expect.objectContaining({ code: "TRUST_INVALID" }));
    }
    writeFileSync(policyFile, approvers.trust.policy);
    for (const name of ["root", "targets", "snapshot", "timestamp"] as const) {
      const file = join(folder, `${name}.json`);
      const genuineBytes = readFileSync(file);
      const json = JSON.parse(genuineBytes.toString());
      json.signed.version += 1;
      writeFileSync(file, JSON.stringify(json));
      const refused = expect.objectContaining({ code: expect.stringMatching(/^(TRUST|DATA_FOLDER)_/) });
      await expect(openTrust(folder), name).rejects.toThrow(refused);
      writeFileSync(file, genuineBytes);
    }
    await openTrust(folder);
  });
});
