import { describe, expect, it } from "vitest";
import { createTimestamp, createTrust, OFFLINE_VALIDITY_S } from "../../../certs/trust/create.ts";
import type { RoleName } from "../../../certs/trust/metadata.ts";
import {
  NO_VERSIONS,
  TIMESTAMP_VALIDITY_S,
  type TrustVersions,
  toFloor,
  verifyTrust,
} from "../../../certs/trust/verify.ts";
import { MAX_UINT32 } from "../../../proto/bounds.ts";
import { toUtf8 } from "../../../proto/bytes.ts";
import { TRUST_FILES, type TrustBundle } from "../../../proto/trust-bundle.ts";
import { createRoot, KEYS, NOW, POLICY, resign, SIGNERS } from "../../support/trust.ts";

const { online, stranger, spare } = KEYS;
const bundle = createTrust(SIGNERS, POLICY, NOW);
const HELD: TrustVersions = { timestamp: 1, snapshot: 1, targets: 1, policy: 1 };

function withCode(code: string) {
  return expect.objectContaining({ code });
}

/** The bundle with one file's JSON replaced and nothing signed again. */
function edit(file: (typeof TRUST_FILES)[number], change: object): TrustBundle {
  return {
    ...bundle,
    [file]: toUtf8(JSON.stringify({ ...JSON.parse(Buffer.from(bundle[file]).toString()), ...change })),
  };
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    expect(error).toEqual(expect.objectContaining({ name: "TillsyncError" }));
    return undefined;
  }
}

