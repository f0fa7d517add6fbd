import { checkChoice } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { toRedacted } from "../../../proto/redaction.ts";
import {
  CHANGE_KINDS,
  type ChangeKind,
  REASON_CODES,
  type ReasonCode,
  stepChange,
  toGroup,
} from "../../domain/changes/change.ts";
import { type ChangeContent, checkContent, toContentText } from "../../domain/changes/content.ts";
import { addChange, addChangeEvent, findOpenChange } from "../../store/changes.ts";
import type { ChangeRow } from "../../store/changes-schema.ts";
import { appendEntries } from "../../store/ledger.ts";
import { type Tx, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toEntry } from "../ledger-entries.ts";
import { readRecord } from "../records/read.ts";
import { parseAct } from "../registry/act.ts";
import {
  type ChangeAct,
  checkRevision,
  endChange,
  moveChange,
  readChange,
  returnChange,
  toContentDigest,
} from "./act.ts";
import { checkWords } from "./check-words.ts";

const ID_BYTES = 8;

/** One id in some hundreds could be read as a card number; so many in a row never are. */
const MAX_TRIES = 16;

/** A request as a person makes it. */
export interface NewChange {
  readonly merchant: string;
  readonly kind: ChangeKind;
  readonly reasonCode: ReasonCode;
  readonly reason: string;
  /** The present account is forgotten. */
  readonly isRecovery: boolean;
  readonly content: ChangeContent;
  readonly requester: string;
}

/** What may be altered while it is written, or after it was rejected or failed. */
export type Amendment = Partial<Pick<NewChange, "reasonCode" | "reason" | "content">>;

/**
 * Begins a change for the record as it is now. It may still be incomplete: whether it can be submitted is told by a preview.
 *
 * @throws TillsyncError NOT_FOUND, CHANGE_OPEN, FIELD_MISSING, FIELD_INVALID, SENSITIVE_DATA, CONFIG_INVALID
 */
export async function createChange(context: Context, asked: NewChange): Promise<ChangeRow> {
  const { merchant, content, isRecovery } = asked;
  const kind = checkChoice(asked.kind, CHANGE_KINDS, "kind");
  const reasonCode = checkChoice(asked.reasonCode, REASON_CODES, "reasonCode");
  const { actor: requester, reason } = parseAct(asked.reason, asked.requester);
  if (isRecovery && kind !== "settlement.replace") throw new TillsyncError("FIELD_INVALID", { field: "recovery" });
  checkWords(content);
  checkContent(kind, content);
  return transact(context.store, async (tx) => {
    const now = context.now();
    const { version } = await readRecord(tx, merchant);
    const row: ChangeRow = {
      ...{ id: createId(context), merchant, kind },
      ...{ groupName: toGroup(kind), state: "draft", revision: 1, baseVersion: version },
      ...{ requester, reasonCode, reason, recovery: isRecovery ? 1 : 0, content: toContentText(content) },
      ...{ pack: "", feeFen: 0, releaseId: null, approval: "", createdAt: now, updatedAt: now },
      ...{ submittedAt: null, publishedAt: null, recordedAt: null, endedAt: null, code: "" },
    };
    await addChange(tx, row);
    await addChangeEvent(tx, {
      changeId: row.id,
      at: now,
      event: "created",
      state: "draft",
      actor: requester,
      comment: reason,
    });
    const detail = { merchant, kind, reasonCode, reason, recovery: isRecovery };
    await appendEntries(tx, [
      toEntry(now, "change.created", row.id, { actor: requester, digest: toContentDigest(row), detail }),
    ]);
    return row;
  });
}

/**
 * Alters a change that is being written, was rejected, or failed; it is for the record as it is now from then on.
 *
 * @param seen revision that the person has read; unchecked where absent
 * @throws TillsyncError NOT_FOUND, VERSION_CONFLICT, STATE_CONFLICT, and as `createChange`
 */
export async function amendChange(
  context: Context,
  id: string,
  amendment: Amendment,
  actor: string,
  seen?: number,
): Promise<ChangeRow> {
  const row = await readChange(context.store, id);
  checkRevision(row, seen);
  stepChange(row.state, "amend");
  const { content, reasonCode = row.reasonCode } = amendment;
  checkChoice(reasonCode, REASON_CODES, "reasonCode");
  const act = parseAct(amendment.reason ?? row.reason, actor);
  if (content !== undefined) {
    checkWords(content);
    checkContent(row.kind, content);
  }
  return transact(context.store, async (tx) => {
    const { version } = await readRecord(tx, row.merchant);
    // One that failed is none of the open ones: another may have been begun since.
    const open = await findOpenChange(tx, row.merchant, row.groupName);
    if (open !== undefined && open.id !== id) {
      throw new TillsyncError("CHANGE_OPEN", { change: open.id, state: open.state });
    }
    return moveChange(
      tx,
      context.now(),
      row,
      "amend",
      { actor: act.actor, comment: act.reason },
      {
        ...{ baseVersion: version, reasonCode, reason: act.reason, code: "", approval: "", releaseId: null },
        ...{ publishedAt: null, recordedAt: null, endedAt: null },
        ...(content === undefined ? {} : { content: toContentText(content) }),
      },
    );
  });
}

/**
 * Sends it back with comments.
 *
 * @param seen revision that the person has read; unchecked where absent
 * @throws TillsyncError NOT_FOUND, VERSION_CONFLICT, STATE_CONFLICT, CONFIG_INVALID, SENSITIVE_DATA
 */
export function rejectChange(
  context: Context,
  id: string,
  comment: string,
  actor: string,
  seen?: number,
): Promise<ChangeRow> {
  return decide(context, { id, comment, actor, seen }, (tx, row, act) =>
    returnChange(tx, context.now(), row, "reject", act),
  );
}

/** Gives it up. @throws TillsyncError as `rejectChange` */
export function withdrawChange(
  context: Context,
  id: string,
  comment: string,
  actor: string,
  seen?: number,
): Promise<ChangeRow> {
  return decide(context, { id, comment, actor, seen }, (tx, row, act) =>
    endChange(tx, context.now(), row, "withdraw", act),
  );
}

interface Decision {
  readonly id: string;
  readonly comment: string;
  readonly actor: string;
  readonly seen: number | undefined;
}

async function decide(
  { store }: Context,
  { id, comment, actor, seen }: Decision,
  take: (tx: Tx, row: ChangeRow, act: ChangeAct) => Promise<ChangeRow>,
): Promise<ChangeRow> {
  const row = await readChange(store, id);
  checkRevision(row, seen);
  const act = parseAct(comment, actor);
  return transact(store, (tx) => take(tx, row, { actor: act.actor, comment: act.reason }));
}

/** `C` and 16 hexadecimal digits that nothing takes for a card number: it stands in the words that approvers sign. */
function createId({ randomBytes }: Pick<Context, "randomBytes">): string {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const id = `C${Buffer.from(randomBytes(ID_BYTES)).toString("hex")}`;
    if (toRedacted(id) === id) return id;
  }
  throw new TillsyncError("INTERNAL", { tries: MAX_TRIES });
}
