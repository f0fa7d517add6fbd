import { toDigest } from "../../proto/bytes.ts";
import type { DraftRow } from "./schema.ts";
import type { Store, Tx } from "./store.ts";

// Release files on their way from builder to approvers to service. A draft is open until it is closed, once.

/** A new draft. Times in seconds. */
export type NewDraft = Pick<DraftRow, "releaseId" | "file" | "submittedAt" | "expiresAt">;

/** A draft without its file, which may have 64 MiB. */
export type DraftSummary = Omit<DraftRow, "file">;

/** @returns whether it was added; false where there is one of that release, open or closed: it is left as it is */
export async function addDraft(tx: Tx, draft: NewDraft): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto("drafts")
    .values({ ...draft, fileDigest: toDigest(draft.file), closedAt: null, closedWhy: null })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
}

/** Open or closed. */
export function findDraft(db: Store, releaseId: Uint8Array): Promise<DraftRow | undefined> {
  return db.selectFrom("drafts").selectAll().where("releaseId", "=", releaseId).executeTakeFirst();
}

/** Open ones, the oldest first. */
export function listDrafts(db: Store, limit: number): Promise<readonly DraftSummary[]> {
  return db
    .selectFrom("drafts")
    .select(["releaseId", "fileDigest", "submittedAt", "expiresAt", "closedAt", "closedWhy"])
    .where("closedAt", "is", null)
    .orderBy("submittedAt")
    .orderBy("releaseId")
    .limit(limit)
    .execute();
}

/**
 * Puts a new file in the place of the one with this digest.
 *
 * @returns whether it did; false where another file is there by now, or the draft is closed or gone
 */
export async function putDraftFile(
  tx: Tx,
  releaseId: Uint8Array,
  oldDigest: Uint8Array,
  file: Uint8Array,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable("drafts")
    .set({ file, fileDigest: toDigest(file) })
    .where("releaseId", "=", releaseId)
    .where("fileDigest", "=", oldDigest)
    .where("closedAt", "is", null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/**
 * Closes a draft for good and forgets its file: what was published is kept with the release.
 *
 * @returns whether it did; false where it was closed before, or there is none
 */
export async function closeDraft(tx: Tx, releaseId: Uint8Array, closedAt: number, closedWhy: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable("drafts")
    .set({ file: new Uint8Array(0), closedAt, closedWhy })
    .where("releaseId", "=", releaseId)
    .where("closedAt", "is", null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}
