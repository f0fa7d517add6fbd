import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  createApproverKey,
  parseApproverKey,
  parsePrivateKey,
  toPrivateKeyPem,
  toPublicKey,
} from "../../certs/keys.ts";
import { createTimestamp, createTrust, TIMESTAMP_VALIDITY_S } from "../../certs/trust/create.ts";
import { toMetadataBytes } from "../../certs/trust/metadata.ts";
import { type Person, type Policy, parsePolicy, toPolicyBytes } from "../../certs/trust/policy.ts";
import { verifyTrust } from "../../certs/trust/verify.ts";
import { toHex, toUtf8 } from "../../proto/bytes.ts";
import { TRUST_FILES, type TrustBundle } from "../../proto/trust-bundle.ts";

const NOW = 1_800_000_000;
const [makerKey, checkerKey, onlineKey, strangerKey] = Array.from({ length: 4 }, createApproverKey) as [
  KeyObject,
  KeyObject,
  KeyObject,
  KeyObject,
];
const maker: Person = { id: "wang.li", name: "王丽", keys: [toPublicKey(makerKey)], roles: ["maker", "parameters"] };
const checker: Person = { id: "chen.bo", name: "陈波", keys: [toPublicKey(checkerKey)], roles: ["checker"] };
const policy: Policy = {
  version: 1,
  persons: [maker, checker],
  thresholds: { binding: ["maker", "checker"], merchant: ["maker", "checker"], parameters: ["parameters"] },
};
const offline = [makerKey, checkerKey];
const signers = { root: offline, targets: offline, snapshot: [onlineKey], timestamp: [onlineKey] };
const bundle = createTrust(signers, policy, NOW);

function withCode(code: string) {
  return expect.objectContaining({ code });
}

/** The bundle with one member of one file's JSON replaced and nothing signed again. */
function edit(file: keyof TrustBundle, change: (json: Record<string, unknown>) => void): TrustBundle {
  const json = JSON.parse(Buffer.from(bundle[file]).toString());
  change(json);
  return { ...bundle, [file]: toUtf8(JSON.stringify(json)) };
}

