import type { OrderState } from "../domain/acquirers/order.ts";

// Rows of acquirers; `schema.ts` holds the others and the rules for all.

export const ORDER_PURPOSES = ["change", "reversal"] as const;
export type OrderPurpose = (typeof ORDER_PURPOSES)[number];

/** One order to an acquirer. Times in seconds. */
export interface AcquirerOrderRow {
  readonly requestNo: string;
  /** The change that it belongs to. */
  readonly change: string;
  readonly purpose: OrderPurpose;
  /** Code of the acquirer, as in `acquirers.json`. */
  readonly acquirer: string;
  readonly merchant: string;
  /** BindingFacts in JSON. */
  readonly wanted: string;
  /** BindingFacts in JSON; empty where there was none. */
  readonly before: string;
  /** SealedAccount in JSON, which only the acquirer can open; emptied at the end. */
  readonly sealed: string;
  /** What the acquirer has the order under that this one is to take back; empty for every other order. */
  readonly reverses: string;
  readonly state: OrderState;
  readonly reference: string;
  readonly code: string;
  readonly words: string;
  readonly requests: number;
  readonly follows: number;
  readonly dueAt: number | null;
  readonly overdueAt: number | null;
  /** OnRecord in JSON: what the acquirer's record showed last; empty before the first query. */
  readonly onRecord: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A step of a checklist that a person has done, for acquirers that people are asked through. */
export interface AcquirerTickRow {
  readonly requestNo: string;
  readonly step: string;
  readonly person: string;
  readonly at: number;
  /** SHA-256 of a file in the evidence folder; null where none was given. */
  readonly evidence: Uint8Array | null;
  /** What they read or were told: a case number, a masked number, a reason. */
  readonly noted: string;
}

export interface AcquirersTables {
  acquirerOrders: AcquirerOrderRow;
  acquirerTicks: AcquirerTickRow;
}
