import { type ReleaseLeaf, verifyLeaf } from "../../../certs/release.ts";
import { MAX_SEALED_BYTES } from "../../../proto/bounds.ts";
import { isEqual, NONCE_BYTES, toDigest } from "../../../proto/bytes.ts";
import { toDeliveryBytes } from "../../../proto/delivery.ts";
import { type Directive, parseDirective } from "../../../proto/directive.ts";
import { type ErrorCode, TillsyncError } from "../../../proto/errors.ts";
import { parseProfile } from "../../../proto/profile.ts";
import { isIncluded, toLeafHash } from "../../../proto/tree.ts";
import { toHashes } from "../../store/ledger.ts";
import type { DeploymentRow } from "../../store/schema.ts";
import { isOrderOf } from "../release/orders.ts";
import type { Evidence } from "./evidence.ts";
import type { VerifiedRelease } from "./verified-release.ts";

/**
 * The delivery for one deployment, made only where the row is what was signed: the database is a cache, and whoever
 * edits it must not reach a terminal by it. What is sealed is not signed: it opens to the signed commitment or to
 * nothing. `now` in seconds.
 *
 * @throws TillsyncError NOT_IN_RELEASE, WRONG_TERMINAL, RELEASE_INVALID; STATE_CONFLICT where it brings back older
 *   content and nobody ordered it; what `parseDirective`, `parseProfile` and `verifyLeaf` throw; anything else where a
 *   value is of another type than its column: a database that was edited keeps no promise
 */
export function toVerifiedDelivery(
  row: DeploymentRow,
  release: VerifiedRelease,
  evidence: Evidence,
  now: number,
): Uint8Array {
  const { statement, statementBytes, signatures } = release;
  const demand = (holds: boolean, code: ErrorCode) => {
    if (!holds) throw new TillsyncError(code, { terminal: row.tusn, sequence: row.sequence });
  };
  const path = toHashes(row.path);
  const leafHash = toLeafHash(row.directive);
  demand(isIncluded(leafHash, row.leafIndex, statement.size, path, statement.root), "NOT_IN_RELEASE");
  const directive = parseDirective(row.directive);
  demand(directive.tusn === row.tusn, "WRONG_TERMINAL");
  demand(
    directive.sequence === row.sequence &&
      directive.notBefore === row.notBefore &&
      directive.notAfter === row.notAfter &&
      isEqual(toDigest(row.directive), row.directiveDigest) &&
      isEqual(directive.baseDigest, row.baseDigest ?? new Uint8Array(0)) &&
      isEqual(toDigest(directive.profile), row.profileDigest),
    "RELEASE_INVALID",
  );
  demand(evidence.base !== undefined || directive.baseDigest.length === 0, "RELEASE_INVALID");
  verifyLeaf(toLeaf(row, directive, evidence), statement, now);
  demand(directive.restores.length === 0 || isOrderOf(evidence.order, row), "STATE_CONFLICT");
  const { nonce, leafIndex: index } = row;
  const sealed = row.sealed ?? new Uint8Array(0);
  // The terminal reads a delivery under strict bounds; what it cannot read it could never answer.
  demand(nonce instanceof Uint8Array && nonce.length === NONCE_BYTES, "RELEASE_INVALID");
  demand(sealed instanceof Uint8Array && sealed.length <= MAX_SEALED_BYTES, "RELEASE_INVALID");
  return toDeliveryBytes({
    statement: statementBytes,
    signatures,
    index,
    path,
    directive: row.directive,
    nonce,
    sealed,
  });
}

function toLeaf(row: DeploymentRow, directive: Directive, { base }: Evidence): ReleaseLeaf {
  const held = base === undefined ? undefined : parseProfile(base);
  const profile = parseProfile(directive.profile);
  return { directive, profile, base: held, index: row.leafIndex, bytes: row.directive, isReserve: false };
}
