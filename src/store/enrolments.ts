import type { Tusn } from "../../proto/tusn.ts";
import type { EnrolmentRow, EnrolmentTokenRow, UnbindingRow } from "./schema.ts";
import { inChunks, type Store, type Tx } from "./store.ts";

// One-time tokens, what enrolments have come to, and people's word that a terminal shall be parted from its key.

/** A used one may still answer its own key again; every other closed one counts for nothing. */
const ALIVE = ["", "used"];

export async function addTokens(tx: Tx, rows: readonly EnrolmentTokenRow[]): Promise<void> {
  await inChunks(rows, (chunk) => tx.insertInto("enrolmentTokens").values(chunk).execute());
}

/** Tokens of these terminals that may still count; of each terminal one at most. */
export function findTokens(db: Store, tusns: readonly Tusn[]): Promise<readonly EnrolmentTokenRow[]> {
  return inChunks(tusns, (chunk) =>
    db.selectFrom("enrolmentTokens").selectAll().where("tusn", "in", chunk).where("closedWhy", "in", ALIVE).execute(),
  );
}

/** Closes whatever token of these terminals may still count. @returns how many were open */
export async function closeTokens(
  tx: Tx,
  tusns: readonly Tusn[],
  closedAt: number,
  closedWhy: "replaced" | "withdrawn",
): Promise<number> {
  const counts = await inChunks(tusns, async (chunk) => {
    const ofThese = tx.updateTable("enrolmentTokens").where("tusn", "in", chunk);
    const open = await ofThese.set({ closedAt, closedWhy }).where("closedWhy", "=", "").executeTakeFirst();
    await ofThese.set({ closedWhy }).where("closedWhy", "=", "used").execute();
    return [Number(open.numUpdatedRows)];
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

export async function markTokenUsed(tx: Tx, digest: Uint8Array, closedAt: number): Promise<void> {
  await tx
    .updateTable("enrolmentTokens")
    .set({ closedAt, closedWhy: "used" })
    .where("digest", "=", digest)
    .where("closedWhy", "=", "")
    .execute();
}

/** Keeps the signed request by which the enrolment with this token was admitted: it stays when the enrolment is over. */
export async function keepAdmission(tx: Tx, digest: Uint8Array, admissionEvidence: string): Promise<void> {
  await tx.updateTable("enrolmentTokens").set({ admissionEvidence }).where("digest", "=", digest).execute();
}

/** Open tokens in order of TUSN, at most `limit` after this TUSN. */
export function listOpenTokens(
  db: Store,
  now: number,
  after: string,
  limit: number,
): Promise<readonly EnrolmentTokenRow[]> {
  return db
    .selectFrom("enrolmentTokens")
    .selectAll()
    .where("closedWhy", "=", "")
    .where("expiresAt", ">=", now)
    .where("tusn", ">", after as Tusn)
    .orderBy("tusn")
    .limit(limit)
    .execute();
}

export async function findEnrolment(db: Store, tusn: Tusn): Promise<EnrolmentRow | undefined> {
  return await db.selectFrom("enrolments").selectAll().where("tusn", "=", tusn).executeTakeFirst();
}

/** Adds the row, or puts it in the place of the one that is there. */
export async function putEnrolment(tx: Tx, row: EnrolmentRow): Promise<void> {
  const { tusn: _, ...rest } = row;
  await tx
    .insertInto("enrolments")
    .values(row)
    .onConflict((conflict) => conflict.column("tusn").doUpdateSet(rest))
    .execute();
}

/** An enrolment that waits for a person, with the token that it was asked with. */
export type PendingRow = EnrolmentRow & Pick<EnrolmentTokenRow, "actor" | "expiresAt">;

/** The oldest first, at most `limit`; of one terminal where it is named. */
export function listPending(db: Store, now: number, limit: number, tusn?: Tusn): Promise<readonly PendingRow[]> {
  const waiting = db
    .selectFrom("enrolments")
    .innerJoin("enrolmentTokens", "enrolmentTokens.digest", "enrolments.token")
    .selectAll("enrolments")
    .select(["enrolmentTokens.actor", "enrolmentTokens.expiresAt"])
    .where("enrolmentTokens.closedWhy", "=", "")
    .where("enrolmentTokens.needsAdmission", "=", 1)
    .where("enrolmentTokens.expiresAt", ">=", now)
    .where("enrolments.admittedAt", "is", null)
    .orderBy("enrolments.requestedAt")
    .limit(limit);
  return (tusn === undefined ? waiting : waiting.where("enrolments.tusn", "=", tusn)).execute();
}

/** Enrolments that a person has to unlock, in order of TUSN. */
export function listLocked(db: Store, limit: number): Promise<readonly EnrolmentRow[]> {
  return db
    .selectFrom("enrolments")
    .selectAll()
    .where("lockedAt", "is not", null)
    .orderBy("tusn")
    .limit(limit)
    .execute();
}

/** What people asked for about this terminal and this key, the oldest first. */
export function listUnbindings(db: Store, tusn: Tusn, deviceKey: Uint8Array): Promise<readonly UnbindingRow[]> {
  return db
    .selectFrom("unbindings")
    .selectAll()
    .where("tusn", "=", tusn)
    .where("deviceKey", "=", deviceKey)
    .orderBy("at")
    .orderBy("person")
    .execute();
}

/** Adds one person's word; his former word about the same key gives way unless it has taken effect. */
export async function putUnbinding(tx: Tx, row: UnbindingRow): Promise<void> {
  const { reason, evidence, at } = row;
  await tx
    .insertInto("unbindings")
    .values(row)
    .onConflict((conflict) =>
      conflict
        .columns(["tusn", "deviceKey", "person"])
        .doUpdateSet({ reason, evidence, at })
        .where("unbindings.doneAt", "is", null),
    )
    .execute();
}

export async function closeUnbindings(tx: Tx, tusn: Tusn, deviceKey: Uint8Array, doneAt: number): Promise<void> {
  await tx
    .updateTable("unbindings")
    .set({ doneAt })
    .where("tusn", "=", tusn)
    .where("deviceKey", "=", deviceKey)
    .where("doneAt", "is", null)
    .execute();
}