describe("trust metadata", () => {
  it("proves the policy, its freshness and the time it was signed", () => {
    const trust = verifyTrust(bundle.root, bundle);
    expect(trust.policy.persons.map((person) => person.id)).toEqual(["wang.li", "chen.bo"]);
    expect(trust).toMatchObject({
      versions: HELD,
      rootVersion: 1,
      issued: NOW,
      freshUntil: NOW + TIMESTAMP_VALIDITY_S,
    });
    expect(Buffer.compare(trust.root, bundle.root)).toBe(0);
  });

  it("is fresh until the first of its files expires", () => {
    const late = createTimestamp([online], 2, bundle.snapshot, 1, NOW + 2 * OFFLINE_VALIDITY_S);
    expect(verifyTrust(bundle.root, { ...bundle, timestamp: late }).freshUntil).toBe(NOW + OFFLINE_VALIDITY_S);
    const targets = resign(bundle.targets, SIGNERS.targets, { expires: "2026-01-01T00:00:00Z" });
    const snapshot = resign(bundle.snapshot, SIGNERS.snapshot, { meta: { "targets.json": { version: 1 } } });
    const timestamp = createTimestamp([online], 1, snapshot, 1, NOW);
    const { freshUntil } = verifyTrust(bundle.root, { ...bundle, targets, snapshot, timestamp });
    expect(freshUntil).toBe(Date.parse("2026-01-01T00:00:00Z") / 1_000);
  });

  it("stays fresh by a newer timestamp, and never goes back to an older one", () => {
    const newer = { ...bundle, timestamp: createTimestamp([online], 2, bundle.snapshot, 1, NOW + 60) };
    const trust = verifyTrust(bundle.root, newer, HELD);
    expect(trust).toMatchObject({ issued: NOW + 60, freshUntil: NOW + 60 + TIMESTAMP_VALIDITY_S });
    expect(() => verifyTrust(bundle.root, bundle, trust.versions)).toThrow(withCode("TRUST_ROLLBACK"));
  });

  it("holds against the very versions it told", () => {
    expect(verifyTrust(bundle.root, bundle, HELD)).toEqual(verifyTrust(bundle.root, bundle));
  });

  it.each(["timestamp", "snapshot", "targets", "policy"] as const)(
    "is refused where its %s is older than held",
    (file) => {
      const held = { ...HELD, [file]: 2 };
      expect(() => verifyTrust(bundle.root, bundle, held)).toThrow(withCode("TRUST_ROLLBACK"));
      const newer = { ...bundle, timestamp: createTimestamp([online], 2, bundle.snapshot, 1, NOW) };
      if (file !== "timestamp") {
        expect(() => verifyTrust(bundle.root, newer, held)).toThrow(withCode("TRUST_ROLLBACK"));
      }
    },
  );

  it("is refused where a timestamp of the version held names another snapshot", () => {
    const snapshot = resign(bundle.snapshot, SIGNERS.snapshot, { version: 2 });
    const timestamp = createTimestamp([online], 1, snapshot, 2, NOW);
    const other = { ...bundle, snapshot, timestamp };
    expect(verifyTrust(bundle.root, other).versions.snapshot).toBe(2);
    expect(() => verifyTrust(bundle.root, other, HELD)).toThrow(withCode("TRUST_INVALID"));
  });

  it("is refused under another root than the pinned one", () => {
    const foreign = createTrust({ ...SIGNERS, root: [stranger], targets: [stranger] }, POLICY, NOW);
    expect(() => verifyTrust(bundle.root, foreign)).toThrow(withCode("TRUST_INVALID"));
    expect(() => verifyTrust(bundle.root, { ...foreign, roots: [] })).toThrow(withCode("TRUST_UNSIGNED"));
  });

  it.each(["timestamp", "snapshot", "targets"] as const)(
    "is refused where the %s is signed by another key, or nobody",
    (file) => {
      const signers = file === "timestamp" ? [stranger] : [KEYS.maker, stranger];
      const resigned = { ...bundle, [file]: resign(bundle[file], signers, {}) };
      // Digests are left out, so that the signatures alone decide.
      const snapshot = resign(resigned.snapshot, file === "snapshot" ? signers : SIGNERS.snapshot, {
        meta: { "targets.json": { version: 1 } },
      });
      const timestamp = resign(resigned.timestamp, file === "timestamp" ? signers : [online], {
        meta: { "snapshot.json": { version: 1 } },
      });
      const whole = { ...resigned, snapshot, timestamp };
      expect(() => verifyTrust(bundle.root, whole)).toThrow(withCode("TRUST_UNSIGNED"));
      expect(() => verifyTrust(bundle.root, edit("timestamp", { signatures: [] }))).toThrow(withCode("TRUST_UNSIGNED"));
    },
  );

  it("is refused with any single bit of any file flipped", () => {
    const { policy } = verifyTrust(bundle.root, bundle);
    for (const file of TRUST_FILES) {
      const bytes = bundle[file];
      for (let at = 0; at < bytes.length; at += 5) {
        const changed = Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ (1 << (at & 7)) : byte));
        const result = attempt(() => verifyTrust(bundle.root, { ...bundle, [file]: changed }));
        // White space outside of what is signed may change; what was proved may not.
        if (result !== undefined) expect(result.policy).toEqual(policy);
        if (file !== "timestamp") expect(result).toBeUndefined();
      }
    }
  });

  it("is refused where a file is not what the one before it names", () => {
    const other = createTrust(SIGNERS, { ...POLICY, version: 2 }, NOW + 1);
    for (const file of ["snapshot", "targets", "policy"] as const) {
      expect(() => verifyTrust(bundle.root, { ...bundle, [file]: other[file] })).toThrow(withCode("TRUST_INVALID"));
    }
    const misnamed = { ...bundle, timestamp: createTimestamp([online], 1, bundle.snapshot, 2, NOW) };
    expect(() => verifyTrust(bundle.root, misnamed)).toThrow(withCode("TRUST_INVALID"));
    const without = resign(bundle.snapshot, SIGNERS.snapshot, { meta: {} });
    const aimless = { ...bundle, snapshot: without, timestamp: createTimestamp([online], 1, without, 1, NOW) };
    expect(() => verifyTrust(bundle.root, aimless)).toThrow(withCode("TRUST_INVALID"));
    expect(() => verifyTrust(bundle.root, aimless, HELD)).toThrow(withCode("TRUST_ROLLBACK"));
    const many = Object.fromEntries(Array.from({ length: 1_200 }, (_, at) => [`${at}`, { version: 1 }]));
    const long = resign(bundle.snapshot, SIGNERS.snapshot, { meta: many });
    expect(() => verifyTrust(bundle.root, { ...aimless, snapshot: long })).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(TRUST_INVALID|BYTES_TOO_LARGE)$/) }),
    );
  });

  it("is refused without the time it was signed at", () => {
    const timestamp = resign(bundle.timestamp, [online], { x_tillsync_issued: "soon" });
    expect(() => verifyTrust(bundle.root, { ...bundle, timestamp })).toThrow(withCode("TRUST_INVALID"));
  });

  it("takes the policy from the top-level targets only, whoever they delegate to", () => {
    const targets = resign(bundle.targets, SIGNERS.targets, {
      targets: {},
      delegations: { keys: {}, roles: [{ name: "other", keyids: [], threshold: 1, terminating: false, paths: ["*"] }] },
    });
    const snapshot = resign(bundle.snapshot, SIGNERS.snapshot, { meta: { "targets.json": { version: 1 } } });
    const timestamp = createTimestamp([online], 1, snapshot, 1, NOW);
    expect(() => verifyTrust(bundle.root, { ...bundle, targets, snapshot, timestamp })).toThrow(
      expect.objectContaining({ code: "TRUST_INVALID", fields: { what: "policy.json" } }),
    );
  });
});

