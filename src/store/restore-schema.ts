import type { Generated } from "kysely";
import type { Tusn } from "../../proto/tusn.ts";

// Rows of restores; `schema.ts` holds the others and the rules for all.

/** This database was put back from a backup. */
export interface RestoreRow {
  readonly id: Generated<number>;
  readonly restoredAt: number;
  readonly backupAt: number;
  /** Of the ledger at the backup. */
  readonly ledgerSize: number;
  readonly ledgerRoot: Uint8Array;
  readonly actor: string;
  readonly reason: string;
}

/**
 * A terminal of which nobody knows, since the last restore, what it was last given. Every terminal that is added after a
 * restore has a row, too, by a trigger: it may have been on record, and been given directives, after the backup.
 */
export interface UnsettledRow {
  readonly tusn: Tusn;
}

export interface RestoreTables {
  restores: RestoreRow;
  unsettled: UnsettledRow;
}
