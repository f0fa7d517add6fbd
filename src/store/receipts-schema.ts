import type { Generated } from "kysely";

// Rows of receipts; `schema.ts` holds the others and the rules for all.

/**
 * The receipt of one ending of a change: what failed may be opened again, and ends again. Written with the ending itself,
 * made and signed after it, and never altered from then on.
 */
export interface ReceiptRow {
  readonly id: Generated<number>;
  readonly changeId: string;
  readonly merchant: string;
  readonly outcome: "done" | "failed" | "withdrawn";
  readonly endedAt: number;
  /** The change as it ended (ChangeSnapshot), for it may be altered before its receipt is made. */
  readonly snapshot: string;
  /** Of `changeEvents`: the last one that belongs to this ending. */
  readonly lastEvent: number;
  readonly madeAt: number | null;
  /** The receipt's exact bytes (docs/receipts.md); null until it is made. */
  readonly payload: Uint8Array | null;
  /** Id of the service's key, as the root has it; empty until it is made. */
  readonly keyId: string;
  readonly signature: Uint8Array | null;
  /** Of the trust files by which it was judged (`receiptTrusts`); null until it is made. */
  readonly trustDigest: Uint8Array | null;
  /** Why none could be made of these records; else empty. */
  readonly code: string;
}

/** Trust files as they were when receipts were made, so that these can be checked when people and keys have changed. */
export interface ReceiptTrustRow {
  /** SHA-256. */
  readonly digest: Uint8Array;
  /** A TrustBundle (clause 6). */
  readonly bytes: Uint8Array;
}

export interface ReceiptsTables {
  receipts: ReceiptRow;
  receiptTrusts: ReceiptTrustRow;
}
