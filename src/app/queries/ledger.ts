import { isEqual } from "../../../proto/bytes.ts";
import { type LedgerEntry, parseLedgerEntry } from "../../../proto/ledger-entry.ts";
import { appendLeaf, EMPTY_FRONTIER, type Frontier, toFrontierRoot, toLeafHash } from "../../../proto/tree.ts";
import { findFrontier, listEntries } from "../../store/ledger.ts";
import type { LedgerRow } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";

/** Entries read at a time. */
const PAGE = 1_000;

export interface LedgerView {
  /** Entries in all. */
  readonly size: number;
  /** RFC 9162 tree hash over all of them. */
  readonly root: Uint8Array;
  readonly entries: readonly (LedgerEntry & { readonly index: number; readonly leafHash: Uint8Array })[];
}

/** What recomputing the whole ledger found; `firstBad` is the lowest index that is not what it was when appended. */
export interface LedgerVerification {
  readonly size: number;
  readonly root: Uint8Array;
  readonly firstBad?: number;
}

/** At most `limit` entries from index `from` on, in order. */
export async function listLedger(store: Store, from: number, limit: number): Promise<LedgerView> {
  const frontier = await findFrontier(store);
  const rows = await listEntries(store, from, limit);
  const entries = rows.map(({ idx, bytes, leafHash }) => ({ ...parseLedgerEntry(bytes), index: idx, leafHash }));
  return { size: frontier.size, root: toFrontierRoot(frontier), entries };
}

/** The last `limit` entries. */
export async function tailLedger(store: Store, limit: number): Promise<LedgerView> {
  const { size } = await findFrontier(store);
  return listLedger(store, Math.max(0, size - limit), limit);
}

/**
 * Recomputes every leaf hash and the root. A row that was edited, removed or moved is named by its index; where all rows
 * fit but the tree does not end in the recorded one, the first index past the end is named.
 */
export async function verifyLedger(store: Store): Promise<LedgerVerification> {
  // Taken first: entries appended meanwhile are not looked at.
  const recorded = await findFrontier(store);
  let frontier = EMPTY_FRONTIER;
  while (frontier.size < recorded.size) {
    const rows = await listEntries(store, frontier.size, Math.min(PAGE, recorded.size - frontier.size));
    const next = appendSound(frontier, rows);
    const isWhole = next.size === frontier.size + rows.length && rows.length > 0;
    frontier = next;
    if (!isWhole) return toVerification(recorded, frontier.size);
  }
  const isSame = isEqual(toFrontierRoot(frontier), toFrontierRoot(recorded));
  return isSame ? toVerification(recorded) : toVerification(recorded, recorded.size);
}

/** The frontier after the rows up to the first that is not sound. */
function appendSound(frontier: Frontier, rows: readonly LedgerRow[]): Frontier {
  let next = frontier;
  for (const { idx, bytes, leafHash } of rows) {
    const computed = toLeafHash(bytes);
    if (idx !== next.size || !isEqual(computed, leafHash)) return next;
    next = appendLeaf(next, computed);
  }
  return next;
}

function toVerification(recorded: Frontier, firstBad?: number): LedgerVerification {
  const { size } = recorded;
  return { size, root: toFrontierRoot(recorded), ...(firstBad === undefined ? {} : { firstBad }) };
}
