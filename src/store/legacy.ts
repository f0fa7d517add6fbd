import type { LegacyTerminalRow } from "./schema.ts";
import { inChunks, type Store, type Tx } from "./store.ts";

// Old stock that has no TUSN.

export function findLegacy(db: Store, serials: readonly string[]): Promise<readonly LegacyTerminalRow[]> {
  return inChunks(serials, (chunk) =>
    db.selectFrom("legacyTerminals").selectAll().where("serial", "in", chunk).execute(),
  );
}

/** At most `limit` after `after`, in order of serial number; those of one merchant where it is given. */
export function listLegacy(
  db: Store,
  { merchant, after, limit }: { readonly merchant?: string; readonly after: string; readonly limit: number },
): Promise<readonly LegacyTerminalRow[]> {
  return db
    .selectFrom("legacyTerminals")
    .selectAll()
    .where("serial", ">", after)
    .$if(merchant !== undefined, (query) => query.where("merchantNumber", "=", String(merchant)))
    .orderBy("serial")
    .limit(limit)
    .execute();
}

export async function setReplacedBy(tx: Tx, serial: string, replacedBy: string): Promise<void> {
  await tx.updateTable("legacyTerminals").set({ replacedBy }).where("serial", "=", serial).execute();
}

/** Old stock that has one of these terminal numbers, at whatever acquirer. */
export function findLegacyByTerminalNos(
  db: Store,
  terminalNos: readonly string[],
): Promise<readonly LegacyTerminalRow[]> {
  return inChunks(terminalNos, (chunk) =>
    db.selectFrom("legacyTerminals").selectAll().where("terminalNo", "in", chunk).execute(),
  );
}
