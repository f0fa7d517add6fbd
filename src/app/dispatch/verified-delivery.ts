import { isEqual, NONCE_BYTES, toDigest } from "../../../proto/bytes.ts";
import { toDeliveryBytes } from "../../../proto/delivery.ts";
import { parseDirective } from "../../../proto/directive.ts";
import { type ErrorCode, TillsyncError } from "../../../proto/errors.ts";
import { isIncluded, toLeafHash } from "../../../proto/tree.ts";
import { toHashes } from "../../store/ledger.ts";
import type { DeploymentRow } from "../../store/schema.ts";
import type { VerifiedRelease } from "./verified-release.ts";

/**
 * The delivery for one deployment, made only where the row is what was signed: the database is a cache, and whoever
 * edits it must not reach a terminal by it.
 *
 * @throws TillsyncError NOT_IN_RELEASE, WRONG_TERMINAL, RELEASE_INVALID, and what `parseDirective` throws; anything else
 *   where a value is of another type than its column: a database that was edited keeps no promise
 */
export function toVerifiedDelivery(row: DeploymentRow, release: VerifiedRelease): Uint8Array {
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
  const { nonce, leafIndex: index } = row;
  // The terminal reads a delivery under strict bounds; what it cannot read it could never answer.
  demand(nonce instanceof Uint8Array && nonce.length === NONCE_BYTES, "RELEASE_INVALID");
  return toDeliveryBytes({ statement: statementBytes, signatures, index, path, directive: row.directive, nonce });
}
