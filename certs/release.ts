import type { KeyObject } from "node:crypto";
import { isEqual, toDigest, toHex, toUtf8 } from "../proto/bytes.ts";
import type { ReleaseFile } from "../proto/delivery.ts";
import { isCovered, toDifferenceClass } from "../proto/difference.ts";
import { type Directive, parseDirective } from "../proto/directive.ts";
import { type ErrorCode, TillsyncError } from "../proto/errors.ts";
import { type Profile, parseProfile } from "../proto/profile.ts";
import { parseStatement, type Statement } from "../proto/statement.ts";
import { type Tree, toLeafHash, toTree } from "../proto/tree.ts";
import { verifyPermitted } from "./permission.ts";
import { signStatement } from "./signatures.ts";
import type { Policy } from "./trust/policy.ts";

/**
 * How far an approver's clock may run ahead: a release is not refused for having been made "in the future" within this.
 * It widens neither `notBefore` nor any expiry.
 */
export const CLOCK_SLACK_S = 300;

/** One directive with the profile it brings and the one it replaces; `base` is undefined where there was none. */
export interface ReleaseLeaf {
  readonly index: number;
  readonly directive: Directive;
  readonly bytes: Uint8Array;
  readonly profile: Profile;
  readonly base: Profile | undefined;
  /** A way back that is approved together with the change before it, to be sent only when an operator orders it. */
  readonly isReserve: boolean;
}

/** A release file that fits together: what is looked at in its leaves is what its statement is about. */
export interface WholeRelease {
  readonly file: ReleaseFile;
  readonly statement: Statement;
  readonly tree: Tree;
  readonly leaves: readonly ReleaseLeaf[];
}

/**
 * Checks that the tree over the directives is the stated one, that the reason is the stated one, that each base is what
 * its directive names, and that there is one directive per terminal, or a change with its way back, and one signature
 * per key. Says nothing of who signed. Whoever shows or signs a release works on what this gives: with other directives
 * under the same statement people would sign what they never saw.
 *
 * @throws TillsyncError NOT_IN_RELEASE, RELEASE_INVALID, and what the parts' parsers throw
 */
export function verifyReleaseFile(file: ReleaseFile): WholeRelease {
  const statement = parseStatement(file.statement);
  const tree = toTree(file.directives.map(toLeafHash));
  if (tree.size !== statement.size || !isEqual(tree.root, statement.root)) throw new TillsyncError("NOT_IN_RELEASE");
  if (!isEqual(toDigest(toUtf8(file.reason)), statement.reason)) {
    throw new TillsyncError("RELEASE_INVALID", { expected: "the reason that was signed" });
  }
  demandDistinct(
    file.signatures.map(({ keyId }) => toHex(keyId)),
    "one signature per key",
  );
  return { file, statement, tree, leaves: toLeaves(file) };
}

/**
 * Judges a release as every terminal's gate will, as far as that can be told without the terminals: what the policy
 * permits, that the purpose covers what differs, one merchant in a binding release, and validity. `now` in seconds.
 *
 * @throws TillsyncError TYPE_NOT_ALLOWED, CAP_EXCEEDED, PURPOSE_TOO_NARROW, WRONG_MERCHANT, NOT_YET_VALID, EXPIRED
 */
export function verifyRelease({ statement, leaves }: WholeRelease, policy: Policy, now: number): void {
  verifyPermitted(policy, statement);
  for (const leaf of leaves) verifyLeaf(leaf, statement, now);
}

/** @throws TillsyncError as `verifyRelease`, naming the terminal */
export function verifyLeaf({ directive, profile, base }: ReleaseLeaf, statement: Statement, now: number): void {
  const demand = (holds: boolean, code: ErrorCode) => {
    if (!holds) throw new TillsyncError(code, { terminal: directive.tusn });
  };
  // The gate refuses for good what was made in its future.
  demand(statement.created <= now + CLOCK_SLACK_S, "NOT_YET_VALID");
  demand(now <= directive.notAfter && now <= statement.expires, "EXPIRED");
  demand(isCovered(statement.purpose, toDifferenceClass(base, profile)), "PURPOSE_TOO_NARROW");
  demand(statement.merchant === "" || statement.merchant === profile.merchant.number, "WRONG_MERCHANT");
  demand(base === undefined || base.merchant.number === profile.merchant.number, "WRONG_MERCHANT");
}

/**
 * The release with this key's signature added; a signature by the same key that is there already is replaced.
 *
 * @throws TillsyncError as `verifyReleaseFile`: nothing is signed that does not fit together
 */
export function signRelease(file: ReleaseFile, privateKey: KeyObject): ReleaseFile {
  verifyReleaseFile(file);
  const signature = signStatement(privateKey, file.statement);
  const others = file.signatures.filter(({ keyId }) => !isEqual(keyId, signature.keyId));
  return { ...file, signatures: [...others, signature] };
}

function toLeaves(file: ReleaseFile): readonly ReleaseLeaf[] {
  const changes = new Map<string, ReleaseLeaf>();
  const reserves = new Set<string>();
  return file.directives.map((bytes, index) => {
    const leaf = toLeaf(bytes, file.bases[index] ?? new Uint8Array(0), index);
    const { tusn } = leaf.directive;
    const change = changes.get(tusn);
    if (change === undefined) {
      changes.set(tusn, leaf);
      return leaf;
    }
    if (reserves.has(tusn) || !isWayBack(leaf.directive, change.directive)) {
      throw new TillsyncError("RELEASE_INVALID", { tusn, expected: "one directive per terminal" });
    }
    reserves.add(tusn);
    return { ...leaf, isReserve: true };
  });
}

/** Whether it undoes the change, under the next sequence: from what that brings to what that replaces. */
function isWayBack(directive: Directive, change: Directive): boolean {
  return (
    directive.restores.length > 0 &&
    isEqual(directive.restores, change.baseDigest) &&
    isEqual(directive.baseDigest, toDigest(change.profile)) &&
    directive.sequence === change.sequence + 1
  );
}

function toLeaf(bytes: Uint8Array, base: Uint8Array, index: number): ReleaseLeaf {
  const directive = parseDirective(bytes);
  const baseDigest = base.length === 0 ? base : toDigest(base);
  if (!isEqual(baseDigest, directive.baseDigest)) throw new TillsyncError("RELEASE_INVALID", { tusn: directive.tusn });
  const profile = parseProfile(directive.profile);
  const held = base.length === 0 ? undefined : parseProfile(base);
  return { index, directive, bytes, profile, base: held, isReserve: false };
}

function demandDistinct(names: readonly string[], expected: string): void {
  if (new Set(names).size !== names.length) throw new TillsyncError("RELEASE_INVALID", { expected });
}
