import type { IdempotencyRow } from "./api-schema.ts";
import type { Tx } from "./store.ts";

/** One run of a request: `at` tells it from one that took the same key over later. */
export type RequestName = Pick<IdempotencyRow, "actor" | "key" | "at">;
export type KeptAnswer = Pick<IdempotencyRow, "status" | "etag" | "body">;

/**
 * Notes a request as under way.
 *
 * @returns the one that has the key already; undefined where this one has it now
 */
export async function beginRequest(
  tx: Tx,
  { actor, key, digest, at }: Omit<IdempotencyRow, keyof KeptAnswer>,
): Promise<IdempotencyRow | undefined> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto("idempotency")
    .values({ actor, key, digest, at, status: null, etag: "", body: "" })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  if (numInsertedOrUpdatedRows === 1n) return undefined;
  return tx
    .selectFrom("idempotency")
    .selectAll()
    .where("actor", "=", actor)
    .where("key", "=", key)
    .executeTakeFirstOrThrow();
}

/**
 * Gives the key of a run that nobody knows the end of to one that begins `now`.
 *
 * @returns false where that run has ended meanwhile, or another was quicker
 */
export async function takeOverRequest(tx: Tx, { actor, key, at }: RequestName, now: number): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable("idempotency")
    .set({ at: now })
    .where("actor", "=", actor)
    .where("key", "=", key)
    .where("at", "=", at)
    .where("status", "is", null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** Nothing where the key is another run's by now: what is kept is the answer of the last one that began. */
export async function keepAnswer(tx: Tx, { actor, key, at }: RequestName, answer: KeptAnswer): Promise<void> {
  await tx
    .updateTable("idempotency")
    .set(answer)
    .where("actor", "=", actor)
    .where("key", "=", key)
    .where("at", "=", at)
    .execute();
}

/** The key is free again, unless it is another run's by now. */
export async function forgetRequest(tx: Tx, { actor, key, at }: RequestName): Promise<void> {
  await tx.deleteFrom("idempotency").where("actor", "=", actor).where("key", "=", key).where("at", "=", at).execute();
}

/** Of everybody, whatever came at this time or before. */
export async function forgetOldRequests(tx: Tx, at: number): Promise<void> {
  await tx.deleteFrom("idempotency").where("at", "<=", at).execute();
}

export async function countRequests(tx: Tx, actor: string): Promise<number> {
  const { count } = await tx
    .selectFrom("idempotency")
    .select((row) => row.fn.countAll<number>().as("count"))
    .where("actor", "=", actor)
    .executeTakeFirstOrThrow();
  return count;
}