describe("trust metadata", () => {
  it("proves the policy, its freshness and the time it was signed", () => {
    const trust = verifyTrust(bundle.root, bundle);
    expect(trust.policy.persons.map((person) => person.id)).toEqual(["wang.li", "chen.bo"]);
    expect(trust).toMatchObject({
      versions: { timestamp: 1, snapshot: 1, targets: 1 },
      issued: NOW,
      freshUntil: NOW + TIMESTAMP_VALIDITY_S,
    });
  });

  it("stays fresh by a newer timestamp, and never goes back to an older one", () => {
    const newer = { ...bundle, timestamp: createTimestamp([onlineKey], 2, bundle.snapshot, 1, NOW + 60) };
    const trust = verifyTrust(bundle.root, newer, { timestamp: 1, snapshot: 1, targets: 1 });
    expect(trust).toMatchObject({ issued: NOW + 60, freshUntil: NOW + 60 + TIMESTAMP_VALIDITY_S });
    expect(() => verifyTrust(bundle.root, bundle, trust.versions)).toThrow(withCode("TRUST_ROLLBACK"));
  });

  it("is refused where snapshot or targets are older than held", () => {
    for (const held of [
      { timestamp: 1, snapshot: 2, targets: 1 },
      { timestamp: 1, snapshot: 1, targets: 2 },
    ]) {
      expect(() => verifyTrust(bundle.root, bundle, held)).toThrow(withCode("TRUST_ROLLBACK"));
    }
  });

  it("is refused under another root than the pinned one", () => {
    const others = { ...signers, root: [strangerKey], targets: [strangerKey] };
    const foreign = createTrust(others, policy, NOW);
    expect(() => verifyTrust(bundle.root, foreign)).toThrow(withCode("TRUST_INVALID"));
  });

  it("is refused where any role's signatures are missing or by another key", () => {
    const timestamp = createTimestamp([strangerKey], 1, bundle.snapshot, 1, NOW);
    expect(() => verifyTrust(bundle.root, { ...bundle, timestamp })).toThrow(withCode("TRUST_UNSIGNED"));
    const unsigned = edit("root", (json) => Object.assign(json, { signatures: [] }));
    expect(() => verifyTrust(unsigned.root, unsigned)).toThrow(withCode("TRUST_UNSIGNED"));
    const half = createTrust({ ...signers, targets: [makerKey] }, policy, NOW);
    const mixed = { ...half, root: bundle.root };
    expect(() => verifyTrust(bundle.root, mixed)).toThrow(withCode("TRUST_UNSIGNED"));
  });

  it("is refused with any single bit of any file flipped", () => {
    for (const file of TRUST_FILES) {
      const bytes = bundle[file];
      for (let at = 0; at < bytes.length; at += 7) {
        const changed = Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ (1 << (at & 7)) : byte));
        const result = attempt(() => verifyTrust(bundle.root, { ...bundle, [file]: changed }));
        // White space and member order outside of what is signed may change; what was proved may not.
        if (result !== undefined) expect(result.policy).toEqual(verifyTrust(bundle.root, bundle).policy);
        if (file !== "timestamp") expect(result).toBeUndefined();
      }
    }
  });

  it("is refused where a file is not what the one before it names", () => {
    const other = createTrust(signers, { ...policy, version: 2 }, NOW + 1);
    for (const file of ["snapshot", "targets", "policy"] as const) {
      const mixed = { ...bundle, [file]: other[file] };
      expect(() => verifyTrust(bundle.root, mixed)).toThrow(withCode("TRUST_INVALID"));
    }
    const misnamed = { ...bundle, timestamp: createTimestamp([onlineKey], 1, bundle.snapshot, 2, NOW) };
    expect(() => verifyTrust(bundle.root, misnamed)).toThrow(withCode("TRUST_INVALID"));
  });

  it("is refused when malformed, too large, of another type, or with a prototype in it", () => {
    for (const text of ["", "[]", "{}", "{", '{"signed":{"_type":"root"}}', '{"__proto__":{}}', "\ufffe\u0000"]) {
      const timestamp = toUtf8(text);
      expect(() => verifyTrust(bundle.root, { ...bundle, timestamp }), text).toThrow(withCode("TRUST_INVALID"));
    }
    const fractional = edit("timestamp", (json) => Object.assign(json["signed"] as object, { more: 1.5 }));
    expect(() => verifyTrust(bundle.root, fractional)).toThrow(withCode("TRUST_INVALID"));
    const timestamp = new Uint8Array(65_537);
    expect(() => verifyTrust(bundle.root, { ...bundle, timestamp })).toThrow(withCode("BYTES_TOO_LARGE"));
    const swapped = { ...bundle, timestamp: bundle.snapshot };
    expect(() => verifyTrust(bundle.root, swapped)).toThrow(withCode("TRUST_INVALID"));
  });

  it("is refused where the root counts one key twice, wants more keys than it has, or names a key of another kind", () => {
    const twice = createTrust({ ...signers, timestamp: [onlineKey, onlineKey] }, policy, NOW);
    expect(() => verifyTrust(twice.root, twice)).toThrow(withCode("TRUST_INVALID"));
    for (const role of ["threshold-0", "threshold-3", "rsa", "no-key"]) {
      const root = edit("root", (json) => spoil(json, role)).root;
      expect(() => verifyTrust(root, { ...bundle, root }), role).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^(TRUST_INVALID|KEY_INVALID)$/) }),
      );
    }
  });

  it("is refused where root names no roles or snapshot no targets", () => {
    const rootless = edit("root", (json) => Object.assign(json["signed"] as object, { roles: 1 }));
    expect(() => verifyTrust(rootless.root, rootless)).toThrow(withCode("TRUST_INVALID"));
    const aimless = edit("timestamp", (json) => Object.assign(json["signed"] as object, { meta: 1 }));
    expect(() => verifyTrust(aimless.root, { ...aimless, timestamp: sign(aimless.timestamp) })).toThrow(
      withCode("TRUST_INVALID"),
    );
    const hashless = edit("timestamp", (json) =>
      Object.assign(json["signed"] as object, { meta: { "snapshot.json": { version: 1, length: 1, hashes: {} } } }),
    );
    expect(() => verifyTrust(hashless.root, { ...hashless, timestamp: sign(hashless.timestamp) })).toThrow(
      withCode("TRUST_INVALID"),
    );
  });

  it("is refused without a time it was signed at, or with a signature list that is none", () => {
    for (const change of [
      (json: Record<string, unknown>) => Object.assign(json["signed"] as object, { expires: "soon" }),
      (json: Record<string, unknown>) => Object.assign(json["signed"] as object, { spec_version: "2.0" }),
      (json: Record<string, unknown>) => Object.assign(json["signed"] as object, { version: 0 }),
      (json: Record<string, unknown>) => Object.assign(json, { signatures: {} }),
      (json: Record<string, unknown>) => Object.assign(json, { signatures: [1] }),
    ]) {
      expect(() => verifyTrust(bundle.root, edit("timestamp", change))).toThrow(withCode("TRUST_INVALID"));
    }
  });
});

