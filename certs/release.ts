import type { KeyObject } from "node:crypto";
import { isEqual, toDigest, toHex } from "../proto/bytes.ts";
import type { ReleaseFile } from "../proto/delivery.ts";
import { type Directive, parseDirective } from "../proto/directive.ts";
import { TillsyncError } from "../proto/errors.ts";
import { type Profile, parseProfile } from "../proto/profile.ts";
import { parseStatement, type Statement } from "../proto/statement.ts";
import { type Tree, toLeafHash, toTree } from "../proto/tree.ts";
import { signStatement } from "./signatures.ts";

/** One directive with the profile it brings and the one it replaces; `base` is undefined where there was none. */
export interface ReleaseLeaf {
  readonly directive: Directive;
  readonly bytes: Uint8Array;
  readonly profile: Profile;
  readonly base: Profile | undefined;
}

/** A release file that fits together: what is looked at in its leaves is what its statement is about. */
export interface WholeRelease {
  readonly file: ReleaseFile;
  readonly statement: Statement;
  readonly tree: Tree;
  readonly leaves: readonly ReleaseLeaf[];
}

/**
 * Checks that the tree over the directives is the stated one, that each base is what its directive names, and that there
 * is one directive per terminal and one signature per key. Says nothing of who signed. Whoever shows or signs a release
 * works on what this gives: with other directives under the same statement people would sign what they never saw.
 *
 * @throws TillsyncError NOT_IN_RELEASE, RELEASE_INVALID, and what the parts' parsers throw
 */
export function verifyReleaseFile(file: ReleaseFile): WholeRelease {
  const statement = parseStatement(file.statement);
  const tree = toTree(file.directives.map(toLeafHash));
  if (tree.size !== statement.size || !isEqual(tree.root, statement.root)) throw new TillsyncError("NOT_IN_RELEASE");
  const leaves = file.directives.map((bytes, index) => toLeaf(bytes, file.bases[index] ?? new Uint8Array(0)));
  demandDistinct(
    leaves.map(({ directive }) => directive.tusn),
    "one directive per terminal",
  );
  demandDistinct(
    file.signatures.map(({ keyId }) => toHex(keyId)),
    "one signature per key",
  );
  return { file, statement, tree, leaves };
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

function toLeaf(bytes: Uint8Array, base: Uint8Array): ReleaseLeaf {
  const directive = parseDirective(bytes);
  const baseDigest = base.length === 0 ? base : toDigest(base);
  if (!isEqual(baseDigest, directive.baseDigest)) throw new TillsyncError("RELEASE_INVALID", { tusn: directive.tusn });
  const profile = parseProfile(directive.profile);
  return { directive, bytes, profile, base: base.length === 0 ? undefined : parseProfile(base) };
}

function demandDistinct(names: readonly string[], expected: string): void {
  if (new Set(names).size !== names.length) throw new TillsyncError("RELEASE_INVALID", { expected });
}
