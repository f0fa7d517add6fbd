import type { KeyObject } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Ceremony } from "../../../certs/ceremony/ceremony.ts";
import {
  toFrozen,
  toUnfrozen,
  withCaps,
  withHolders,
  withPerson,
  withThresholds,
} from "../../../certs/ceremony/changes.ts";
import { createCeremony, type TrustChange } from "../../../certs/ceremony/create.ts";
import { findEmergencies } from "../../../certs/ceremony/emergency.ts";
import { toHolders } from "../../../certs/ceremony/holders.ts";
import { verifyOfflineTrust } from "../../../certs/ceremony/offline-trust.ts";
import { signCeremony } from "../../../certs/ceremony/sign.ts";
import { toSignedBytes } from "../../../certs/ceremony/signed-file.ts";
import { verifyBase, verifyCeremony } from "../../../certs/ceremony/verify.ts";
import { type ApproverKey, createApproverKey, toPublicKey } from "../../../certs/keys.ts";
import { OFFLINE_VALIDITY_S, type RootContent, toRootPart } from "../../../certs/trust/create.ts";
import { MAX_TRUST_BUNDLE_BYTES, MAX_TRUST_FILE_BYTES } from "../../../proto/bounds.ts";
import { toTrustBundleBytes } from "../../../proto/trust-bundle.ts";
import { carryOut, createCompany, NOW, toPerson, toRotation } from "../../support/ceremony.ts";

const { holders, files } = createCompany();
const [first] = holders;
const held = verifyOfflineTrust(files);
const adding: TrustChange = { policy: withPerson(held.policy, toPerson("zhao.min", createApproverKey(), "checker")) };

function withCode(code: string) {
  return expect.objectContaining({ code });
}

function prepare(change: TrustChange): Ceremony {
  return createCeremony(files, change, { reason: "a test", now: NOW }).ceremony;
}

function sign(ceremony: Ceremony, ...keys: readonly KeyObject[]): Ceremony {
  return keys.reduce((signed, key) => signCeremony(signed, key, NOW), ceremony);
}

