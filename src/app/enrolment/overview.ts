import type { Tusn } from "../../../proto/tusn.ts";
import { listLocked, listOpenTokens } from "../../store/enrolments.ts";
import type { Context } from "../context.ts";
import { listPendingEnrolments, type PendingEnrolment } from "./admit.ts";

/** Rows of each kind that are shown. */
const MAX_ROWS = 1_000;

/** What an operator wants to know of enrolments. Times in seconds. */
export interface EnrolmentOverview {
  readonly tokens: readonly {
    readonly tusn: Tusn;
    readonly createdAt: number;
    readonly expiresAt: number;
    readonly by: string;
    readonly needsAdmission: boolean;
  }[];
  readonly pending: readonly PendingEnrolment[];
  readonly locked: readonly { readonly tusn: Tusn; readonly failures: number; readonly lockedAt: number }[];
}

/** The first MAX_ROWS of each. */
export async function showEnrolments(context: Context): Promise<EnrolmentOverview> {
  const tokens = await listOpenTokens(context.store, context.now(), "", MAX_ROWS);
  const locked = await listLocked(context.store, MAX_ROWS);
  return {
    tokens: tokens.map(({ tusn, createdAt, expiresAt, actor, needsAdmission }) => {
      return { tusn, createdAt, expiresAt, by: actor, needsAdmission: needsAdmission === 1 };
    }),
    pending: await listPendingEnrolments(context),
    locked: locked.map(({ tusn, failures, lockedAt }) => ({ tusn, failures, lockedAt: lockedAt ?? 0 })),
  };
}
