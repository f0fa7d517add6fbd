import type { Insertable, Selectable } from "kysely";
import type { NoticeRow } from "./notices-schema.ts";
import type { Store, Tx } from "./store.ts";

// Notices to people and programs. One of each event, channel and recipient: planning an event twice adds nothing.

export type StoredNotice = Selectable<NoticeRow>;
export type NoticeProgress = Pick<StoredNotice, "id" | "attempts" | "dueAt" | "deliveredAt" | "code">;

export async function readCursor(db: Store): Promise<number> {
  return (await db.selectFrom("noticeCursor").select("event").executeTakeFirstOrThrow()).event;
}

export async function setCursor(tx: Tx, event: number): Promise<void> {
  await tx.updateTable("noticeCursor").set({ event }).execute();
}

export async function addNotices(tx: Tx, rows: readonly Insertable<NoticeRow>[]): Promise<void> {
  if (rows.length === 0) return;
  await tx
    .insertInto("notices")
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Those that are due, the longest first. */
export function findDueNotices(db: Store, now: number, limit: number): Promise<readonly StoredNotice[]> {
  return db
    .selectFrom("notices")
    .selectAll()
    .where("dueAt", "<=", now)
    .orderBy("dueAt")
    .orderBy("id")
    .limit(limit)
    .execute();
}

/** Of one change, oldest first. */
export function listNotices(db: Store, changeId: string): Promise<readonly StoredNotice[]> {
  return db.selectFrom("notices").selectAll().where("changeId", "=", changeId).orderBy("id").execute();
}

export function findNotice(db: Store, id: number): Promise<StoredNotice | undefined> {
  return db.selectFrom("notices").selectAll().where("id", "=", id).executeTakeFirst();
}

export interface UndeliveredQuery {
  readonly changeId?: string;
  /** Of changes of these merchants only. */
  readonly merchants?: readonly string[];
  /** Those older than the one of this id. */
  readonly before?: number;
  readonly limit: number;
}

/** Those that were given up, the newest first. */
export async function listUndelivered(db: Store, query: UndeliveredQuery): Promise<readonly StoredNotice[]> {
  const { changeId, merchants, before, limit } = query;
  if (merchants?.length === 0) return [];
  let rows = db.selectFrom("notices").selectAll().where("dueAt", "is", null).where("deliveredAt", "is", null);
  if (changeId !== undefined) rows = rows.where("changeId", "=", changeId);
  if (merchants !== undefined) {
    rows = rows.where(
      "changeId",
      "in",
      db
        .selectFrom("changes")
        .select("id")
        .where("merchant", "in", [...merchants]),
    );
  }
  if (before !== undefined) rows = rows.where("id", "<", before);
  return rows.orderBy("id", "desc").limit(limit).execute();
}

export async function putNotice(tx: Tx, { id, ...progress }: NoticeProgress): Promise<void> {
  await tx.updateTable("notices").set(progress).where("id", "=", id).execute();
}
