import { createHash, type KeyObject } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type Ceremony, MAX_CEREMONY_BYTES, parseCeremony, toCeremonyBytes } from "../../../certs/ceremony/ceremony.ts";
import {
  toFrozen,
  withCaps,
  withHolders,
  withKeyOf,
  withoutPerson,
  withPerson,
} from "../../../certs/ceremony/changes.ts";
import { completeCeremony, toMissing } from "../../../certs/ceremony/complete.ts";
import { createCeremony, type TrustChange } from "../../../certs/ceremony/create.ts";
import { toHolders } from "../../../certs/ceremony/holders.ts";
import { verifyOfflineTrust } from "../../../certs/ceremony/offline-trust.ts";
import { signCeremony } from "../../../certs/ceremony/sign.ts";
import { verifyBase, verifyCeremony } from "../../../certs/ceremony/verify.ts";
import { createApproverKey, toPublicKey } from "../../../certs/keys.ts";
import { createTimestamp, OFFLINE_VALIDITY_S, toRootPart } from "../../../certs/trust/create.ts";
import { toPolicyBytes } from "../../../certs/trust/policy.ts";
import { verifyTrust } from "../../../certs/trust/verify.ts";
import { type Company, carryOut, createCompany, NOW, toPerson } from "../../support/ceremony.ts";

const company = createCompany();
const { holders, files, online } = company;
const [first, second, third] = holders;
const held = verifyOfflineTrust(files);
const newcomer = createApproverKey();
const adding: TrustChange = { policy: withPerson(held.policy, toPerson("zhao.min", newcomer, "checker")) };

function withCode(code: string, fields: object = {}) {
  return expect.objectContaining({ code, fields: expect.objectContaining(fields) });
}

function prepare(change: TrustChange): Ceremony {
  return createCeremony(files, change, { reason: "a test", now: NOW }).ceremony;
}

function sign(ceremony: Ceremony, ...keys: readonly KeyObject[]): Ceremony {
  return keys.reduce((signed, key) => signCeremony(signed, key, NOW), ceremony);
}

/** Everything that a signer is told. */
function toShown(ceremony: Ceremony): string {
  const { reason, after } = verifyCeremony(ceremony, NOW);
  const policy = Buffer.from(toPolicyBytes(after.policy)).toString();
  return JSON.stringify([reason, toRootPart(after.root), after.targets, after.snapshot, policy]);
}

/** What a terminal would make of these files after those of the company. */
function follow(next: typeof files, { online: key }: Pick<Company, "online">, version: number) {
  const { version: snapshotVersion } = verifyOfflineTrust(next).snapshot;
  const timestamp = createTimestamp([key], version, next.snapshot, snapshotVersion, NOW);
  const { root, targets, snapshot, policy } = next;
  return verifyTrust(files.root, { roots: [root], timestamp, snapshot, targets, policy });
}

describe("new trust", () => {
  it("takes the threshold of its own root, and proves its policy to a terminal", () => {
    const trust = follow(files, company, 1);
    expect(trust).toMatchObject({ rootVersion: 1, versions: { snapshot: 1, targets: 1, policy: 1 } });
    expect(trust.policy.persons.map(({ id }) => id)).toEqual(["wang.li", "chen.bo"]);
    expect(trust.freshUntil).toBeLessThanOrEqual(NOW + OFFLINE_VALIDITY_S);
  });

  it("needs both holders and a policy", () => {
    for (const change of [{ policy: held.policy }, { holders: toHolders(held.root) }, {}]) {
      expect(() => createCeremony(undefined, change, { reason: "a test", now: NOW })).toThrow(
        withCode("TRUST_INVALID"),
      );
    }
  });
});

