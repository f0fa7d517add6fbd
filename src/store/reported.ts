import type { Tusn } from "../../proto/tusn.ts";
import type { ReportedRow, UsedCounterRow } from "./schema.ts";
import { inChunks, type Store, type Tx } from "./store.ts";

// What terminals said of themselves.

export function findReported(db: Store, tusns: readonly Tusn[]): Promise<readonly ReportedRow[]> {
  return inChunks(tusns, (chunk) => db.selectFrom("reported").selectAll().where("tusn", "in", chunk).execute());
}

/** Adds rows; those that are there already are replaced. */
export async function putReported(tx: Tx, rows: readonly ReportedRow[]): Promise<void> {
  await inChunks(rows, (chunk) =>
    tx
      .insertInto("reported")
      .values(chunk)
      .onConflict((conflict) =>
        conflict.column("tusn").doUpdateSet((row) => ({
          counter: row.ref("excluded.counter"),
          sequence: row.ref("excluded.sequence"),
          currentDigest: row.ref("excluded.currentDigest"),
          previousDigest: row.ref("excluded.previousDigest"),
          phase: row.ref("excluded.phase"),
          busy: row.ref("excluded.busy"),
          stale: row.ref("excluded.stale"),
          agentVersion: row.ref("excluded.agentVersion"),
          timestampVersion: row.ref("excluded.timestampVersion"),
          rootVersion: row.ref("excluded.rootVersion"),
          cardKey: row.ref("excluded.cardKey"),
          cardKeyProof: row.ref("excluded.cardKeyProof"),
          staleSince: row.ref("excluded.staleSince"),
          staleAlarmAt: row.ref("excluded.staleAlarmAt"),
          cardKeyAlarmAt: row.ref("excluded.cardKeyAlarmAt"),
          lastSeen: row.ref("excluded.lastSeen"),
        })),
      )
      .execute(),
  );
}

/** Those of the counters whose alarm was raised before. */
export function findUsedCounters(
  db: Store,
  keys: readonly Pick<UsedCounterRow, "tusn" | "counter">[],
): Promise<readonly UsedCounterRow[]> {
  return inChunks(keys, (chunk) =>
    db
      .selectFrom("usedCounters")
      .selectAll()
      .where((row) =>
        row(
          row.refTuple("tusn", "counter"),
          "in",
          chunk.map(({ tusn, counter }) => row.tuple(tusn, counter)),
        ),
      )
      .execute(),
  );
}

/** When, after `since`, hellos of the terminal came that were behind and had never been heard before. */
export async function listBehind(db: Store, tusn: Tusn, since: number): Promise<readonly number[]> {
  const rows = await db
    .selectFrom("usedCounters")
    .select("behindAt")
    .where("tusn", "=", tusn)
    .where("behindAt", ">", since)
    .execute();
  return rows.flatMap(({ behindAt }) => behindAt ?? []);
}

/** Lowers the counter above which a terminal is listened to; never raises it. */
export async function lowerCounter(tx: Tx, tusn: Tusn, counter: number): Promise<void> {
  await tx.updateTable("reported").set({ counter }).where("tusn", "=", tusn).where("counter", ">", counter).execute();
}

export async function addUsedCounters(tx: Tx, rows: readonly UsedCounterRow[]): Promise<void> {
  await inChunks(rows, (chunk) => tx.insertInto("usedCounters").values(chunk).execute());
}
