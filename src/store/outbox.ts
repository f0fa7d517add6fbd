import { sql } from "kysely";
import type { Tusn } from "../../proto/tusn.ts";
import type { DeploymentRow, OutboxRow } from "./schema.ts";
import { inChunks, type Store, type Tx } from "./store.ts";

// The queue of directives to be sent. It is in the database and nowhere else.

/** Queues directives; one that waits for the same terminal gives way. */
export async function putOutbox(tx: Tx, rows: readonly OutboxRow[]): Promise<void> {
  await inChunks(rows, (chunk) =>
    tx
      .insertInto("outbox")
      .values(chunk)
      .onConflict((conflict) =>
        conflict.column("tusn").doUpdateSet((row) => ({
          sequence: row.ref("excluded.sequence"),
          dueAt: row.ref("excluded.dueAt"),
          sends: row.ref("excluded.sends"),
        })),
      )
      .execute(),
  );
}

/** A deployment whose directive is due, and how often it was sent. */
export type DueRow = DeploymentRow & Pick<OutboxRow, "sends">;

/** What is due for these terminals, at most `limit`. */
export function findDue(db: Store, tusns: readonly Tusn[], now: number, limit: number): Promise<readonly DueRow[]> {
  return db
    .selectFrom("outbox")
    .innerJoin("deployments", (join) =>
      join.onRef("deployments.tusn", "=", "outbox.tusn").onRef("deployments.sequence", "=", "outbox.sequence"),
    )
    .selectAll("deployments")
    .select("outbox.sends")
    .where("outbox.tusn", "in", tusns)
    .where("outbox.dueAt", "<=", now)
    .limit(limit)
    .execute();
}

/** Takes directives from the queue, unless a newer one has taken their place. */
export async function removeOutbox(tx: Tx, keys: readonly Pick<OutboxRow, "tusn" | "sequence">[]): Promise<void> {
  await inChunks(keys, async (chunk) => {
    await tx
      .deleteFrom("outbox")
      .where((row) =>
        row(
          row.refTuple("tusn", "sequence"),
          "in",
          chunk.map(({ tusn, sequence }) => row.tuple(tusn, sequence)),
        ),
      )
      .execute();
    return [];
  });
}

/** Takes whatever waits for a terminal from the queue. */
export async function clearOutbox(tx: Tx, tusn: Tusn): Promise<void> {
  await tx.deleteFrom("outbox").where("tusn", "=", tusn).execute();
}

/** Notes that directives were sent, unless a newer one has taken their place or they were answered meanwhile. */
export async function markSent(tx: Tx, rows: readonly OutboxRow[]): Promise<void> {
  await inChunks(rows, async (chunk) => {
    const values = chunk.map(({ tusn, sequence, dueAt, sends }) => sql`(${tusn}, ${sequence}, ${dueAt}, ${sends})`);
    await sql`
      update outbox set due_at = news.column3, sends = news.column4
      from (values ${sql.join(values)}) as news
      where outbox.tusn = news.column1 and outbox.sequence = news.column2`.execute(tx);
    return [];
  });
}

/** Sends to these terminals once more what was given up until they are heard of again. */
export async function resumeOutbox(tx: Tx, tusns: readonly Tusn[], now: number): Promise<void> {
  await inChunks(tusns, async (chunk) => {
    await tx.updateTable("outbox").set({ dueAt: now }).where("tusn", "in", chunk).where("dueAt", "is", null).execute();
    return [];
  });
}

/** Has what waits for the terminal's TUSN to be proven sent now. */
export async function resumeUnproven(tx: Tx, tusn: Tusn, now: number): Promise<void> {
  await tx
    .updateTable("outbox")
    .set({ dueAt: now })
    .where("tusn", "=", tusn)
    .where("dueAt", ">", now)
    .where((row) =>
      row.exists(
        row
          .selectFrom("deployments")
          .select("deployments.tusn")
          .whereRef("deployments.tusn", "=", "outbox.tusn")
          .whereRef("deployments.sequence", "=", "outbox.sequence")
          .where("deployments.code", "=", "TUSN_UNPROVEN"),
      ),
    )
    .execute();
}
