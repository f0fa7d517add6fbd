import type { Insertable } from "kysely";
import { TillsyncError } from "../../proto/errors.ts";
import type { ChangeKind, ChangeState } from "../domain/changes/change.ts";
import type { AttachmentRow, ChangeEventRow, ChangeRow, ChangeTaskRow } from "./changes-schema.ts";
import type { Store, Tx } from "./store.ts";

// Operators' changes. Of each merchant one change of a group is open: the database itself sees to that.

export type ChangeProgress = Partial<Omit<ChangeRow, "id" | "merchant" | "kind" | "groupName" | "revision">>;
export type ChangeEvent = Omit<ChangeEventRow, "id"> & { readonly id: number };

export interface ChangeQuery {
  readonly merchants?: readonly string[];
  readonly states?: readonly ChangeState[];
  /** Those behind this one. */
  readonly after?: Pick<ChangeRow, "createdAt" | "id">;
  readonly limit: number;
}

/** @throws TillsyncError CHANGE_OPEN, naming the open one */
export async function addChange(tx: Tx, row: ChangeRow): Promise<void> {
  const open = await findOpenChange(tx, row.merchant, row.groupName);
  if (open !== undefined) throw new TillsyncError("CHANGE_OPEN", { change: open.id, state: open.state });
  await tx.insertInto("changes").values(row).execute();
}

export function findOpenChange(
  db: Store,
  merchant: string,
  groupName: ChangeRow["groupName"],
): Promise<ChangeRow | undefined> {
  return db
    .selectFrom("changes")
    .selectAll()
    .where("merchant", "=", merchant)
    .where("groupName", "=", groupName)
    .where("state", "in", ["draft", "submitted", "rejected", "approved", "releasing"])
    .executeTakeFirst();
}

export function findChange(db: Store, id: string): Promise<ChangeRow | undefined> {
  return db.selectFrom("changes").selectAll().where("id", "=", id).executeTakeFirst();
}

/** Newest first. */
export function listChanges(
  db: Store,
  { merchants, states, after, limit }: ChangeQuery,
): Promise<readonly ChangeRow[]> {
  let query = db.selectFrom("changes").selectAll();
  if (merchants !== undefined) query = query.where("merchant", "in", [...merchants]);
  if (states !== undefined) query = query.where("state", "in", [...states]);
  if (after !== undefined) {
    query = query.where((row) =>
      row.or([
        row("createdAt", "<", after.createdAt),
        row.and([row("createdAt", "=", after.createdAt), row("id", "<", after.id)]),
      ]),
    );
  }
  return query.orderBy("createdAt", "desc").orderBy("id", "desc").limit(limit).execute();
}

/** In these states, behind one, in order of number. */
export function listUnderWay(
  db: Store,
  states: readonly ChangeState[],
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<readonly ChangeRow[]> {
  return db
    .selectFrom("changes")
    .selectAll()
    .where("state", "in", [...states])
    .where("id", ">", after)
    .orderBy("id")
    .limit(limit)
    .execute();
}

/** Those that no terminal is given anything of, the one that was altered longest ago first. */
export function listWithoutRelease(db: Store, state: ChangeState, limit: number): Promise<readonly ChangeRow[]> {
  return db
    .selectFrom("changes")
    .selectAll()
    .where("state", "=", state)
    .where("releaseId", "is", null)
    .orderBy("updatedAt")
    .orderBy("id")
    .limit(limit)
    .execute();
}

export function findChangeByRelease(db: Store, releaseId: Uint8Array): Promise<ChangeRow | undefined> {
  return db.selectFrom("changes").selectAll().where("releaseId", "=", releaseId).executeTakeFirst();
}

/** When the last change of the kind was done. */
export async function findLastDone(db: Store, merchant: string, kind: ChangeKind): Promise<number | undefined> {
  const row = await db
    .selectFrom("changes")
    .select((one) => one.fn.max("endedAt").as("endedAt"))
    .where("merchant", "=", merchant)
    .where("kind", "=", kind)
    .where("state", "=", "done")
    .executeTakeFirst();
  return row?.endedAt ?? undefined;
}

/**
 * Writes what is new, and counts the revision on.
 *
 * @returns whether it did; false where the change is not at that revision any more
 */
export async function putChange(tx: Tx, row: ChangeRow, progress: ChangeProgress): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable("changes")
    .set({ ...progress, revision: row.revision + 1 })
    .where("id", "=", row.id)
    .where("revision", "=", row.revision)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

export async function addChangeEvent(tx: Tx, row: Insertable<ChangeEventRow>): Promise<void> {
  await tx.insertInto("changeEvents").values(row).execute();
}

/** Of the newest event of a change; 0 where it has none. */
export async function findLastEventId(db: Store, changeId: string): Promise<number> {
  const row = await db
    .selectFrom("changeEvents")
    .select((one) => one.fn.max("id").as("id"))
    .where("changeId", "=", changeId)
    .executeTakeFirst();
  return row?.id ?? 0;
}

/** Of one change, oldest first. */
export function listChangeEvents(db: Store, changeId: string): Promise<readonly ChangeEvent[]> {
  return db.selectFrom("changeEvents").selectAll().where("changeId", "=", changeId).orderBy("id").execute();
}

/** At most `limit` after `id`, of all changes, in order. */
export function listChangeEventsAfter(db: Store, id: number, limit: number): Promise<readonly ChangeEvent[]> {
  return db.selectFrom("changeEvents").selectAll().where("id", ">", id).orderBy("id").limit(limit).execute();
}

/** @returns whether it was added; false where that evidence is there already */
export async function addAttachment(tx: Tx, row: AttachmentRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto("attachments")
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

export function listAttachments(db: Store, changeId: string): Promise<readonly AttachmentRow[]> {
  return db.selectFrom("attachments").selectAll().where("changeId", "=", changeId).orderBy("at").execute();
}

/** Tasks that are there already stay as they are. */
export async function addTasks(tx: Tx, rows: readonly ChangeTaskRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx
    .insertInto("changeTasks")
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export function listTasks(db: Store, changeId: string): Promise<readonly ChangeTaskRow[]> {
  return db.selectFrom("changeTasks").selectAll().where("changeId", "=", changeId).orderBy("kind").execute();
}

/** @returns whether it did; false where there is no such task that waits */
export async function finishTask(
  tx: Tx,
  { changeId, kind, doneAt, doneBy, note }: Omit<ChangeTaskRow, "createdAt">,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable("changeTasks")
    .set({ doneAt, doneBy, note })
    .where("changeId", "=", changeId)
    .where("kind", "=", kind)
    .where("doneAt", "is", null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}
