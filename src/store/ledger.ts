import { concat, DIGEST_BYTES } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { type LedgerEntry, toLedgerEntryBytes } from "../../proto/ledger-entry.ts";
import { appendLeaf, type Frontier, toLeafHash } from "../../proto/tree.ts";
import type { LedgerRow } from "./schema.ts";
import { inChunks, type Store, type Tx } from "./store.ts";

// The append-only Merkle log. Nothing here changes or removes an entry.

/**
 * Appends entries in order, in the transaction of what they tell. The frontier is read in the same immediate
 * transaction, so that two processes never append at one index.
 *
 * @returns index of the first of them
 */
export async function appendEntries(tx: Tx, entries: readonly LedgerEntry[]): Promise<number> {
  let frontier = await findFrontier(tx);
  const first = frontier.size;
  if (entries.length === 0) return first;
  const rows = entries.map((entry): LedgerRow => {
    const bytes = toLedgerEntryBytes(entry);
    const leafHash = toLeafHash(bytes);
    const idx = frontier.size;
    frontier = appendLeaf(frontier, leafHash);
    return { idx, bytes, leafHash };
  });
  await inChunks(rows, (chunk) => tx.insertInto("ledger").values(chunk).execute());
  await tx
    .updateTable("ledgerHead")
    .set({ size: frontier.size, peaks: concat(...frontier.peaks) })
    .execute();
  return first;
}

/** The entries at these indexes, where there are any. */
export function findEntries(db: Store, indexes: readonly number[]): Promise<readonly LedgerRow[]> {
  return inChunks(indexes, (chunk) => db.selectFrom("ledger").selectAll().where("idx", "in", chunk).execute());
}

/** @throws TillsyncError STORE_FAILED where the head is gone */
export async function findFrontier(db: Store): Promise<Frontier> {
  const head = await db.selectFrom("ledgerHead").selectAll().executeTakeFirst();
  if (head === undefined) throw new TillsyncError("STORE_FAILED", { missing: "ledger_head" });
  return { size: head.size, peaks: toHashes(head.peaks) };
}

/** At most `limit` entries from index `from`, in order. */
export function listEntries(db: Store, from: number, limit: number): Promise<readonly LedgerRow[]> {
  return db.selectFrom("ledger").selectAll().where("idx", ">=", from).orderBy("idx").limit(limit).execute();
}

/** Hashes written one after the other. */
export function toHashes(bytes: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: bytes.length / DIGEST_BYTES }, (_, i) =>
    bytes.subarray(i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES),
  );
}
