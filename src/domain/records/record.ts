import type { Binding, Merchant } from "../../../proto/profile.ts";
import type { Contact } from "./contact.ts";
import type { OwnerKind } from "./owner.ts";

/** Everything on record of a merchant beside its settlement: what terminals hold of it, and what only people need. */
export interface MerchantFacts extends Merchant {
  readonly ownerKind: OwnerKind;
  /** Legal representative, or who runs the business; empty where nobody has told yet. */
  readonly principal: string;
  /** The first second in which the business licence is good no more; null where nobody has told. */
  readonly licenceValidUntil: number | null;
  readonly contacts: readonly Contact[];
}

/** What a change may set; what is absent stays. The number is the merchant's for ever. */
export type RecordPatch = Partial<Omit<MerchantFacts, "number">>;

/**
 * `prepared`: a change brings it, and it is in force once a terminal has committed it; `in_force`: money may settle to
 * it; `ended`: for good. What comes back after that is another row.
 */
export type BindingState = "prepared" | "in_force" | "ended";

/** From when and until when a settlement account is good, in seconds; null where nothing bounds it. */
export interface Validity {
  readonly validFrom: number | null;
  /** The first second in which it is good no more. */
  readonly validUntil: number | null;
}

/** A settlement account with its validity, as a change brings it. */
export interface SettlementRecord extends Binding, Validity {}

/** A settlement account on record. */
export interface BindingRecord extends SettlementRecord {
  readonly id: number;
  /** The one that the terminals' profiles hold; exactly one of those in force. */
  readonly isPrimary: boolean;
  readonly state: BindingState;
  /** Since when it is or was in force; null where it never was. */
  readonly since: number | null;
  /** When it ended; null before. */
  readonly until: number | null;
  /** Id of the binding that ends when this one comes into force; null where all others stay. */
  readonly replaces: number | null;
  /** Id of the change that brought it; empty where none did. */
  readonly changeId: string;
}

/** A merchant as it is on record now. */
export interface MerchantRecord extends MerchantFacts {
  /** Counts every change of what is here, bindings included, from 1. */
  readonly version: number;
  /** Seconds. */
  readonly updatedAt: number;
  /** In force and prepared, the primary one first, then by id. */
  readonly bindings: readonly BindingRecord[];
}