describe("roots with new keys", () => {
  const rotated = { ...SIGNERS, timestamp: [spare] };
  const root = createRoot(2, rotated, SIGNERS.root);
  const fresh = { ...bundle, roots: [root], timestamp: createTimestamp([spare], 1, bundle.snapshot, 1, NOW) };
  const forwarded: TrustVersions = { ...HELD, timestamp: MAX_UINT32 };

  it("of the timestamp end what a stolen one drove to the last version", () => {
    expect(verifyTrust(bundle.root, fresh, forwarded)).toMatchObject({ rootVersion: 2, versions: { timestamp: 1 } });
    // Who has taken the root already is not recovered a second time.
    expect(() => verifyTrust(root, fresh, forwarded)).toThrow(withCode("TRUST_ROLLBACK"));
  });

  it("do not let the old keys speak any more", () => {
    const old = createTimestamp([online], 2, bundle.snapshot, 1, NOW);
    expect(() => verifyTrust(bundle.root, { ...fresh, timestamp: old })).toThrow(withCode("TRUST_UNSIGNED"));
  });

  it("of the timestamp do not bring back an older policy; those of targets may", () => {
    const held = { ...forwarded, policy: 2 };
    expect(() => verifyTrust(bundle.root, fresh, held)).toThrow(withCode("TRUST_ROLLBACK"));
    const targets = [KEYS.maker, spare];
    const whole = createTrust({ ...rotated, targets }, POLICY, NOW);
    const next = createRoot(2, { ...rotated, targets }, SIGNERS.root);
    expect(verifyTrust(bundle.root, { ...whole, roots: [next] }, held)).toMatchObject({ versions: { policy: 1 } });
  });

  it("leave of the versions held what their roles did not lose", () => {
    const held = { timestamp: 4, snapshot: 3, targets: 2, policy: 1 };
    const left = (changed: readonly RoleName[], replaced: readonly RoleName[] = []) =>
      toFloor(held, { changed: new Set(changed), replaced: new Set(replaced) });
    expect(left([])).toEqual(held);
    expect(left(["root"])).toEqual(held);
    expect(left(["timestamp"])).toEqual({ ...NO_VERSIONS, policy: 1 });
    expect(left(["snapshot"])).toEqual({ ...NO_VERSIONS, policy: 1 });
    expect(left(["targets"])).toEqual(held);
    expect(left(["targets"], ["targets"])).toEqual({ ...held, policy: 0 });
  });
});
