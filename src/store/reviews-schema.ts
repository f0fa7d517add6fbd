import type { Generated } from "kysely";

// Rows of the regular review; `schema.ts` holds the others and the rules for all.

/** Somebody looked through a merchant's data. The database refuses to change or remove a row. */
export interface ReviewedRow {
  readonly id: Generated<number>;
  readonly merchant: string;
  readonly at: number;
  readonly actor: string;
  /** What there was to note; no card number. */
  readonly note: string;
}

/** What an acquirer has on record for a merchant, as far as it was asked. */
export interface AcquirerRecordRow {
  /** Code of the acquirer, as in `acquirers.json`. */
  readonly acquirer: string;
  readonly merchant: string;
  /** When it was asked last, answered or not. */
  readonly askedAt: number;
  /** When it answered last; null where it never did. */
  readonly answeredAt: number | null;
  /** OnRecord in JSON, masked, as of `answeredAt`; empty where it had no account. */
  readonly onRecord: string;
  /** Why the last question failed; empty where it was answered. */
  readonly code: string;
  /** Questions in a row that failed. */
  readonly failures: number;
  /** When it is to be asked again. */
  readonly dueAt: number;
}

export interface ReviewsTables {
  reviews: ReviewedRow;
  acquirerRecords: AcquirerRecordRow;
}
