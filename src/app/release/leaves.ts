import { concat, NONCE_BYTES, toDigest } from "../../../proto/bytes.ts";
import type { Directive } from "../../../proto/directive.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { toInclusionPath } from "../../../proto/tree.ts";
import { verifyDirective } from "../../domain/release-check.ts";
import type { DeploymentRow, ProfileRow } from "../../store/schema.ts";
import type { Context } from "../context.ts";
import type { ParsedRelease } from "./parse-release.ts";

/** One directive of a release with the rows that it will be on record as. */
export interface Leaf {
  readonly directive: Directive;
  /** Number of the merchant whom its profile names. */
  readonly merchant: string;
  readonly deployment: DeploymentRow;
  /** The new profile, and the one it replaces where there is one. */
  readonly profiles: readonly ProfileRow[];
}

/**
 * All leaves, each judged by itself. This is the heavy part of publishing and needs no record: it is done before the
 * transaction, which keeps all other writers waiting.
 *
 * @throws TillsyncError what `verifyDirective` throws
 */
export function toLeaves(release: ParsedRelease, context: Context): readonly Leaf[] {
  const now = context.now();
  return release.directives.map((directive, index) => {
    const base = release.file.bases[index];
    const bytes = release.file.directives[index];
    if (base === undefined || bytes === undefined) throw new TillsyncError("INTERNAL");
    const profile = verifyDirective(directive, base, release.statement, now);
    const next = toProfileRow(directive.profile);
    const { tusn, sequence, baseDigest, notBefore, notAfter } = directive;
    const deployment: DeploymentRow = {
      ...{ tusn, sequence, notBefore, notAfter },
      releaseId: release.statement.releaseId,
      leafIndex: index,
      path: concat(...toInclusionPath(release.tree, index)),
      directive: bytes,
      directiveDigest: toDigest(bytes),
      baseDigest: baseDigest.length === 0 ? null : baseDigest,
      profileDigest: next.digest,
      nonce: context.randomBytes(NONCE_BYTES),
      state: "pending",
      code: "",
      detail: "",
      updatedAt: now,
    };
    const held = base.length === 0 ? [] : [{ digest: baseDigest, bytes: base }];
    return { directive, merchant: profile.merchant.number, deployment, profiles: [next, ...held] };
  });
}

function toProfileRow(bytes: Uint8Array): ProfileRow {
  return { digest: toDigest(bytes), bytes };
}