/** The file's content under a signature of the online key that holds. */
function sign(file: Uint8Array): Uint8Array {
  return toMetadataBytes(JSON.parse(Buffer.from(file).toString()).signed, [onlineKey]);
}

function spoil(json: Record<string, unknown>, how: string): void {
  const signed = json["signed"] as { keys: Record<string, object>; roles: { root: { threshold: number } } };
  const [first] = Object.keys(signed.keys) as [string];
  if (how === "threshold-0") signed.roles.root.threshold = 0;
  else if (how === "threshold-3") signed.roles.root.threshold = 3;
  else if (how === "rsa") signed.keys[first] = { ...signed.keys[first], keytype: "rsa" };
  else delete signed.keys[first];
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    expect(error).toEqual(expect.objectContaining({ name: "TillsyncError" }));
    return undefined;
  }
}

describe("a policy", () => {
  const json = JSON.parse(Buffer.from(toPolicyBytes(policy)).toString());
  const read = (change: object) => parsePolicy(toUtf8(JSON.stringify({ ...json, ...change })));
  const [first, second] = json.persons;

  it("comes back as it was written", () => {
    expect(toHex(toPolicyBytes(parsePolicy(toPolicyBytes(policy))))).toBe(toHex(toPolicyBytes(policy)));
  });

  it("that asks for fewer people than maker and checker is refused", () => {
    for (const thresholds of [
      { ...json.thresholds, binding: ["maker"] },
      { ...json.thresholds, binding: [] },
      { ...json.thresholds, merchant: ["checker"] },
      { ...json.thresholds, parameters: [] },
      { ...json.thresholds, merchant: ["maker", "checker", "log"] },
    ]) {
      expect(() => read({ thresholds })).toThrow(withCode("POLICY_TOO_WEAK"));
    }
  });

  it("with one key for two persons, or one person twice, is refused", () => {
    expect(() => read({ persons: [first, { ...second, keys: first.keys }] })).toThrow(withCode("TRUST_INVALID"));
    expect(() => read({ persons: [first, { ...second, id: first.id }] })).toThrow(withCode("TRUST_INVALID"));
  });

  it("out of shape is refused", () => {
    const seven = ["maker", "checker", "parameters", "log", "maker2", "maker3", "maker4"];
    for (const change of [
      { version: 0 },
      { persons: {} },
      { persons: [1] },
      { persons: Array.from({ length: 101 }, () => first) },
      { persons: [{ ...first, id: "../x" }] },
      { persons: [{ ...first, id: 7 }] },
      { persons: [{ ...first, name: "" }] },
      { persons: [{ ...first, name: 7 }] },
      { persons: [{ ...first, roles: ["king"] }] },
      { persons: [{ ...first, roles: ["maker", "maker"] }] },
      { persons: [{ ...first, keys: "x" }] },
      { persons: [{ ...first, keys: ["a", "b", "c", "d", "e"] }] },
      { thresholds: 1 },
      { thresholds: {} },
      { thresholds: { ...json.thresholds, binding: seven } },
    ]) {
      expect(() => read(change), JSON.stringify(change).slice(0, 80)).toThrow(withCode("TRUST_INVALID"));
    }
    expect(() => read({ persons: [{ ...first, keys: ["00"] }] })).toThrow(withCode("KEY_INVALID"));
  });
});

describe("an approver's key", () => {
  it("comes back from PEM", () => {
    expect(toPublicKey(parsePrivateKey(toPrivateKeyPem(makerKey))).id).toBe(maker.keys[0]?.id);
  });

  it("of another kind, or none, is refused", () => {
    expect(() => parsePrivateKey("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n")).toThrow(
      withCode("KEY_INVALID"),
    );
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    expect(() => parsePrivateKey(toPrivateKeyPem(rsa))).toThrow(withCode("KEY_INVALID"));
    expect(() => parseApproverKey("zz")).toThrow(withCode("KEY_INVALID"));
  });
});