describe("a signer is not made to sign", () => {
  /** The ceremony with one file of `next` altered as JSON, in the spelling that a ceremony demands. */
  function forge(
    ceremony: Ceremony,
    file: "root" | "targets" | "snapshot",
    change: (signed: Record<string, unknown>) => void,
  ) {
    const json = JSON.parse(Buffer.from(ceremony.next[file] ?? "").toString());
    change(json.signed);
    return { ...ceremony, next: { ...ceremony.next, [file]: Buffer.from(`${JSON.stringify(json, null, 1)}\n`) } };
  }
  const renewal = prepare({ renew: true, ...adding });

  it("versions that jump", () => {
    for (const file of ["root", "targets", "snapshot"] as const) {
      for (const version of [1, 3, 4_294_967_295]) {
        const forged = forge(renewal, file, (signed) => {
          signed["version"] = version;
        });
        expect(() => sign(forged, first), `${file} ${version}`).toThrow(/TRUST_INVALID|BYTES_NOT_CANONICAL/);
      }
    }
    const policy = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(files.policy).toString()), version: 3 }));
    expect(() => sign({ ...renewal, next: { ...renewal.next, policy } }, first)).toThrow(
      withCode("BYTES_NOT_CANONICAL"),
    );
  });

  it("what is not shown", () => {
    const forgeries = [
      forge(renewal, "root", (signed) => {
        signed["x_more"] = true;
      }),
      forge(renewal, "root", (signed) => {
        signed["consistent_snapshot"] = true;
      }),
      forge(renewal, "targets", (signed) => {
        signed["delegations"] = { keys: {}, roles: [] };
      }),
      forge(renewal, "snapshot", (signed) => {
        signed["meta"] = { ...(signed["meta"] as object), "other.json": { version: 1 } };
      }),
    ];
    for (const forged of forgeries) expect(() => sign(forged, first)).toThrow(withCode("BYTES_NOT_CANONICAL"));
  });

  it("what has ended, or never ends", () => {
    expect(() => signCeremony(renewal, first, NOW + OFFLINE_VALIDITY_S)).toThrow(withCode("TRUST_EXPIRED"));
    expect(() => signCeremony(renewal, first, NOW - 32 * 86_400)).toThrow(withCode("TRUST_INVALID"));
  });

  it("roles that no ceremony makes: another holder of the snapshot, two online keys", () => {
    const { root } = verifyCeremony(renewal, NOW).after;
    const [one, two] = [createApproverKey(), createApproverKey()].map(toPublicKey) as [ApproverKey, ApproverKey];
    const roles: readonly Partial<RootContent["roles"]>[] = [
      { snapshot: { keys: [one, two], threshold: 2 } },
      { snapshot: { ...root.roles.snapshot, threshold: 3 } },
      { timestamp: { keys: [one, two], threshold: 1 } },
    ];
    for (const role of roles) {
      const content = { ...root, roles: { ...root.roles, ...role } };
      const forged = { ...renewal, next: { ...renewal.next, root: toSignedBytes(toRootPart(content), []) } };
      expect(() => sign(forged, first)).toThrow(withCode("TRUST_INVALID"));
    }
  });

  it("a change of trust that does not fit together itself", () => {
    const later = carryOut(files, adding, holders.slice(1));
    for (const present of [
      { ...files, targets: later.targets, policy: later.policy },
      { ...files, policy: later.policy },
    ]) {
      expect(() => sign({ ...renewal, present }, first)).toThrow(withCode("TRUST_INVALID"));
    }
  });

  it("a part without its fellows, or nothing", () => {
    const { root, ...policyOnly } = renewal.next;
    expect(root).toBeDefined();
    for (const lacking of ["targets", "snapshot", "policy"] as const) {
      const { [lacking]: _, ...next } = policyOnly;
      expect(() => sign({ ...renewal, next }, first)).toThrow(withCode("TRUST_INVALID"));
    }
    expect(() => sign({ ...renewal, next: {} }, first)).toThrow(withCode("TRUST_INVALID"));
    expect(() => verifyCeremony({ reason: "x", present: undefined, next: policyOnly }, NOW)).toThrow(
      withCode("TRUST_INVALID"),
    );
  });

  it("a change of trust that is not its own", () => {
    const others = createCompany();
    verifyBase(renewal, files);
    for (const [present, trusted] of [
      [files, others.files],
      [undefined, files],
      [files, undefined],
    ] as const) {
      expect(() => verifyBase({ ...renewal, present }, trusted)).toThrow(withCode("STATE_CONFLICT"));
    }
  });

  it("what old signatures would no longer carry", () => {
    const own = [createApproverKey(), createApproverKey()].map(toPublicKey);
    const { ceremony } = createCeremony(
      files,
      { holders: withHolders(toHolders(held.root), { targets: own }) },
      { reason: "a test", now: NOW },
    );
    const { root } = ceremony.next;
    expect(() => sign({ ...ceremony, next: root === undefined ? {} : { root } }, first)).toThrow(
      withCode("TRUST_UNSIGNED"),
    );
  });

  it("what no terminal could be sent: the most that fits a ceremony fits one message, and more is refused", () => {
    const toPersons = (count: number) =>
      Array.from({ length: count }, (_, n) => ({
        ...toPerson(`person-${n}`, createApproverKey(), "log"),
        keys: [0, 1, 2].map(() => toPublicKey(createApproverKey())),
      }));
    const withPersons = (count: number) => ({ ...held.policy, persons: [...held.policy.persons, ...toPersons(count)] });
    expect(() => prepare({ policy: withPersons(90) })).toThrow(withCode("BYTES_TOO_LARGE"));

    const toRole = (keys: readonly KeyObject[]) => ({ keys: keys.map(toPublicKey), threshold: 10 });
    const [before, root, targets] = [0, 1, 2].map(() => Array.from({ length: 10 }, createApproverKey));
    const wide = { ...toHolders(held.root), root: toRole(before ?? []), targets: toRole(before ?? []) };
    const widened = carryOut(files, { holders: wide }, [...holders, ...(before ?? [])]);
    const most = {
      holders: { ...wide, root: toRole(root ?? []), targets: toRole(targets ?? []) },
      policy: withPersons(66),
    };
    const whole = carryOut(widened, most, [...(before ?? []), ...(root ?? []), ...(targets ?? [])]);
    expect(whole.policy.length).toBeGreaterThan(MAX_TRUST_FILE_BYTES - 1_000);
    const bundle = toTrustBundleBytes({ ...whole, roots: [whole.root], timestamp: new Uint8Array(2_048).fill(1) });
    expect(bundle.length).toBeLessThanOrEqual(MAX_TRUST_BUNDLE_BYTES);
  });
});

describe("findEmergencies", () => {
  const find = (present: typeof files, change: TrustChange) =>
    findEmergencies(createCeremony(present, change, { reason: "a test", now: NOW }).view);

  it("names what stops everything, lets it go again, allows more or asks fewer", () => {
    const { policy } = held;
    const signers = holders.slice(0, 2);
    expect(find(files, { policy: toFrozen(policy) })).toEqual(["frozen"]);
    const frozen = carryOut(files, { policy: toFrozen(policy) }, signers);
    expect(find(frozen, { policy: toUnfrozen(policy) })).toEqual(["unfrozen"]);
    expect(find(files, { policy: withCaps(policy, { cardChangesPerDay: 2 }) })).toEqual([
      "cap_raised.cardChangesPerDay",
    ]);
    const strict = { policy: withThresholds(policy, { parameters: ["parameters", "checker"] }) };
    expect(find(files, strict)).toEqual([]);
    const three = toRotation(files, { rootThreshold: 3 });
    expect(find(files, three)).toEqual([]);
    const wide = carryOut(carryOut(files, strict, signers), three, holders);
    expect(find(wide, { ...toRotation(wide, { rootThreshold: 2 }), policy })).toEqual([
      ...["fewer_approvers", "fewer_root_holders", "fewer_targets_holders"],
    ]);
  });

  it("names nothing of a person who comes, and nothing of a new trust", () => {
    expect(find(files, adding)).toEqual([]);
    const change = { holders: toHolders(held.root), policy: toFrozen(held.policy) };
    expect(findEmergencies(createCeremony(undefined, change, { reason: "a test", now: NOW }).view)).toEqual([]);
  });
});
