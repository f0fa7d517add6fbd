import { sql } from "kysely";
import { MIN_BIN_DIGITS } from "../domain/records/bins.ts";
import type { BinRow } from "./records-schema.ts";
import { inChunks, type Store, type Tx } from "./store.ts";

// The operator's own table of BINs.

/** Behind every digit. */
const BEHIND = ":";

/** Rows that the digits begin with, and those that begin with the digits. */
export function findBins(db: Store, digits: string): Promise<readonly BinRow[]> {
  const beginnings = Array.from({ length: digits.length - MIN_BIN_DIGITS }, (_, n) =>
    digits.slice(0, MIN_BIN_DIGITS + n),
  );
  return db
    .selectFrom("bins")
    .selectAll()
    .where((row) =>
      row.or([row("bin", "in", beginnings), row.and([row("bin", ">=", digits), row("bin", "<", digits + BEHIND)])]),
    )
    .orderBy("bin")
    .execute();
}

/** Puts these in the place of all that are there. */
export async function replaceBins(tx: Tx, rows: readonly BinRow[]): Promise<void> {
  await tx.deleteFrom("bins").execute();
  await inChunks(rows, (chunk) => tx.insertInto("bins").values(chunk).execute());
}

export async function countBins(db: Store): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from bins`.execute(db);
  return rows[0]?.count ?? 0;
}
