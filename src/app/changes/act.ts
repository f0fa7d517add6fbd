import { toDigest, toHex, toUtf8 } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { type ChangeEvent, stepChange } from "../../domain/changes/change.ts";
import { toOpenText } from "../../domain/changes/content.ts";
import { addChangeEvent, type ChangeProgress, findChange, putChange } from "../../store/changes.ts";
import type { ChangeEventRow, ChangeRow } from "../../store/changes-schema.ts";
import { closeDraft } from "../../store/drafts.ts";
import { appendEntries } from "../../store/ledger.ts";
import type { Store, Tx } from "../../store/store.ts";
import { toEntry } from "../ledger-entries.ts";
import { orderReceipt } from "../receipts/order.ts";
import { verifyUnpublished } from "./release-owner.ts";

/** Who decides something about a change, and the words to it; a card number in them is masked before. */
export interface ChangeAct {
  readonly actor: string;
  readonly comment: string;
}

/** @throws TillsyncError NOT_FOUND */
export async function readChange(db: Store, id: string): Promise<ChangeRow> {
  const row = await findChange(db, id);
  if (row === undefined)
    throw new TillsyncError("NOT_FOUND", { change: /^C[0-9a-f]{16}$/.test(id) ? id : "malformed" });
  return row;
}

/** @throws TillsyncError VERSION_CONFLICT where the reader has seen another revision */
export function checkRevision({ id, revision }: ChangeRow, seen: number | undefined): void {
  if (seen !== undefined && seen !== revision) throw new TillsyncError("VERSION_CONFLICT", { change: id, revision });
}

/**
 * Moves a change on: its row, its event and its ledger entry. What was read before the transaction is written only
 * where nobody was faster.
 *
 * @returns the row as it is now
 * @throws TillsyncError STATE_CONFLICT, VERSION_CONFLICT
 */
export function moveChange(
  tx: Tx,
  now: number,
  row: ChangeRow,
  event: ChangeEvent,
  act: ChangeAct,
  progress: ChangeProgress = {},
): Promise<ChangeRow> {
  return alterChange(tx, now, row, event, act, { ...progress, state: stepChange(row.state, event) });
}

/** As `moveChange`, for what leaves the state as it is. @throws TillsyncError VERSION_CONFLICT */
export async function alterChange(
  tx: Tx,
  now: number,
  row: ChangeRow,
  event: ChangeEventRow["event"],
  { actor, comment }: ChangeAct,
  progress: ChangeProgress = {},
): Promise<ChangeRow> {
  const next: ChangeRow = { ...row, ...progress, updatedAt: now, revision: row.revision + 1 };
  if (!(await putChange(tx, row, { ...progress, updatedAt: now }))) {
    throw new TillsyncError("VERSION_CONFLICT", { change: row.id });
  }
  await addChangeEvent(tx, { changeId: row.id, at: now, event, state: next.state, actor, comment });
  const { merchant, kind, state, code } = next;
  const detail = { merchant, kind, state, ...(code === "" ? {} : { code }), ...(comment === "" ? {} : { comment }) };
  await appendEntries(tx, [toEntry(now, `change.${event}`, row.id, { actor, digest: toContentDigest(next), detail })]);
  return next;
}

type ShownContent = Pick<ChangeRow, "id" | "merchant" | "kind" | "baseVersion" | "reason" | "content">;

/** What a change shall bring, as the bytes that an approver's program shows: a JSON list of texts and a number. */
export function toContentBytes({ id, merchant, kind, baseVersion, reason, content }: ShownContent): Uint8Array {
  return toUtf8(JSON.stringify([id, merchant, kind, baseVersion, reason, toOpenText(content)]));
}

/** Names what a change shall bring, so that an approval of one content is none of another. */
export function toContentDigest(row: ChangeRow): Uint8Array {
  return toDigest(toContentBytes(row));
}

/**
 * Ends a change, and orders its receipt: its release, where that still waits for signatures, is taken off the desk, and
 * what was sealed for an acquirer is forgotten, unless the change failed and may be opened again.
 *
 * @throws TillsyncError STATE_CONFLICT, also where it would be withdrawn and its release was published
 */
export async function endChange(
  tx: Tx,
  now: number,
  row: ChangeRow,
  event: "withdraw" | "conclude" | "fail",
  act: ChangeAct,
  progress: ChangeProgress = {},
): Promise<ChangeRow> {
  if (event === "withdraw") await verifyUnpublished(tx, row);
  await takeOffDesk(tx, now, row, event);
  const content = event === "fail" ? row.content : toOpenText(row.content);
  const ended = await moveChange(tx, now, row, event, act, { ...progress, endedAt: now, content });
  await orderReceipt(tx, now, ended);
  return ended;
}

/**
 * Sends a change back to whoever wrote it, and takes its release off the desk: nobody is to sign what was given up.
 *
 * @throws TillsyncError STATE_CONFLICT, also where its release was published
 */
export async function returnChange(
  tx: Tx,
  now: number,
  row: ChangeRow,
  event: "reject" | "bar" | "lapse",
  act: ChangeAct,
  progress: ChangeProgress = {},
): Promise<ChangeRow> {
  await verifyUnpublished(tx, row);
  await takeOffDesk(tx, now, row, event);
  return moveChange(tx, now, row, event, act, { ...progress, releaseId: null });
}

async function takeOffDesk(tx: Tx, now: number, { id, releaseId }: ChangeRow, why: string): Promise<void> {
  if (releaseId === null || !(await closeDraft(tx, releaseId, now, why))) return;
  await appendEntries(tx, [toEntry(now, "draft.closed", toHex(releaseId), { detail: { change: id, why } })]);
}

export function toReleaseReason({ id, reason }: Pick<ChangeRow, "id" | "reason">): string {
  return `${id}: ${reason}`;
}
