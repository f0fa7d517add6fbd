// Rows of the HTTP API; `schema.ts` holds the others and the rules for all.

/** A request that came with an idempotency key: under way, or answered. */
export interface IdempotencyRow {
  /** As `Actor` names whoever made it. */
  readonly actor: string;
  readonly key: string;
  /** SHA-256 over all that makes the request. */
  readonly digest: Uint8Array;
  /** When the run that has the key began. */
  readonly at: number;
  /** HTTP status of the answer; null while it is under way, or where nobody knows how it ended. */
  readonly status: number | null;
  readonly etag: string;
  /** JSON, as it was sent; empty where the answer holds what is told once only. */
  readonly body: string;
}

export interface ApiTables {
  idempotency: IdempotencyRow;
}
