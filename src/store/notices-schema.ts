import type { Generated } from "kysely";
import type { Audience, NoticeChannel, ToldEvent } from "../domain/notices/plan.ts";

// Rows of notices; `schema.ts` holds the others and the rules for all.

/** One notice to one recipient of one event of a change. */
export interface NoticeRow {
  readonly id: Generated<number>;
  readonly changeId: string;
  /** Of `changeEvents`. */
  readonly eventId: number;
  readonly event: ToldEvent;
  readonly channel: NoticeChannel;
  readonly audience: Audience;
  /** E-mail address, or name of a webhook. */
  readonly recipient: string;
  /** NoticeContent in JSON. */
  readonly content: string;
  readonly createdAt: number;
  readonly attempts: number;
  /** When it is to be sent (again); null where it was delivered or given up. */
  readonly dueAt: number | null;
  readonly deliveredAt: number | null;
  /** Code of the last failure; else empty. */
  readonly code: string;
}

/** The only row: up to which event notices are planned. */
export interface NoticeCursorRow {
  readonly id: 1;
  readonly event: number;
}

export interface NoticesTables {
  notices: NoticeRow;
  noticeCursor: NoticeCursorRow;
}
