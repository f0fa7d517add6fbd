import { checkRange } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { addTokens, closeTokens, findEnrolment, putEnrolment } from "../../store/enrolments.ts";
import { findTerminals } from "../../store/fleet.ts";
import { type Store, type Tx, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { noteHappenings } from "../identity/history.ts";
import { parseAct, parseActor } from "../registry/act.ts";
import { createToken, toTokenDigest } from "./token.ts";

/** Tokens made in one transaction. */
export const MAX_TOKENS_AT_ONCE = 1_000;
const MAX_VALID_S = 30 * 86_400;

export interface TokenOptions {
  /** How long they may be used, in seconds. */
  readonly validS: number;
  /** A person of the policy has to admit each enrolment. */
  readonly needsAdmission: boolean;
  /** Who makes them, as claimed. */
  readonly actor: string;
}

/** The only time that a token is seen. */
export interface CreatedToken {
  readonly tusn: Tusn;
  readonly token: string;
  readonly expiresAt: number;
}

/**
 * New one-time tokens, at most MAX_TOKENS_AT_ONCE; former ones of the same terminals are closed. All or none.
 *
 * @throws TillsyncError what `checkEnrollable` throws; FIELD_INVALID; CONFIG_INVALID, SENSITIVE_DATA for the name
 */
export async function createTokens(
  context: Context,
  tusns: readonly Tusn[],
  { validS, needsAdmission, actor }: TokenOptions,
): Promise<readonly CreatedToken[]> {
  checkRange(tusns.length, 1, MAX_TOKENS_AT_ONCE, "terminals");
  checkRange(validS, 1, MAX_VALID_S, "valid");
  parseActor(actor);
  const once = [...new Set(tusns)];
  return await transact(context.store, async (tx) => {
    await checkEnrollable(tx, once);
    const now = context.now();
    const expiresAt = now + validS;
    const made = once.map((tusn) => ({ tusn, token: createToken(context), expiresAt }));
    await closeTokens(tx, once, now, "replaced");
    const row = { createdAt: now, expiresAt, actor, closedAt: null, closedWhy: "", admissionEvidence: "" };
    await addTokens(
      tx,
      made.map(({ tusn, token }) => {
        return { ...row, digest: toTokenDigest(token), tusn, needsAdmission: needsAdmission ? 1 : 0 };
      }),
    );
    const detail = { expires: expiresAt, admission: needsAdmission };
    await noteHappenings(
      tx,
      now,
      once.map((tusn) => ({ tusn, kind: "token_created", actor, detail })),
    );
    return made;
  });
}

/** @throws TillsyncError NOT_FOUND, TERMINAL_RETIRED for the first terminal that can never enrol */
export async function checkEnrollable(db: Store, tusns: readonly Tusn[]): Promise<void> {
  const known = new Map((await findTerminals(db, tusns)).map((terminal) => [terminal.tusn, terminal]));
  for (const tusn of tusns) {
    const terminal = known.get(tusn);
    if (terminal === undefined) throw new TillsyncError("NOT_FOUND", { terminal: tusn });
    if (terminal.life === "retired" || terminal.life === "replaced") {
      throw new TillsyncError("TERMINAL_RETIRED", { terminal: tusn });
    }
  }
}

/** Takes a terminal's token out of use. @returns whether there was an open one */
export async function withdrawToken(context: Context, tusn: Tusn, by: string): Promise<boolean> {
  const actor = parseActor(by);
  return await transact(context.store, async (tx) => {
    const now = context.now();
    const isOpen = (await closeTokens(tx, [tusn], now, "withdrawn")) > 0;
    if (isOpen) await noteHappenings(tx, now, [{ tusn, kind: "token_withdrawn", actor }]);
    return isOpen;
  });
}

/**
 * Lets a terminal enrol again after too many wrong tokens.
 *
 * @throws TillsyncError NOT_FOUND where it is not locked; CONFIG_INVALID, SENSITIVE_DATA for the words
 */
export async function unlockEnrolment(context: Context, tusn: Tusn, why: string, by: string): Promise<void> {
  const { actor, reason } = parseAct(why, by);
  await transact(context.store, async (tx: Tx) => {
    const row = await findEnrolment(tx, tusn);
    if (row === undefined || row.lockedAt === null) throw new TillsyncError("NOT_FOUND", { lock: tusn });
    await putEnrolment(tx, { ...row, failures: 0, lockedAt: null });
    await noteHappenings(tx, context.now(), [
      { tusn, kind: "enrolment_unlocked", actor, detail: { failures: row.failures, reason } },
    ]);
  });
}