describe("a ceremony file", () => {
  it("reads back what was written, with the signatures collected so far", () => {
    const ceremony = sign(prepare(adding), first);
    const bytes = toCeremonyBytes(ceremony);
    expect(toCeremonyBytes(parseCeremony(bytes))).toEqual(bytes);
    expect(toMissing(parseCeremony(bytes), NOW)).toEqual(toMissing(ceremony, NOW));
    const change = { holders: toHolders(held.root), policy: held.policy };
    const fresh = toCeremonyBytes(createCeremony(undefined, change, { reason: "a test", now: NOW }).ceremony);
    expect(toCeremonyBytes(parseCeremony(fresh))).toEqual(fresh);
  });

  it("of which one byte differs is refused, or shows that it differs", () => {
    const ceremony = prepare(adding);
    const bytes = toCeremonyBytes(ceremony);
    const shown = toShown(ceremony);
    const accepted: string[] = [];
    for (let at = 0; at < bytes.length; at += 7) {
      const altered = Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ 1 : byte));
      try {
        const parsed = parseCeremony(altered);
        verifyBase(parsed, files);
        accepted.push(toShown(parsed));
      } catch (error) {
        expect(error).toMatchObject({ name: "TillsyncError" });
      }
    }
    expect(accepted).not.toContain(shown);
    expect(accepted.length).toBeLessThan(bytes.length / 7 / 10);
  });

  it("in any other spelling is refused, so that nothing can hide in it", () => {
    const text = Buffer.from(toCeremonyBytes(prepare(adding))).toString();
    const spellings = [
      text.replace('"reason": "a test"', '"reason": "a test",\n "note": "trust me"'),
      text.replace('"reason": "a test"', '"reason": "other",\n "reason": "a test"'),
      text.replace('"reason": "a test"', '"__proto__": {},\n "reason": "a test"'),
      ` ${text}`,
      `${text}\n`,
      `\ufeff${text}`,
    ];
    for (const spelling of spellings) expect(() => parseCeremony(Buffer.from(spelling))).toThrow(/TRUST|CANONICAL/);
    expect(({} as Record<string, unknown>)["note"]).toBeUndefined();
  });

  it("that is no ceremony is refused by code", () => {
    const cases: readonly (readonly [string, string])[] = [
      ["", "TRUST_INVALID"],
      ["[]", "TRUST_INVALID"],
      ["{}", "TRUST_INVALID"],
      ['{"ceremony":2,"reason":"x","present":null,"next":{}}', "TRUST_INVALID"],
      ['{"ceremony":1,"reason":"x\\u202e","present":null,"next":{}}', "TRUST_INVALID"],
      ['{"ceremony":1,"reason":"x","present":{"root":"x"},"next":{}}', "TRUST_INVALID"],
      ['{"ceremony":1,"reason":"x","present":null,"next":{"root":1}}', "TRUST_INVALID"],
      ['{"ceremony":1,"reason":"x","present":null,"next":[]}', "TRUST_INVALID"],
      [" ".repeat(MAX_CEREMONY_BYTES + 1), "BYTES_TOO_LARGE"],
    ];
    for (const [text, code] of cases) expect(() => parseCeremony(Buffer.from(text)), text).toThrow(withCode(code));
    expect(() => parseCeremony(Uint8Array.of(0x7b, 0xff))).toThrow(withCode("TRUST_INVALID"));
  });
});

describe("a change of the policy", () => {
  it("goes up by one version and takes the threshold of the targets, whoever signs first", () => {
    for (const keys of [
      [first, second],
      [third, first],
    ]) {
      const next = completeCeremony(sign(prepare(adding), ...keys), NOW);
      const trust = follow(next, company, 2);
      expect(trust).toMatchObject({ rootVersion: 1, versions: { snapshot: 2, targets: 2, policy: 2 } });
      expect(trust.policy.persons.map(({ id }) => id)).toContain("zhao.min");
      expect(next.root).toEqual(files.root);
    }
  });

  it("tells what is missing, and is not complete before", () => {
    const ceremony = prepare(adding);
    expect(toMissing(ceremony, NOW).map(({ file, under, have, threshold }) => [file, under, have, threshold])).toEqual([
      ["targets", "next", 0, 2],
      ["snapshot", "next", 0, 2],
    ]);
    const signed = sign(ceremony, second, second);
    expect(toMissing(signed, NOW).map(({ have }) => have)).toEqual([1, 1]);
    const [row] = toMissing(signed, NOW);
    expect(row?.signers.map(({ signed: has }) => has)).toEqual([false, true, false]);
    expect(() => completeCeremony(signed, NOW)).toThrow(withCode("TRUST_UNSIGNED", { signatures: 1, threshold: 2 }));
  });

  it("is signed by nobody who does not hold the targets", () => {
    for (const key of [company.maker, online, newcomer]) {
      expect(() => sign(prepare(adding), key)).toThrow(withCode("SIGNER_NOT_ALLOWED"));
    }
  });

  it("that asks for less than is built in finds no signer", () => {
    const { policy } = held;
    const weak: readonly TrustChange[] = [
      { policy: { ...policy, thresholds: { ...policy.thresholds, binding: ["maker"] } } },
      { policy: { ...policy, thresholds: { ...policy.thresholds, parameters: [] } } },
      { policy: withCaps(policy, { cardChangesPerDay: 11 }) },
      { policy: withCaps(policy, { merchantsPerBindingRelease: 2 }) },
      { policy: withKeyOf(policy, "wang.li", toPublicKey(online)) },
    ];
    for (const change of weak) expect(() => prepare(change)).toThrow(withCode("POLICY_TOO_WEAK"));
  });

  it("that changes nothing is no ceremony; a renewal is, and keeps the policy's version", () => {
    expect(() => prepare({})).toThrow(withCode("STATE_CONFLICT"));
    expect(() => prepare({ policy: held.policy })).toThrow(withCode("STATE_CONFLICT"));
    const later = NOW + 300 * 86_400;
    const renewed = carryOut(files, { renew: true }, [first, third], later);
    const after = verifyOfflineTrust(renewed);
    expect(after).toMatchObject({ root: { version: 2, expires: later + OFFLINE_VALIDITY_S }, policy: { version: 1 } });
    expect(after.targets).toEqual({ version: 2, expires: later + OFFLINE_VALIDITY_S });
    expect(renewed.policy).toEqual(files.policy);
  });
});

