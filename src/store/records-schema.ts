import type { Generated } from "kysely";
import type { BindingKind } from "../../proto/profile.ts";
import type { KnownCardClass } from "../domain/records/bins.ts";
import type { OwnerKind } from "../domain/records/owner.ts";
import type { BindingState } from "../domain/records/record.ts";

/** What is on record of a merchant beside its row in `merchants`: one row for each of those. */
export interface MerchantDetailsRow {
  readonly number: string;
  readonly ownerKind: OwnerKind;
  readonly principal: string;
  /** Seconds; null where nobody has told. */
  readonly licenceValidUntil: number | null;
  /** JSON, a list of contacts. */
  readonly contacts: string;
  /** Counts every change of the record, from 1. */
  readonly version: number;
  readonly updatedAt: number;
}

export const HISTORY_GROUPS = ["merchant", "contact", "settlement"] as const;
export type HistoryGroup = (typeof HISTORY_GROUPS)[number];

/** One group of a record that changed. The database refuses to change or remove a row. */
export interface MerchantHistoryRow {
  readonly id: Generated<number>;
  readonly number: string;
  /** The version that the change made. */
  readonly version: number;
  readonly at: number;
  /** Person or program; the TUSN of the terminal that committed it. */
  readonly actor: string;
  /** Empty where no change of the workflow brought it. */
  readonly changeId: string;
  readonly groupName: HistoryGroup;
  /** JSON of what differs, account numbers masked. */
  readonly before: string;
  readonly after: string;
}

/** A settlement account of a merchant. The database refuses to remove a row, and to change what it says. */
export interface BindingRow {
  readonly id: Generated<number>;
  readonly merchant: string;
  readonly kind: BindingKind;
  readonly bank: string;
  readonly cnaps: string;
  readonly holder: string;
  readonly bin: string;
  readonly last4: string;
  readonly commitment: Uint8Array;
  readonly validFrom: number | null;
  readonly validUntil: number | null;
  /** At most one of those in force of a merchant: the one in its row in `merchants`. */
  readonly isPrimary: 0 | 1;
  readonly state: BindingState;
  readonly since: number | null;
  readonly until: number | null;
  readonly replaces: number | null;
  readonly changeId: string;
}

/** A BIN as the operator's own table has it. */
export interface BinRow {
  readonly bin: string;
  readonly issuer: string;
  readonly cardClass: KnownCardClass;
}

export interface RecordsTables {
  merchantDetails: MerchantDetailsRow;
  merchantHistory: MerchantHistoryRow;
  bindings: BindingRow;
  bins: BinRow;
}
