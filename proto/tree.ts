import { hash } from "node:crypto";
import { concat, DIGEST_BYTES, isEqual, toDigest } from "./bytes.ts";
import { TillsyncError } from "./errors.ts";

// RFC 9162 section 2: leaf hash SHA-256(0x00 || leaf), node hash SHA-256(0x01 || left || right). Only 32-byte hashes are
// taken, and size 0 is refused wherever a tree is needed; a literal reading of the RFC would let such proofs through.

const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);

/** RFC 9162 2.1.1, leaf hash. */
export function toLeafHash(leaf: Uint8Array): Uint8Array {
  return toDigest(concat(LEAF_PREFIX, leaf));
}

/** RFC 9162 2.1.1, interior hash. */
export function toNodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return hash("sha256", concat(NODE_PREFIX, left, right), "buffer");
}

/** All levels of a tree, leaves first; a node without a sibling stands unchanged on the level above. */
export interface Tree {
  readonly size: number;
  readonly root: Uint8Array;
  readonly levels: readonly (readonly Uint8Array[])[];
}

/** @throws TillsyncError TREE_INVALID for no leaf */
export function toTree(leafHashes: readonly Uint8Array[]): Tree {
  const levels: (readonly Uint8Array[])[] = [leafHashes];
  let level = leafHashes;
  while (level.length > 1) {
    level = toNextLevel(level);
    levels.push(level);
  }
  const [root] = level;
  if (root === undefined) throw new TillsyncError("TREE_INVALID", { size: 0 });
  return { size: leafHashes.length, root, levels };
}

function toNextLevel(level: readonly Uint8Array[]): readonly Uint8Array[] {
  const next: Uint8Array[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const left = level[i] as Uint8Array;
    const right = level[i + 1];
    next.push(right === undefined ? left : toNodeHash(left, right));
  }
  return next;
}

/**
 * RFC 9162 2.1.3.1, inclusion proof of one leaf, lowest sibling first.
 *
 * @throws TillsyncError TREE_INVALID where the index is outside the tree
 */
export function toInclusionPath(tree: Tree, index: number): readonly Uint8Array[] {
  if (!Number.isInteger(index) || index < 0 || index >= tree.size) throw new TillsyncError("TREE_INVALID", { index });
  const path: Uint8Array[] = [];
  let position = index;
  for (const level of tree.levels) {
    const sibling = level[position ^ 1];
    if (sibling !== undefined) path.push(sibling);
    position >>>= 1;
  }
  return path;
}

/** RFC 9162 2.1.3.2: whether `leafHash` is leaf number `index` of the tree of `size` leaves under `root`. */
export function isIncluded(
  leafHash: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!isSize(size) || !Number.isInteger(index) || index < 0 || index >= size) return false;
  if (![leafHash, root, ...path].every(isHash)) return false;
  let node = index;
  let last = size - 1;
  let computed = leafHash;
  for (const sibling of path) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      computed = toNodeHash(sibling, computed);
      while (node % 2 === 0 && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else {
      computed = toNodeHash(computed, sibling);
    }
    node = half(node);
    last = half(last);
  }
  return last === 0 && isEqual(computed, root);
}

/** RFC 9162 2.1.4.2: whether the tree of `size2` leaves under `root2` only appends to that of `size1` under `root1`. */
export function isConsistent(
  size1: number,
  size2: number,
  root1: Uint8Array,
  root2: Uint8Array,
  path: readonly Uint8Array[],
): boolean {
  if (!isSize(size1) || !isSize(size2) || size1 > size2) return false;
  if (![root1, root2, ...path].every(isHash)) return false;
  if (size1 === size2) return path.length === 0 && isEqual(root1, root2);

  // Where the older tree is complete, its root is itself the first hash of the path.
  let node = size1 - 1;
  let last = size2 - 1;
  while (node % 2 === 1) {
    node = half(node);
    last = half(last);
  }
  const hashes = node === 0 ? [root1, ...path] : path;
  const [first, ...rest] = hashes;
  if (first === undefined) return false;
  let older = first;
  let newer = first;
  for (const sibling of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      older = toNodeHash(sibling, older);
      newer = toNodeHash(sibling, newer);
      while (node % 2 === 0 && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else {
      newer = toNodeHash(newer, sibling);
    }
    node = half(node);
    last = half(last);
  }
  return last === 0 && isEqual(older, root1) && isEqual(newer, root2);
}

/** The roots of the complete subtrees along the right edge, largest first: all that appending needs (RFC 9162 2.1). */
export interface Frontier {
  readonly size: number;
  readonly peaks: readonly Uint8Array[];
}

export const EMPTY_FRONTIER: Frontier = { size: 0, peaks: [] };

/** The frontier after one more leaf. */
export function appendLeaf(frontier: Frontier, leafHash: Uint8Array): Frontier {
  const peaks = [...frontier.peaks];
  let node = leafHash;
  for (let size = frontier.size; size % 2 === 1; size = half(size)) {
    node = toNodeHash(peaks.pop() as Uint8Array, node);
  }
  return { size: frontier.size + 1, peaks: [...peaks, node] };
}

/** Root of the tree; for no leaf the hash of the empty string, as RFC 9162 2.1.1 defines it. */
export function toFrontierRoot(frontier: Frontier): Uint8Array {
  const [smallest, ...larger] = [...frontier.peaks].reverse();
  if (smallest === undefined) return toDigest(new Uint8Array(0));
  return larger.reduce((right, left) => toNodeHash(left, right), smallest);
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function isSize(size: number): boolean {
  return Number.isSafeInteger(size) && size >= 1;
}

function isHash(value: Uint8Array): boolean {
  return value.length === DIGEST_BYTES;
}
