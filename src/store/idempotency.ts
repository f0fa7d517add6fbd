import type { IdempotencyRow } from "./api-schema.ts";
import type { Tx } from "./store.ts";

export type RequestName = Pick<IdempotencyRow, "actor" | "key">;
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

export async function keepAnswer(tx: Tx, { actor, key }: RequestName, answer: KeptAnswer): Promise<void> {
  await tx.updateTable("idempotency").set(answer).where("actor", "=", actor).where("key", "=", key).execute();
}

/** The key is free again. */
export async function forgetRequest(tx: Tx, { actor, key }: RequestName): Promise<void> {
  await tx.deleteFrom("idempotency").where("actor", "=", actor).where("key", "=", key).execute();
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
