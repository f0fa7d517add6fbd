import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { type Ceremony, toCeremonyBytes } from "../../../../certs/ceremony/ceremony.ts";
import { toFrozen, withCaps, withoutPerson, withPerson } from "../../../../certs/ceremony/changes.ts";
import { createCeremony, type TrustChange } from "../../../../certs/ceremony/create.ts";
import { verifyOfflineTrust } from "../../../../certs/ceremony/offline-trust.ts";
import { signCeremony } from "../../../../certs/ceremony/sign.ts";
import { createApproverKey, toPrivateKeyPem, toPublicKey } from "../../../../certs/keys.ts";
import { createTimestamp } from "../../../../certs/trust/create.ts";
import { MAX_UINT32 } from "../../../../proto/bounds.ts";
import { parseLedgerEntry } from "../../../../proto/ledger-entry.ts";
import { applyCeremony } from "../../../../src/app/trust/apply.ts";
import { findExpiring, WARN_BEFORE_S } from "../../../../src/app/trust/expiry.ts";
import { toSignedBundle } from "../../../../src/app/trust/install.ts";
import { prepareOnlineKey, readOnlineKey } from "../../../../src/app/trust/online-key.ts";
import { openTrust, RENEW_AFTER_S, type TrustHolder, writeTrust } from "../../../../src/app/trust-files.ts";
import { listEntries } from "../../../../src/store/ledger.ts";
import { type Company, createCompany, toPerson, toRotation } from "../../../support/ceremony.ts";
import { makeFolder, openTestFleet, START, type TestFleet } from "../../../support/fleet-store.ts";

let company: Company;
let fleet: TestFleet;
let folder: string;
let service: TrustHolder;

beforeEach(async () => {
  company = createCompany(START);
  fleet = await openTestFleet(START);
  folder = join(makeFolder(), "trust");
  await writeTrust(folder, toSignedBundle(company.files, company.online, 5, START), toPrivateKeyPem(company.online));
  service = await openTrust(folder);
});

function withCode(code: string) {
  return expect.objectContaining({ code });
}

const toPolicy = () => verifyOfflineTrust(company.files).policy;

/** A ceremony on the company's trust, signed by the first two holders unless others are named. */
function prepare(change: TrustChange, signers = company.holders.slice(0, 2), now = START): Uint8Array {
  const { ceremony } = createCeremony(company.files, change, { reason: "a drill", now });
  return toCeremonyBytes(signers.reduce((signed: Ceremony, key) => signCeremony(signed, key, now), ceremony));
}

async function readLedger() {
  const entries = (await listEntries(fleet.store, 0, 100)).map(({ bytes }) => parseLedgerEntry(bytes));
  return entries.map(({ kind, subject, detail }) => ({ kind, subject, ...JSON.parse(detail) }));
}

describe("applyCeremony", () => {
  it("puts a new policy in force under a fresh timestamp, told in the ledger and taken over by a running service", async () => {
    fleet.at = START + 60;
    const newcomer = toPerson("zhao.min", createApproverKey(), "checker");
    const policy = withoutPerson(withPerson(toPolicy(), newcomer), "chen.bo");
    const applied = await applyCeremony(fleet, folder, prepare({ policy }));
    expect(applied).toMatchObject({ rootVersion: 1, already: false, emergencies: [] });
    expect(applied.versions).toEqual({ timestamp: 6, snapshot: 2, targets: 2, policy: 2 });
    expect(await service.reload()).toBe(true);
    expect(service.trust()).toMatchObject({ issued: START + 60, versions: applied.versions });
    expect(service.trust().policy.persons.map(({ id }) => id)).toEqual(["wang.li", "zhao.min"]);
    const [first, second] = company.holders.map((key) => toPublicKey(key).id.slice(0, 12));
    expect(await readLedger()).toEqual([
      {
        ...{ kind: "trust.changed", subject: "trust", reason: "a drill", root: 1, targets: 2, policy: 2 },
        ...{ persons: "+zhao.min -chen.bo", signed: `${first} ${second}` },
      },
    ]);
  });

  it("is done once, however often it is asked for", async () => {
    const bytes = prepare({ policy: withoutPerson(toPolicy(), "chen.bo") });
    const applied = await applyCeremony(fleet, folder, bytes);
    const again = await applyCeremony(fleet, folder, bytes);
    expect(again).toEqual({ ...applied, already: true });
    expect(await readLedger()).toHaveLength(1);
  });

  it("refuses one that lacks a signature, and changes nothing", async () => {
    const [first] = company.holders;
    const change = { policy: withoutPerson(toPolicy(), "chen.bo") };
    for (const signers of [[], [first]]) {
      await expect(applyCeremony(fleet, folder, prepare(change, signers))).rejects.toThrow(withCode("TRUST_UNSIGNED"));
    }
    expect(await service.reload()).toBe(false);
    expect(await readLedger()).toEqual([]);
    expect(existsSync(join(folder, "lock"))).toBe(false);
  });

  it("refuses one that starts from other trust: prepared before another was applied, or for another fleet", async () => {
    const late = prepare({ policy: withoutPerson(toPolicy(), "wang.li") });
    await applyCeremony(fleet, folder, prepare({ policy: withoutPerson(toPolicy(), "chen.bo") }));
    await expect(applyCeremony(fleet, folder, late)).rejects.toThrow(withCode("STATE_CONFLICT"));
    company = createCompany(START);
    const foreign = prepare({ policy: withoutPerson(toPolicy(), "chen.bo") });
    await expect(applyCeremony(fleet, folder, foreign)).rejects.toThrow(withCode("STATE_CONFLICT"));
    expect((await openTrust(folder)).trust().policy.persons.map(({ id }) => id)).toEqual(["wang.li"]);
  });

  it("refuses one that has ended on its way", async () => {
    fleet.at = START + 366 * 86_400;
    await expect(applyCeremony(fleet, folder, prepare({ renew: true }))).rejects.toThrow(withCode("TRUST_EXPIRED"));
  });

  it("tells an emergency by an alarm beside the entry", async () => {
    const policy = toFrozen(withCaps(toPolicy(), { cardChangesPerDay: 3 }));
    const { emergencies } = await applyCeremony(fleet, folder, prepare({ policy }));
    expect(emergencies).toEqual(["frozen", "cap_raised.cardChangesPerDay"]);
    expect((await readLedger()).map(({ kind, what }) => [kind, what])).toEqual([
      ["trust.changed", undefined],
      ["alarm.trust_emergency", "frozen cap_raised.cardChangesPerDay"],
    ]);
    expect(fleet.lines.some(({ level, msg }) => level === "warn" && msg === "trust changed")).toBe(true);
  });

  it("does not collide with a service that renews its timestamp all the while", async () => {
    fleet.at = START + 2 * RENEW_AFTER_S;
    const bytes = prepare({ policy: withoutPerson(toPolicy(), "chen.bo") });
    const holders = await Promise.all([openTrust(folder), openTrust(folder), openTrust(folder)]);
    await Promise.all([
      ...holders.map((holder) => holder.renewTimestamp(fleet.at)),
      applyCeremony(fleet, folder, bytes),
      ...holders.map((holder) => holder.renewTimestamp(fleet.at + RENEW_AFTER_S)),
    ]);
    for (const holder of holders) await holder.reload();
    const { versions } = (await openTrust(folder)).trust();
    expect(holders.map((holder) => holder.trust().versions)).toEqual(holders.map(() => versions));
    expect(versions).toMatchObject({ snapshot: 2, policy: 2 });
  });
});

