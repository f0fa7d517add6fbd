import { toHex } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { ChangeState } from "../../domain/changes/change.ts";
import { type ChangeContent, parseContentText } from "../../domain/changes/content.ts";
import type { SettlementRecord } from "../../domain/records/record.ts";
import { listOrdersOf } from "../../store/acquirer-orders.ts";
import { findChange, listAttachments, listChangeEvents, listChanges, listTasks } from "../../store/changes.ts";
import type { AttachmentRow, ChangeEventRow, ChangeRow, ChangeTaskRow } from "../../store/changes-schema.ts";
import { listNotices, type StoredNotice } from "../../store/notices.ts";
import type { Store } from "../../store/store.ts";
import { toContentDigest } from "../changes/act.ts";
import { readDeployments } from "../changes/progress.ts";

export const MAX_LISTED_CHANGES = 500;
const STARS = "******";

/** A change in a list. */
export interface ChangeLine
  extends Pick<
    ChangeRow,
    "id" | "merchant" | "kind" | "state" | "revision" | "requester" | "reasonCode" | "reason" | "createdAt" | "code"
  > {
  readonly updatedAt: number;
}

/** An account as people may see it. */
export type SettlementView = Omit<SettlementRecord, "commitment" | "bin" | "last4"> & { readonly number: string };

/** A change with all that belongs to it. */
export interface ChangeView extends ChangeLine {
  readonly baseVersion: number;
  readonly isRecovery: boolean;
  readonly content: Omit<ChangeContent, "settlement" | "sealed" | "sealedBefore"> & {
    readonly settlement?: SettlementView;
    /** Whether the acquirer was sealed the number. */
    readonly isSealed: boolean;
  };
  /** SHA-256 over what it shall bring: what a checker approves where there is no release. */
  readonly digest: string;
  readonly pack: string;
  readonly feeFen: number;
  /** Hexadecimal; empty where there is none. */
  readonly releaseId: string;
  readonly submittedAt: number | null;
  readonly publishedAt: number | null;
  readonly endedAt: number | null;
  readonly attachments: readonly (Omit<AttachmentRow, "digest" | "changeId"> & { readonly digest: string })[];
  readonly tasks: readonly Omit<ChangeTaskRow, "changeId">[];
  readonly orders: readonly {
    readonly requestNo: string;
    readonly purpose: string;
    readonly state: string;
    readonly reference: string;
    readonly code: string;
    readonly words: string;
  }[];
  readonly terminals: readonly {
    readonly tusn: string;
    readonly state: string;
    readonly code: string;
    readonly updatedAt: number;
  }[];
  /** Who was told of it, and whether that arrived. */
  readonly notices: readonly Pick<
    StoredNotice,
    "event" | "channel" | "recipient" | "attempts" | "dueAt" | "deliveredAt" | "code"
  >[];
  readonly events: readonly Omit<ChangeEventRow, "id" | "changeId">[];
}

export interface ChangeListQuery {
  readonly merchant?: string;
  /** Merchants that the asker may see; all where absent. */
  readonly merchants?: ReadonlySet<string>;
  readonly state?: ChangeState;
  /** Id of the last one of the page before. */
  readonly after?: string;
  readonly limit: number;
}

/** Newest first. @throws TillsyncError NOT_FOUND where there is no change `after` which to go on */
export async function viewChanges(store: Store, query: ChangeListQuery): Promise<readonly ChangeLine[]> {
  const { merchant, state, after, limit } = query;
  const merchants = merchant === undefined ? query.merchants : [merchant];
  const last = after === undefined ? undefined : await findChange(store, after);
  if (after !== undefined && last === undefined) throw new TillsyncError("NOT_FOUND", { change: "after" });
  const rows = await listChanges(store, {
    ...(merchants === undefined ? {} : { merchants: [...merchants] }),
    ...(state === undefined ? {} : { states: [state] }),
    ...(last === undefined ? {} : { after: last }),
    limit: Math.min(limit, MAX_LISTED_CHANGES),
  });
  return rows.map(toLine);
}

/** @throws TillsyncError NOT_FOUND */
export async function showChange(store: Store, id: string): Promise<ChangeView> {
  const row = await findChange(store, id);
  if (row === undefined) throw new TillsyncError("NOT_FOUND", { change: id.slice(0, 40) });
  const { ahead } = await readDeployments(store, row.publishedAt === null ? null : row.releaseId);
  const attachments = await listAttachments(store, id);
  const { baseVersion, pack, feeFen, submittedAt, publishedAt, endedAt } = row;
  return {
    ...toLine(row),
    ...{ baseVersion, pack, feeFen, submittedAt, publishedAt, endedAt },
    isRecovery: row.recovery === 1,
    content: toContentView(row),
    digest: toHex(toContentDigest(row)),
    releaseId: row.releaseId === null ? "" : toHex(row.releaseId),
    attachments: attachments.map(({ changeId: _, digest, ...rest }) => ({ ...rest, digest: toHex(digest) })),
    tasks: (await listTasks(store, id)).map(({ changeId: _, ...task }) => task),
    orders: (await listOrdersOf(store, id)).map(({ requestNo, purpose, state, reference, code, words }) => {
      return { requestNo, purpose, state, reference, code, words };
    }),
    terminals: ahead.map(({ tusn, state, code, updatedAt }) => ({ tusn, state, code, updatedAt })),
    notices: (await listNotices(store, id)).map(({ event, channel, recipient, attempts, dueAt, deliveredAt, code }) => {
      return { event, channel, recipient, attempts, dueAt, deliveredAt, code };
    }),
    events: (await listChangeEvents(store, id)).map(({ id: _, changeId: __, ...event }) => event),
  };
}

function toLine(row: ChangeRow): ChangeLine {
  const { id, merchant, kind, state, revision, requester, reasonCode, reason, createdAt, updatedAt, code } = row;
  return { id, merchant, kind, state, revision, requester, reasonCode, reason, createdAt, updatedAt, code };
}

function toContentView({ content }: ChangeRow): ChangeView["content"] {
  const { settlement, sealed, sealedBefore: _, ...rest } = parseContentText(content);
  return {
    ...rest,
    isSealed: sealed !== undefined,
    ...(settlement === undefined ? {} : { settlement: toSettlementView(settlement) }),
  };
}

/** BIN, stars, last four digits (PCI DSS 3.4.1). */
export function toSettlementView({ commitment: _, bin, last4, ...rest }: SettlementRecord): SettlementView {
  return { ...rest, number: `${bin}${STARS}${last4}` };
}
