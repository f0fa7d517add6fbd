import { sql } from "kysely";
import type { Tusn } from "../../proto/tusn.ts";
import type { HeardRow } from "./schema.ts";
import { inChunks, type Store, type Tx } from "./store.ts";

// Digests of the last hellos of each terminal.

export type HeardKey = Pick<HeardRow, "tusn" | "counter">;

export function findHeard(db: Store, keys: readonly HeardKey[]): Promise<readonly HeardRow[]> {
  return inChunks(keys, (chunk) =>
    db
      .selectFrom("heard")
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

/** Adds digests and forgets all but the last `kept` of each of their terminals. What is there under a counter stays. */
export async function addHeard(tx: Tx, rows: readonly HeardRow[], kept: number): Promise<void> {
  await inChunks(rows, (chunk) =>
    tx
      .insertInto("heard")
      .values(chunk)
      .onConflict((conflict) => conflict.columns(["tusn", "counter"]).doNothing())
      .execute(),
  );
  await inChunks([...new Set(rows.map(({ tusn }) => tusn))], async (chunk) => {
    const values = chunk.map((tusn) => sql`(${tusn})`);
    await sql`
      delete from heard where (tusn, counter) in (
        select old.tusn, old.counter
        from (
          select column1 as tusn, (
            select counter from heard where tusn = column1 order by counter desc limit 1 offset ${kept}
          ) as last
          from (values ${sql.join(values)})
        ) as bound
        join heard as old on old.tusn = bound.tusn and old.counter <= bound.last
      )`.execute(tx);
    return [];
  });
}

/** Forgets what a terminal said above a counter. */
export async function forgetHeardAbove(tx: Tx, tusn: Tusn, counter: number): Promise<void> {
  await tx.deleteFrom("heard").where("tusn", "=", tusn).where("counter", ">", counter).execute();
}

/** Forgets all that a terminal said, and under which counters: another device key counts anew. */
export async function forgetCounters(tx: Tx, tusn: Tusn): Promise<void> {
  await tx.deleteFrom("heard").where("tusn", "=", tusn).execute();
  await tx.deleteFrom("usedCounters").where("tusn", "=", tusn).execute();
  await tx.updateTable("reported").set({ counter: 0 }).where("tusn", "=", tusn).execute();
}
