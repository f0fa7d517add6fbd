import type { Insertable, Selectable } from "kysely";
import type { Tusn } from "../../proto/tusn.ts";
import type { RestoreRow } from "./restore-schema.ts";
import { inChunks, type Store, type Tx } from "./store.ts";

// Restores, and the terminals that have not said hello since the last one.

/** Out of service for good: nothing is ever sent to them. */
const GONE = ["retired", "replaced"] as const;

export async function addRestore(tx: Tx, row: Insertable<RestoreRow>): Promise<void> {
  await tx.insertInto("restores").values(row).execute();
}

/** The newest first. */
export function listRestores(db: Store): Promise<readonly Selectable<RestoreRow>[]> {
  return db.selectFrom("restores").selectAll().orderBy("id", "desc").execute();
}

/** Makes every terminal that can be sent anything unsettled. */
export async function unsettleAll(tx: Tx): Promise<void> {
  await tx
    .insertInto("unsettled")
    .columns(["tusn"])
    .expression((query) => query.selectFrom("terminals").select("tusn").where("life", "not in", GONE))
    .onConflict((conflict) => conflict.column("tusn").doNothing())
    .execute();
}

/** Those of the terminals that are unsettled. */
export async function findUnsettled(db: Store, tusns: readonly Tusn[]): Promise<readonly Tusn[]> {
  const rows = await inChunks(tusns, (chunk) =>
    db.selectFrom("unsettled").select("tusn").where("tusn", "in", chunk).execute(),
  );
  return rows.map(({ tusn }) => tusn);
}

export async function removeUnsettled(tx: Tx, tusns: readonly Tusn[]): Promise<void> {
  await inChunks(tusns, async (chunk) => {
    await tx.deleteFrom("unsettled").where("tusn", "in", chunk).execute();
    return [];
  });
}

/** An unsettled terminal, and the trust that it said it holds; null where it never did. */
export interface UnsettledTerminal {
  readonly tusn: Tusn;
  readonly lastSeen: number | null;
  readonly rootVersion: number | null;
  readonly timestampVersion: number | null;
}

/** Those that are not out of service for good, in order of TUSN, at most `limit` behind `after`. */
export function listUnsettled(db: Store, after: string, limit: number): Promise<readonly UnsettledTerminal[]> {
  return selectUnsettled(db)
    .leftJoin("reported", "reported.tusn", "unsettled.tusn")
    .select(["unsettled.tusn", "reported.lastSeen", "reported.rootVersion", "reported.timestampVersion"])
    .where("unsettled.tusn", ">", after as Tusn)
    .orderBy("unsettled.tusn")
    .limit(limit)
    .execute();
}

/** How many there are of these, and how many of them are enrolled. */
export async function countUnsettled(db: Store): Promise<{ readonly unsettled: number; readonly enrolled: number }> {
  const counts = await selectUnsettled(db)
    .select((row) => [row.fn.countAll<number>().as("unsettled"), row.fn.count<number>("deviceKey").as("enrolled")])
    .executeTakeFirst();
  return { unsettled: counts?.unsettled ?? 0, enrolled: counts?.enrolled ?? 0 };
}

function selectUnsettled(db: Store) {
  return db
    .selectFrom("unsettled")
    .innerJoin("terminals", "terminals.tusn", "unsettled.tusn")
    .where("terminals.life", "not in", GONE);
}