describe("a change of who holds the root", () => {
  const joining = createApproverKey();
  const rotation = (change: Parameters<typeof withHolders>[1]): TrustChange => ({
    holders: withHolders(toHolders(held.root), change),
  });

  it("takes the threshold of the old root and that of the new one", () => {
    const replaced = createApproverKey();
    const change = rotation({
      addRoot: [toPublicKey(joining), toPublicKey(replaced)],
      removeRoot: [first, second].map((key) => toPublicKey(key).id),
    });
    const ceremony = prepare(change);
    const rows = () => toMissing(ceremony, NOW).map(({ file, under }) => `${file} ${under}`);
    expect(rows()).toEqual(["root present", "root next", "targets next", "snapshot next"]);
    const groups: readonly (readonly [readonly KeyObject[], string])[] = [
      [[first, second], "TRUST_UNSIGNED"],
      [[joining, replaced], "TRUST_UNSIGNED"],
      [[third, joining], "TRUST_UNSIGNED"],
      [[first, third], "TRUST_UNSIGNED"],
    ];
    for (const [keys, code] of groups) {
      expect(() => completeCeremony(sign(ceremony, ...keys), NOW)).toThrow(withCode(code, { role: "root" }));
    }
    const next = completeCeremony(sign(ceremony, first, third, joining), NOW);
    expect(follow(next, company, 2).rootVersion).toBe(2);
    expect(verifyOfflineTrust(next).root.roles.targets.keys.map(({ id }) => id)).not.toContain(toPublicKey(first).id);
  });

  it("keeps targets that have holders of their own, and their files where these need no new signature", () => {
    const own = [createApproverKey(), createApproverKey()];
    const split = carryOut(files, rotation({ targets: own.map(toPublicKey) }), [first, second, ...own]);
    const before = verifyOfflineTrust(split);
    const change = { holders: withHolders(toHolders(before.root), { addRoot: [toPublicKey(joining)] }) };
    const { ceremony } = createCeremony(split, change, { reason: "a test", now: NOW });
    expect(Object.keys(ceremony.next)).toEqual(["root"]);
    const next = completeCeremony(sign(ceremony, first, second), NOW);
    expect(verifyOfflineTrust(next).root.roles.targets).toEqual(before.root.roles.targets);
    expect(next.targets).toEqual(split.targets);
  });

  it("that could not be undone finds no signer", () => {
    const all = holders.map((key) => toPublicKey(key).id);
    const bad: readonly (readonly [Parameters<typeof withHolders>[1], string])[] = [
      [{ rootThreshold: 4 }, "TRUST_INVALID"],
      [{ removeRoot: all.slice(0, 2) }, "TRUST_INVALID"],
      [{ removeRoot: all, rootThreshold: 0 }, "TRUST_INVALID"],
      [{ rootThreshold: 1 }, "POLICY_TOO_WEAK"],
      [{ targetsThreshold: 1 }, "POLICY_TOO_WEAK"],
      [{ online: toPublicKey(first) }, "POLICY_TOO_WEAK"],
      [{ online: toPublicKey(company.checker) }, "POLICY_TOO_WEAK"],
      [{ addRoot: Array.from({ length: 8 }, () => toPublicKey(createApproverKey())) }, "TRUST_INVALID"],
    ];
    for (const [change, code] of bad)
      expect(() => prepare(rotation(change)), JSON.stringify(change)).toThrow(withCode(code));
    expect(() => rotation({ removeRoot: ["nobody"] })).toThrow(withCode("NOT_FOUND"));
    expect(() => rotation({ addRoot: [toPublicKey(first)] })).toThrow(withCode("STATE_CONFLICT"));
  });

  it("of the online key leaves the policy alone", () => {
    const next = createApproverKey();
    const changed = carryOut(files, rotation({ online: toPublicKey(next) }), [second, third]);
    expect(changed.targets).toEqual(files.targets);
    expect(follow(changed, { online: next }, 1)).toMatchObject({ rootVersion: 2, versions: { timestamp: 1 } });
    expect(() => follow(changed, { online }, 2)).toThrow(withCode("TRUST_UNSIGNED", { role: "timestamp" }));
  });
});

