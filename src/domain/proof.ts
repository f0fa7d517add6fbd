import { isEqual } from "../../proto/bytes.ts";
import type { Proof } from "../../proto/challenge.ts";
import { FACTOR_DIGITS, FACTOR_LIFE_S } from "../../proto/cryptogram.ts";
import type { ErrorCode } from "../../proto/errors.ts";
import { type IdentityPolicy, isSufficient, type ProofReason, type Verdict } from "./verdict.ts";

/** Terminals of which nobody knows when they were proven are asked within this, so that not all are asked at once. */
export const FIRST_SPREAD_S = 3_600;
/** Until a terminal is asked again after an asking that led to nothing; doubled with each such asking, */
export const PAUSE_S = 60;
/** up to this. */
export const MAX_PAUSE_S = 3_600;
/** Until a terminal is asked again whose answer was being judged when the service ended. */
export const JUDGING_S = 120;

/** What is planned for one terminal, and the challenge that is open. Times in seconds. */
export interface ProofStanding {
  readonly dueAt: number | null;
  readonly why: ProofReason;
  readonly challenge: Uint8Array | null;
  readonly factor: string;
  readonly expiresAt: number | null;
  readonly failures: number;
  readonly tries: number;
  readonly code: ErrorCode | "";
  readonly lockedAt: number | null;
}

const NO_CHALLENGE = { challenge: null, factor: "", expiresAt: null };
const NOTHING_YET = { ...NO_CHALLENGE, failures: 0, tries: 0, code: "", lockedAt: null } as const;

/** FACTOR_DIGITS decimal digits, each as likely as any other; undefined where the random bytes did not yield as many. */
export function toFactor(bytes: Uint8Array): string | undefined {
  // 256 is no multiple of ten: what is left above the last whole ten would make low digits likelier.
  const digits = [...bytes].filter((byte) => byte < 250).map((byte) => byte % 10);
  return digits.length < FACTOR_DIGITS ? undefined : digits.slice(0, FACTOR_DIGITS).join("");
}

/** When to ask again where all is well: a quarter of the time sooner or later. `fraction` from 0 to below 1. */
export function toNextDue(now: number, everyS: number, fraction: number): number {
  return now + Math.round(everyS * (0.75 + fraction / 2));
}

/** When to ask a terminal first for which nothing was ever planned. */
export function toFirstDue(
  terminal: { readonly verdict: Verdict; readonly provenAt: number | null },
  policy: IdentityPolicy,
  now: number,
  fraction: number,
): number {
  const soon = now + 1 + Math.floor(FIRST_SPREAD_S * fraction);
  if (terminal.provenAt === null || !isSufficient(terminal, policy)) return soon;
  return Math.max(soon, toNextDue(terminal.provenAt, policy.everyS, fraction));
}

/** How long to wait after `times` askings that led to nothing. */
export function toPause(times: number): number {
  return Math.min(MAX_PAUSE_S, PAUSE_S * 2 ** Math.max(0, times - 1));
}

/**
 * What is planned once a proof was wanted at `dueAt`; undefined where nothing changes. The earlier time counts. Nothing is
 * planned where a person has to look first. An open challenge is waited for; but a new device must not answer what the
 * one before was asked. A person's wish ends the pause that follows on an asking that led to nothing; a binding that waits
 * does not.
 */
export function plan(standing: ProofStanding | undefined, dueAt: number, why: ProofReason): ProofStanding | undefined {
  if (standing === undefined) return { ...NOTHING_YET, dueAt, why };
  if (standing.lockedAt !== null) return undefined;
  const anew = { ...standing, tries: 0, code: "" } as const;
  if (why === "enrolment") return { ...anew, ...NO_CHALLENGE, dueAt, why };
  const { expiresAt } = standing;
  const isOpen = expiresAt !== null && expiresAt >= dueAt;
  if (why === "demand") return { ...anew, dueAt: isOpen ? expiresAt + 1 : dueAt, why };
  if (isOpen || (standing.dueAt !== null && (standing.dueAt <= dueAt || standing.code !== ""))) return undefined;
  return { ...standing, dueAt, why };
}

export function isDue({ dueAt, lockedAt }: ProofStanding, now: number): boolean {
  return lockedAt === null && dueAt !== null && dueAt <= now;
}

/** The standing once a challenge is open; one that was open before is closed by it, for nobody answered it in time. */
export function ask(standing: ProofStanding, challenge: Uint8Array, factor: string, now: number): ProofStanding {
  const expiresAt = now + FACTOR_LIFE_S;
  const tries = standing.tries + 1;
  const code = standing.challenge === null ? standing.code : "PROOF_EXPIRED";
  return { ...standing, challenge, factor, expiresAt, tries, code, dueAt: expiresAt + toPause(tries) };
}

/** Whether an answer that came at `now` is one to the open challenge: id and factor exactly, within its life. */
export function isAnswer(standing: ProofStanding, { challenge, factor }: Proof, now: number): boolean {
  const { expiresAt, lockedAt } = standing;
  if (lockedAt !== null || standing.challenge === null || expiresAt === null || now > expiresAt) return false;
  return isEqual(standing.challenge, challenge) && standing.factor === factor;
}

/** The standing while an answer is judged: its challenge is good for no other. */
export function close(standing: ProofStanding, now: number): ProofStanding {
  return { ...standing, ...NO_CHALLENGE, dueAt: now + JUDGING_S };
}

/**
 * What came of an answer: it was right; it was wrong; the terminal can make none; nobody could tell that it is right; or
 * nobody could be asked, for which the code stands.
 */
export type Outcome = "right" | "wrong" | "unavailable" | "unknown" | { readonly failed: ErrorCode };

/** What a terminal's answer without a cryptogram comes to: that it can make none ever, or could not just now. */
export function toUnanswered(code: ErrorCode): Outcome {
  return code === "TERMINAL_BUSY" || code === "COMMAND_FAILED" ? { failed: code } : "unavailable";
}

/** Decides on what follows from an answer; nothing while locked. `fraction` from 0 to below 1. */
export function settle(
  standing: ProofStanding,
  outcome: Outcome,
  { everyS, attempts }: IdentityPolicy,
  now: number,
  fraction: number,
): ProofStanding {
  if (standing.lockedAt !== null) return standing;
  const closed = { ...standing, ...NO_CHALLENGE };
  const next = { tries: 0, dueAt: toNextDue(now, everyS, fraction), why: "schedule" } as const;
  if (outcome === "right") return { ...closed, ...next, failures: 0, code: "" };
  if (outcome === "unavailable") return { ...closed, ...next, code: "PROOF_UNAVAILABLE" };
  if (outcome === "unknown") return { ...closed, ...next, code: "TUSN_UNPROVEN" };
  if (outcome !== "wrong") return { ...closed, code: outcome.failed, dueAt: now + toPause(standing.tries) };
  const failures = standing.failures + 1;
  const wrong = { ...closed, failures, tries: 0 };
  if (failures < attempts) return { ...wrong, code: "PROOF_WRONG", dueAt: now + toPause(failures) };
  return { ...wrong, code: "PROOF_LOCKED", dueAt: null, lockedAt: now };
}

/** The standing once a person has looked: it is asked anew at once. */
export function unlock(standing: ProofStanding, now: number): ProofStanding {
  return { ...standing, ...NOTHING_YET, dueAt: now, why: "demand" };
}
