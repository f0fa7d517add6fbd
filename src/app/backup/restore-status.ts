import type { HeldTrust } from "../../domain/reconcile.ts";
import { countUnsettled, listRestores, listUnsettled } from "../../store/restores.ts";
import type { Store } from "../../store/store.ts";
import type { LedgerHead } from "./manifest.ts";

/** Of an unsettled terminal that said hello and is not believed. */
export type UnsettledReason = "not_heard" | "trust_ahead";

export interface RestoreStatus {
  /** The last restore; absent where this database was never put back. */
  readonly restored?: { readonly at: number; readonly backupAt: number; readonly ledger: LedgerHead };
  /** Terminals that get nothing until they have said hello. */
  readonly unsettled: number;
  /** Those of them that are enrolled, and can say it. */
  readonly enrolled: number;
  readonly terminals: readonly {
    readonly tusn: string;
    readonly reason: UnsettledReason;
    readonly lastSeen: number | null;
  }[];
}

/**
 * Who has not told yet, since the last restore, what it was last given; by name at most `limit` behind `after`.
 *
 * @param trust versions of the trust metadata that the service holds
 */
export async function readRestoreStatus(
  store: Store,
  trust: HeldTrust,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<RestoreStatus> {
  const [last] = await listRestores(store);
  const terminals = (await listUnsettled(store, after, limit)).map((row) => {
    const { tusn, lastSeen, rootVersion, timestampVersion } = row;
    const isAhead = (rootVersion ?? 0) > trust.rootVersion || (timestampVersion ?? 0) > trust.timestampVersion;
    return { tusn, lastSeen, reason: isAhead ? ("trust_ahead" as const) : ("not_heard" as const) };
  });
  const restored = last && {
    at: last.restoredAt,
    backupAt: last.backupAt,
    ledger: { size: last.ledgerSize, root: last.ledgerRoot },
  };
  return { ...(restored === undefined ? {} : { restored }), ...(await countUnsettled(store)), terminals };
}