describe("another online key", () => {
  it("waits beside the present one until a root names it, and then takes its place", async () => {
    const next = await prepareOnlineKey(folder);
    expect(toPublicKey(await prepareOnlineKey(folder)).id).toBe(toPublicKey(next).id);
    expect(toPublicKey(await readOnlineKey(folder)).id).toBe(toPublicKey(company.online).id);
    expect(await service.renewTimestamp(START + RENEW_AFTER_S)).toBe(true);
    const applied = await applyCeremony(fleet, folder, prepare(toRotation(company.files, { online: next })));
    expect(applied).toMatchObject({ rootVersion: 2, versions: { timestamp: 1, snapshot: 1 } });
    expect(toPublicKey(await readOnlineKey(folder)).id).toBe(toPublicKey(next).id);
    expect(existsSync(join(folder, "online.next.pem"))).toBe(false);
    await service.reload();
    expect(await service.renewTimestamp(START + 2 * RENEW_AFTER_S)).toBe(true);
    expect(service.bundlesAfter(1)).toMatchObject([{ roots: [{ length: service.trust().root.length }] }]);
  });

  it("recovers a folder whose timestamp a thief of the old one drove to the highest version", async () => {
    const { snapshot } = company.files;
    writeFileSync(join(folder, "timestamp.json"), createTimestamp([company.online], MAX_UINT32, snapshot, 1, START));
    await service.reload();
    await expect(service.renewTimestamp(START + RENEW_AFTER_S)).rejects.toThrow(withCode("TRUST_INVALID"));
    const next = await prepareOnlineKey(folder);
    await applyCeremony(fleet, folder, prepare(toRotation(company.files, { online: next })));
    await service.reload();
    expect(service.trust()).toMatchObject({ rootVersion: 2, versions: { timestamp: 1 } });
    expect(await service.renewTimestamp(START + RENEW_AFTER_S)).toBe(true);
  });

  it("that the service does not have is refused before anything changes", async () => {
    const elsewhere = createApproverKey();
    const before = readFileSync(join(folder, "timestamp.json"));
    const bytes = prepare(toRotation(company.files, { online: elsewhere }));
    await expect(applyCeremony(fleet, folder, bytes)).rejects.toThrow(withCode("KEY_INVALID"));
    expect(readFileSync(join(folder, "timestamp.json")).equals(before)).toBe(true);
    expect(await readLedger()).toEqual([]);
  });
});

describe("findExpiring", () => {
  it("names what people must sign anew, 30 days ahead, and nothing after they did", async () => {
    const ends = verifyOfflineTrust(company.files).root.expires;
    expect(findExpiring(service.bundle(), ends - WARN_BEFORE_S - 1)).toEqual([]);
    fleet.at = ends - WARN_BEFORE_S;
    expect(findExpiring(service.bundle(), fleet.at).map(({ file }) => file)).toEqual(["root", "targets", "snapshot"]);
    await applyCeremony(fleet, folder, prepare({ renew: true }, company.holders.slice(1), fleet.at));
    await service.reload();
    expect(findExpiring(service.bundle(), fleet.at)).toEqual([]);
    expect(service.trust()).toMatchObject({ rootVersion: 2, versions: { targets: 2, policy: 1 } });
  });
});
