import { verifyPermitted } from "../../../certs/permission.ts";
import { verifyApproval } from "../../../certs/signatures.ts";
import type { Policy } from "../../../certs/trust/policy.ts";
import { isEqual, toDigest, toHex, toUtf8 } from "../../../proto/bytes.ts";
import type { Signature } from "../../../proto/delivery.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { parseStatement, type Statement } from "../../../proto/statement.ts";
import { findReleases, findSignatures } from "../../store/releases.ts";
import type { ReleaseRow } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";

/** A release whose approval holds, in the bytes that terminals get. */
export interface VerifiedRelease {
  readonly statement: Statement;
  readonly statementBytes: Uint8Array;
  readonly signatures: readonly Signature[];
}

/** Releases kept at hand. */
const MAX_RELEASES = 256;

/**
 * Releases from the database, believed only as far as their signatures go. What was verified once under a policy is
 * kept, so that a release is verified once and not for each of its directives.
 */
export class VerifiedReleases {
  readonly #store: Store;
  readonly #kept = new Map<string, { readonly policy: Policy; readonly release: VerifiedRelease }>();

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * @throws TillsyncError NOT_FOUND; STATEMENT_UNSIGNED, TYPE_NOT_ALLOWED, CAP_EXCEEDED where the policy does not let it
   *   take effect; RELEASE_INVALID and what `parseStatement` throws where the record is not what was signed
   */
  async read(id: Uint8Array, policy: Policy): Promise<VerifiedRelease> {
    const name = toHex(id);
    const kept = this.#kept.get(name);
    if (kept?.policy === policy) return kept.release;
    const [row] = await findReleases(this.#store, [id]);
    if (row === undefined) throw new TillsyncError("NOT_FOUND", { release: name });
    const release = verifyRow(row, await findSignatures(this.#store, [id]), policy);
    if (this.#kept.size >= MAX_RELEASES) this.#kept.clear();
    this.#kept.set(name, { policy, release });
    return release;
  }
}

function verifyRow(row: ReleaseRow, signatures: readonly Signature[], policy: Policy): VerifiedRelease {
  const statement = parseStatement(row.statement);
  verifyApproval(policy, statement.purpose, row.statement, signatures);
  verifyPermitted(policy, statement);
  const isSame =
    isEqual(statement.releaseId, row.id) &&
    isEqual(statement.root, row.root) &&
    statement.size === row.size &&
    statement.purpose === row.purpose &&
    statement.merchant === row.merchant &&
    statement.created === row.created &&
    statement.expires === row.expires &&
    isEqual(statement.reason, toDigest(toUtf8(row.reason)));
  if (!isSame) throw new TillsyncError("RELEASE_INVALID", { release: toHex(row.id) });
  return {
    statement,
    statementBytes: row.statement,
    signatures: signatures.map(({ keyId, value }) => ({ keyId, value })),
  };
}
