import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toDigest, toHex, toUtf8 } from "../../proto/bytes.ts";
import {
  appendLeaf,
  EMPTY_FRONTIER,
  isConsistent,
  isIncluded,
  toFrontierRoot,
  toInclusionPath,
  toLeafHash,
  toNodeHash,
  toTree,
} from "../../proto/tree.ts";

interface InclusionVector {
  readonly name: string;
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly root: string;
  readonly leafHash: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

interface ConsistencyVector {
  readonly name: string;
  readonly size1: number;
  readonly size2: number;
  readonly root1: string;
  readonly root2: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

const HASH_BYTES = 32;

function readVectors<T>(file: string): readonly T[] {
  return JSON.parse(readFileSync(new URL(`../vectors/rfc6962/${file}`, import.meta.url), "utf8")) as T[];
}

function fromBase64(text: string): Uint8Array {
  return Buffer.from(text, "base64");
}

function toLeaves(count: number): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, i) => toLeafHash(toUtf8(`leaf ${i}`)));
}

/** RFC 9162 2.1.1 word for word: split at the largest power of two below n. */
function toRootByDefinition(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return toDigest(new Uint8Array(0));
  if (leaves.length === 1) return only;
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return toNodeHash(toRootByDefinition(leaves.slice(0, split)), toRootByDefinition(leaves.slice(split)));
}

/** RFC 9162 2.1.4.1 word for word. */
function toConsistencyPath(size1: number, leaves: readonly Uint8Array[], complete: boolean): readonly Uint8Array[] {
  if (size1 === leaves.length) return complete ? [] : [toRootByDefinition(leaves)];
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return size1 <= split
    ? [...toConsistencyPath(size1, leaves.slice(0, split), complete), toRootByDefinition(leaves.slice(split))]
    : [...toConsistencyPath(size1 - split, leaves.slice(split), false), toRootByDefinition(leaves.slice(0, split))];
}

describe("an inclusion proof", () => {
  it("agrees with every public vector", () => {
    const vectors = readVectors<InclusionVector>("inclusion.json");
    expect(vectors.length).toBeGreaterThan(50);
    for (const vector of vectors) {
      const path = (vector.proof ?? []).map(fromBase64);
      const root = fromBase64(vector.root);
      const holds = isIncluded(fromBase64(vector.leafHash), vector.leafIdx, vector.treeSize, path, root);
      expect(holds, vector.name).toBe(!vector.wantErr);
    }
  });

  it("holds for every leaf of every tree up to 65 leaves, and for no other place", () => {
    for (let size = 1; size <= 65; size++) {
      const leaves = toLeaves(size);
      const tree = toTree(leaves);
      for (const [index, leaf] of leaves.entries()) {
        const path = toInclusionPath(tree, index);
        expect(isIncluded(leaf, index, size, path, tree.root)).toBe(true);
        expect(isIncluded(leaf, index ^ 1, size, path, tree.root)).toBe(false);
        expect(isIncluded(leaf, index, size, [...path, leaf], tree.root)).toBe(false);
      }
    }
  });

  it("is refused for a leaf hash, root or path hash that is not 32 bytes", () => {
    const tree = toTree(toLeaves(2));
    const [leaf, other] = toLeaves(2) as [Uint8Array, Uint8Array];
    expect(isIncluded(leaf.subarray(1), 0, 2, [other], tree.root)).toBe(false);
    expect(isIncluded(leaf, 0, 2, [other.subarray(1)], tree.root)).toBe(false);
    expect(isIncluded(leaf, 0, 2, [other], tree.root.subarray(1))).toBe(false);
  });

  it("is refused for sizes and indexes that are no whole numbers in range", () => {
    const [leaf] = toLeaves(1) as [Uint8Array];
    for (const [index, size] of [
      [0, 0],
      [0, 0.5],
      [0.5, 1],
      [-1, 1],
      [1, 1],
      [0, Number.NaN],
      [0, -1],
    ] as const) {
      expect(isIncluded(leaf, index, size, [], leaf)).toBe(false);
    }
  });

  it("cannot be made for an index outside the tree", () => {
    const tree = toTree(toLeaves(3));
    for (const index of [-1, 3, 0.5]) {
      expect(() => toInclusionPath(tree, index)).toThrow(expect.objectContaining({ code: "TREE_INVALID" }));
    }
  });
});

describe("a tree", () => {
  it("has the root that the RFC defines, built at once or leaf by leaf", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), (size) => {
        const leaves = toLeaves(size);
        const root = toHex(toRootByDefinition(leaves));
        expect(toHex(toTree(leaves).root)).toBe(root);
        expect(toHex(toFrontierRoot(leaves.reduce(appendLeaf, EMPTY_FRONTIER)))).toBe(root);
      }),
      { numRuns: 50 },
    );
  });

  it("without leaves has no inclusion tree, and as a log the hash of nothing", () => {
    expect(() => toTree([])).toThrow(expect.objectContaining({ code: "TREE_INVALID" }));
    expect(toHex(toFrontierRoot(EMPTY_FRONTIER))).toBe(toHex(toDigest(new Uint8Array(0))));
  });
});

describe("a consistency proof", () => {
  it("agrees with every public vector, but for the one whose roots are no hashes", () => {
    const vectors = readVectors<ConsistencyVector>("consistency.json");
    expect(vectors.length).toBeGreaterThan(50);
    let noHashes = 0;
    for (const vector of vectors) {
      const [root1, root2] = [fromBase64(vector.root1), fromBase64(vector.root2)];
      const holds = isConsistent(vector.size1, vector.size2, root1, root2, (vector.proof ?? []).map(fromBase64));
      const isHashes = root1.length === HASH_BYTES && root2.length === HASH_BYTES;
      if (!isHashes && !vector.wantErr) noHashes++;
      expect(holds, vector.name).toBe(isHashes && !vector.wantErr);
    }
    expect(noHashes).toBe(1);
  });

  it("holds between any two sizes of one log, and not when either root is another", () => {
    const leaves = toLeaves(40);
    for (let size2 = 1; size2 <= leaves.length; size2++) {
      const root2 = toRootByDefinition(leaves.slice(0, size2));
      for (let size1 = 1; size1 <= size2; size1++) {
        const root1 = toRootByDefinition(leaves.slice(0, size1));
        const path = toConsistencyPath(size1, leaves.slice(0, size2), true);
        expect(isConsistent(size1, size2, root1, root2, path)).toBe(true);
        expect(isConsistent(size1, size2, toDigest(root1), root2, path)).toBe(false);
        expect(isConsistent(size1, size2, root1, toDigest(root2), path)).toBe(false);
        expect(isConsistent(size1, size2, root1, root2, [...path, root1])).toBe(false);
      }
    }
  });

  it("is refused for a smaller second tree, size zero and hashes that are not 32 bytes", () => {
    const root = toRootByDefinition(toLeaves(2));
    expect(isConsistent(2, 1, root, root, [])).toBe(false);
    expect(isConsistent(0, 2, root, root, [])).toBe(false);
    expect(isConsistent(2, 0, root, root, [])).toBe(false);
    expect(isConsistent(2, 3, root, root, [])).toBe(false);
    expect(isConsistent(3, 5, root, root, [])).toBe(false);
    expect(isConsistent(2, 2, root.subarray(1), root, [])).toBe(false);
  });
});
