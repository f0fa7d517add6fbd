import { describe, expect, it } from "vitest";
import { openObjects } from "../../../agent/slots/objects.ts";
import { openTrustStore, toStoredBundle } from "../../../agent/slots/trust-store.ts";
import { NO_VERSIONS } from "../../../certs/trust/verify.ts";
import { MAX_TRUST_BUNDLE_BYTES } from "../../../proto/bounds.ts";
import { toDigest } from "../../../proto/bytes.ts";
import { toTrustBundleBytes } from "../../../proto/trust-bundle.ts";
import { NOW } from "../../support/memory-agent.ts";
import { MemoryFiles } from "../../support/memory-files.ts";
import {
  createApproversUnder,
  createRoleSigners,
  toBundle,
  toName,
  toRootBytes,
  toRootsOnly,
} from "../../support/rotation.ts";

const ONE = createRoleSigners();
const TWO = createRoleSigners();
const THIEVES = createRoleSigners();
const { trust, policy } = createApproversUnder(ONE, NOW);
const ROOT_2 = toRootBytes(2, ONE, TWO, NOW);
const UNDER_TWO = toBundle(TWO, { policy, now: NOW });

function open() {
  const objects = openObjects(new MemoryFiles());
  return { objects, trusts: openTrustStore(objects, trust.root) };
}

const invalid = expect.objectContaining({ code: "TRUST_INVALID" });
const corrupt = expect.objectContaining({ code: "SLOT_CORRUPT" });

describe("stored trust metadata", () => {
  it("proves a policy under the root it names, while that is one of those followed", () => {
    const { objects, trusts } = open();
    const first = objects.put(toStoredBundle(trust, trust.root));
    const second = objects.put(toStoredBundle(UNDER_TWO, ROOT_2));
    expect(trusts.readPolicy(first).version).toBe(1);
    const root = objects.put(ROOT_2);
    expect(() => trusts.readPolicy(second)).toThrow(invalid);
    trusts.follow([root]);
    expect(trusts.readPolicy(second).version).toBe(1);
    expect(trusts.readPolicy(first).version).toBe(1);
  });

  it("proves nothing under a root of somebody else's, or under none", () => {
    const { objects, trusts } = open();
    const { trust: theirs } = createApproversUnder(THIEVES, NOW);
    const forged = objects.put(toStoredBundle(theirs, theirs.root));
    expect(() => trusts.readPolicy(forged)).toThrow(corrupt);
    const rootless = objects.put(toTrustBundleBytes({ ...trust, roots: [] }));
    expect(() => trusts.readPolicy(rootless)).toThrow(invalid);
    trusts.follow([objects.put(ROOT_2)]);
    // There, and not one of those followed.
    objects.put(theirs.root);
    expect(() => trusts.readPolicy(forged)).toThrow(invalid);
  });

  it("is not held while a root is missing that was followed", () => {
    const { objects, trusts } = open();
    const held = { bundle: objects.put(toStoredBundle(trust, trust.root)), versions: NO_VERSIONS };
    trusts.follow([toName(ROOT_2)]);
    expect(trusts.roots).toMatchObject({ version: 1, isWhole: false });
    expect(() => trusts.read(held)).toThrow(corrupt);
    expect(trusts.readPolicy(held.bundle).version).toBe(1);
  });

  it("is held under the newest root only", () => {
    const { objects, trusts } = open();
    const held = { bundle: objects.put(toStoredBundle(trust, trust.root)), versions: NO_VERSIONS };
    expect(trusts.read(held).rootVersion).toBe(1);
    trusts.follow([objects.put(ROOT_2)]);
    expect(() => trusts.read(held)).toThrow(corrupt);
    const newer = { bundle: objects.put(toStoredBundle(UNDER_TWO, ROOT_2)), versions: NO_VERSIONS };
    expect(trusts.read(newer).rootVersion).toBe(2);
    expect(() => trusts.read({ ...newer, bundle: objects.put(toTrustBundleBytes(toRootsOnly(ROOT_2))) })).toThrow(
      corrupt,
    );
  });

  it("is refused where it would be too large to be read again", () => {
    const size = (timestamp: number) => {
      const roots = [toDigest(trust.root)];
      return toTrustBundleBytes({ ...trust, roots, timestamp: Buffer.alloc(timestamp, 1) }).length;
    };
    const largest = MAX_TRUST_BUNDLE_BYTES - (size(30_000) - 30_000);
    const stored = (timestamp: number) =>
      toStoredBundle({ ...trust, timestamp: Buffer.alloc(timestamp, 1) }, trust.root);
    expect(stored(largest)).toHaveLength(MAX_TRUST_BUNDLE_BYTES);
    expect(() => stored(largest + 1)).toThrow(expect.objectContaining({ code: "BYTES_TOO_LARGE" }));
  });
});

describe("trust roots", () => {
  it("are followed as far as they go: not past one that is missing, unproven or out of turn", () => {
    const { objects, trusts } = open();
    const root3 = objects.put(toRootBytes(3, TWO, TWO, NOW));
    const second = objects.put(ROOT_2);
    const foreign = objects.put(toRootBytes(2, THIEVES, THIEVES, NOW));
    const lost = "00".repeat(32);
    for (const [names, version] of [
      [[second, root3], 3],
      [[second, lost, root3], 2],
      [[second, second], 2],
      [[root3], 1],
      [[foreign, second], 1],
      [[], 1],
    ] as const) {
      trusts.follow(names);
      expect(trusts.roots).toMatchObject({ version, names: names.slice(0, version - 1) });
    }
  });

  it("begin with a pinned one that is a root, or there is no agent", () => {
    const objects = openObjects(new MemoryFiles());
    expect(() => openTrustStore(objects, Buffer.from("{}"))).toThrow(invalid);
  });
});
