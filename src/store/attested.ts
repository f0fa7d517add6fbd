import type { Tusn } from "../../proto/tusn.ts";
import type { Selected as HistorySelected } from "./history.ts";
import type { LegacyTerminalRow, TerminalRow } from "./schema.ts";
import { inChunks, type Store } from "./store.ts";

// What look-ups ask for beside what the other files give. Nothing here changes a row.

export type KnownTerminal = Pick<TerminalRow, "tusn" | "life" | "verdict" | "provenAt">;

export function findKnown(db: Store, tusns: readonly Tusn[]): Promise<readonly KnownTerminal[]> {
  return inChunks(tusns, (chunk) =>
    db.selectFrom("terminals").select(["tusn", "life", "verdict", "provenAt"]).where("tusn", "in", chunk).execute(),
  );
}

export function findLegacySerials(
  db: Store,
  serials: readonly string[],
): Promise<readonly Pick<LegacyTerminalRow, "serial" | "replacedBy">[]> {
  return inChunks(serials, (chunk) =>
    db.selectFrom("legacyTerminals").select(["serial", "replacedBy"]).where("serial", "in", chunk).execute(),
  );
}

/** The newest of one terminal, oldest first, and how many there are in all. */
export async function listNewestHistory(
  db: Store,
  tusn: string,
  limit: number,
): Promise<{ readonly rows: readonly HistorySelected[]; readonly count: number }> {
  const own = db.selectFrom("history").where("tusn", "=", tusn);
  const rows = await own.selectAll().orderBy("id", "desc").limit(limit).execute();
  const all = await own.select((row) => row.fn.countAll<number>().as("count")).executeTakeFirst();
  return { rows: rows.toReversed(), count: all?.count ?? 0 };
}

export async function countDeployments(db: Store, tusn: Tusn): Promise<number> {
  const all = await db
    .selectFrom("deployments")
    .where("tusn", "=", tusn)
    .select((row) => row.fn.countAll<number>().as("count"))
    .executeTakeFirst();
  return all?.count ?? 0;
}