describe("signatures that do not hold", () => {
  it("count for nothing and are gone afterwards", () => {
    const ceremony = sign(prepare(adding), first);
    const json = JSON.parse(Buffer.from(ceremony.next.targets ?? "").toString());
    const [good] = json.signatures;
    const garbage = { ...good, keyid: "00".repeat(32) };
    const others = [second, third].map((key) => ({ keyid: keyIdOf(key), sig: good.sig }));
    json.signatures = [good, garbage, ...others];
    const spoilt = {
      ...ceremony,
      next: { ...ceremony.next, targets: Buffer.from(`${JSON.stringify(json, null, 1)}\n`) },
    };
    expect(toMissing(spoilt, NOW).map(({ have }) => have)).toEqual([1, 1]);
    const whole = completeCeremony(sign(spoilt, second), NOW);
    expect(JSON.parse(Buffer.from(whole.targets).toString()).signatures).toHaveLength(2);
  });
});

describe("a policy that is frozen", () => {
  it("names no kind of approval, and can be let go again", () => {
    const frozen = carryOut(files, { policy: toFrozen(held.policy) }, [first, second]);
    expect(verifyOfflineTrust(frozen).policy.types).toEqual([]);
    const thawed = carryOut(frozen, { policy: { ...verifyOfflineTrust(frozen).policy, types: held.policy.types } }, [
      second,
      third,
    ]);
    expect(verifyOfflineTrust(thawed).policy).toMatchObject({ version: 3, types: held.policy.types });
  });

  it("may lack whoever left, even the last checker", () => {
    const without = carryOut(files, { policy: withoutPerson(held.policy, "chen.bo") }, [first, third]);
    expect(verifyOfflineTrust(without).policy.persons.map(({ id }) => id)).toEqual(["wang.li"]);
    expect(() => withoutPerson(held.policy, "nobody")).toThrow(withCode("NOT_FOUND"));
    expect(() => withPerson(held.policy, toPerson("chen.bo", newcomer, "checker"))).toThrow(withCode("STATE_CONFLICT"));
  });
});

function keyIdOf(key: KeyObject): string {
  const entry = {
    keytype: "ed25519",
    keyval: { public: Buffer.from(toPublicKey(key).raw).toString("hex") },
    scheme: "ed25519",
  };
  return createHash("sha256").update(JSON.stringify(entry)).digest("hex");
}

describe("a ceremony that enough people signed, and that was then not applied", () => {
  const [dropped, applied] = [adding, { policy: withCaps(held.policy, { cardChangesPerDay: 2 }) }].map((change) =>
    completeCeremony(sign(prepare(change), first, second), NOW),
  );
  if (dropped === undefined || applied === undefined) throw new Error("two changes");
  const toBundle = (next: typeof files, version: number) => {
    const timestamp = createTimestamp([online], version, next.snapshot, verifyOfflineTrust(next).snapshot.version, NOW);
    return { roots: [next.root], timestamp, snapshot: next.snapshot, targets: next.targets, policy: next.policy };
  };

  it("is refused by whoever has later versions: a renewal after the other change ends it", () => {
    const renewal = createCeremony(applied, { renew: true }, { reason: "a test", now: NOW }).ceremony;
    const renewed = completeCeremony(sign(renewal, first, second), NOW);
    const { root, versions } = verifyTrust(files.root, toBundle(renewed, 3));
    expect(() => verifyTrust(root, toBundle({ ...dropped, root: renewed.root }, 4), versions)).toThrow(
      withCode("TRUST_ROLLBACK"),
    );
  });

  it("cannot be signed or applied any more where the other one is in force", () => {
    expect(() => verifyBase(sign(prepare(adding), first, second), applied)).toThrow(withCode("STATE_CONFLICT"));
  });
});
