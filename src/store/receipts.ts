import type { Insertable, Selectable } from "kysely";
import type { ReceiptRow, ReceiptTrustRow } from "./receipts-schema.ts";
import type { Store, Tx } from "./store.ts";

// Receipts of changes that have ended.

export type StoredReceipt = Selectable<ReceiptRow>;
/** A receipt without its bytes. */
export type ReceiptLine = Omit<StoredReceipt, "payload" | "signature" | "trustDigest" | "snapshot">;
/** What is written when it is made, or when it turned out that it cannot be. */
export type MadeReceipt = Pick<StoredReceipt, "madeAt" | "payload" | "keyId" | "signature" | "trustDigest" | "code">;

const LINE = ["id", "changeId", "merchant", "outcome", "endedAt", "lastEvent", "madeAt", "keyId", "code"] as const;

export interface ReceiptQuery {
  readonly changeId?: string;
  /** Of these merchants only. */
  readonly merchants?: readonly string[];
  /** Those older than the one of this id. */
  readonly before?: number;
  readonly limit: number;
}

export async function addReceipt(tx: Tx, row: Insertable<ReceiptRow>): Promise<void> {
  await tx.insertInto("receipts").values(row).execute();
}

/** Those that are yet to be made, the oldest first. */
export function listDueReceipts(db: Store, limit: number): Promise<readonly StoredReceipt[]> {
  return db
    .selectFrom("receipts")
    .selectAll()
    .where("payload", "is", null)
    .where("code", "=", "")
    .orderBy("id")
    .limit(limit)
    .execute();
}

/** @returns whether it did; false where somebody was faster */
export async function putReceipt(tx: Tx, id: number, made: MadeReceipt): Promise<boolean> {
  const { madeAt, payload, keyId, signature, trustDigest, code } = made;
  const { numUpdatedRows } = await tx
    .updateTable("receipts")
    .set({ madeAt, payload, keyId, signature, trustDigest, code })
    .where("id", "=", id)
    .where("payload", "is", null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** Those that are there already stay as they are. */
export async function addReceiptTrust(tx: Tx, row: ReceiptTrustRow): Promise<void> {
  await tx
    .insertInto("receiptTrusts")
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export function findReceiptTrust(db: Store, digest: Uint8Array): Promise<ReceiptTrustRow | undefined> {
  return db.selectFrom("receiptTrusts").selectAll().where("digest", "=", digest).executeTakeFirst();
}

/** Lets those of a change be tried again that could not be made. @returns how many */
export async function retryReceipts(tx: Tx, changeId: string): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable("receipts")
    .set({ code: "" })
    .where("changeId", "=", changeId)
    .where("payload", "is", null)
    .where("code", "<>", "")
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}

/** Newest first. */
export function listReceipts(db: Store, query: ReceiptQuery): Promise<readonly ReceiptLine[]> {
  const { changeId, merchants, before, limit } = query;
  let rows = db.selectFrom("receipts").select(LINE);
  if (changeId !== undefined) rows = rows.where("changeId", "=", changeId);
  if (merchants !== undefined) rows = rows.where("merchant", "in", [...merchants]);
  if (before !== undefined) rows = rows.where("id", "<", before);
  return rows.orderBy("id", "desc").limit(limit).execute();
}

export function findReceipt(db: Store, id: number): Promise<StoredReceipt | undefined> {
  return db.selectFrom("receipts").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Of a change's newest ending. */
export function findNewestReceipt(db: Store, changeId: string): Promise<StoredReceipt | undefined> {
  return db
    .selectFrom("receipts")
    .selectAll()
    .where("changeId", "=", changeId)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
}
