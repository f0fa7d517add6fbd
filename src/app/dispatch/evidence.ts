import { toDigest, toHex } from "../../../proto/bytes.ts";
import { findEntries } from "../../store/ledger.ts";
import { findProfiles } from "../../store/releases.ts";
import type { DeploymentRow, LedgerRow } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";

/** What a deployment is held against besides its release. */
export interface Evidence {
  /** Encoded profile that the directive replaces; absent where there is none, or none with that digest on record. */
  readonly base?: Uint8Array;
  /** The ledger's row that the deployment says it was ordered by. */
  readonly order?: LedgerRow;
}

/** Reads the evidence for many deployments at once. */
export async function readEvidence(
  store: Store,
  rows: readonly DeploymentRow[],
): Promise<(row: DeploymentRow) => Evidence> {
  const digests = rows.flatMap(({ baseDigest }) => baseDigest ?? []);
  // By the digest of the bytes themselves: a row that was altered is no profile at all.
  const profiles = new Map((await findProfiles(store, digests)).map(({ bytes }) => [toHex(toDigest(bytes)), bytes]));
  const indexes = rows.flatMap(({ orderIndex }) => orderIndex ?? []);
  const orders = new Map((await findEntries(store, indexes)).map((entry) => [entry.idx, entry]));
  return ({ baseDigest, orderIndex }) => {
    const base = baseDigest === null ? undefined : profiles.get(toHex(baseDigest));
    const order = orderIndex === null ? undefined : orders.get(orderIndex);
    return { ...(base === undefined ? {} : { base }), ...(order === undefined ? {} : { order }) };
  };
}
