import type { ErrorCode } from "../../proto/errors.ts";
import type { Life } from "./life.ts";
import type { Verdict } from "./verdict.ts";

// Whether a terminal gets a certificate. Pure: whoever asks brings what is on record.

/** Whose the device key on record is, seen from the key that asks. */
export type Holder = "nobody" | "same" | "other";

export interface TokenFacts {
  /** Whether it is the one that was handed in; compared in constant time. */
  readonly isRight: boolean;
  /** A certificate was issued for it. */
  readonly isUsed: boolean;
  readonly expiresAt: number;
  readonly needsAdmission: boolean;
}

export interface TerminalFacts {
  readonly life: Life;
  readonly isQuarantined: boolean;
  readonly verdict: Verdict;
  /** Whether its device key was ever heard of on the bus: its certificate has arrived then. */
  readonly isHeard: boolean;
}

export interface KeyFacts {
  readonly holder: Holder;
  /** Another terminal has it, or this one was parted from it: neither may come back. */
  readonly isSpent: boolean;
}

export interface EnrolmentFacts {
  readonly now: number;
  /** Absent where there is no such terminal. */
  readonly terminal?: TerminalFacts;
  /** The newest one of this TUSN; absent where there is none that may still count. */
  readonly token?: TokenFacts;
  /** Too many were wrong. */
  readonly isLocked: boolean;
  /** Absent as long as only a challenge is asked for. */
  readonly key?: KeyFacts;
  /** For which key this token was shown before, seen from the key that asks. */
  readonly asked: Holder;
  readonly isAdmitted: boolean;
}

export interface Refusal {
  readonly code: ErrorCode;
  /** It was a guess: so many of them lock the terminal's enrolment. */
  readonly isGuess: boolean;
}

/**
 * Why nothing is given to whoever asks; undefined where something is. Strangers are told the same, whether there is no
 * such terminal, no token, or a wrong one: everything else is told to those only who hold the token.
 */
export function judgeEnrolment(facts: EnrolmentFacts): Refusal | undefined {
  const { now, terminal, token, isLocked, key } = facts;
  if (terminal === undefined || token === undefined) return refuse("TOKEN_INVALID");
  const isOpen = !token.isUsed && token.expiresAt >= now;
  if (!token.isRight) return { code: "TOKEN_INVALID", isGuess: isOpen && !isLocked };
  if (token.expiresAt < now) return refuse("TOKEN_INVALID");
  if (isLocked) return refuse("ENROLMENT_LOCKED");
  const standing = judgeStanding(terminal);
  if (standing !== undefined) return refuse(standing);
  if (terminal.verdict === "revoked") return refuse("TUSN_UNPROVEN");
  if (key === undefined) return undefined;
  if (key.isSpent) return refuse("KEY_INVALID");
  if (key.holder === "other" || facts.asked === "other") return refuse("ENROLMENT_HELD");
  // The answer may have been lost: the same key may ask again until it is heard of.
  if (token.isUsed && (facts.asked !== "same" || terminal.isHeard)) return refuse("TOKEN_INVALID");
  return undefined;
}

/** Whether the TUSN has to be proven now, as far as anybody can judge that: not again by a key that was judged before. */
export function needsProof({ token, asked }: EnrolmentFacts): boolean {
  return token?.isUsed === false && asked === "nobody";
}

/** What follows where nothing refuses: note that a person has to admit it, wait for that, or issue. */
export function toEnrolmentStep({ token, asked, isAdmitted }: EnrolmentFacts): "ask" | "wait" | "issue" {
  if (token?.needsAdmission !== true || token.isUsed || isAdmitted) return "issue";
  return asked === "same" ? "wait" : "ask";
}

/** Why a terminal gets no certificate whatever it shows; undefined where it may. */
export function judgeStanding({ life, isQuarantined }: Pick<TerminalFacts, "life" | "isQuarantined">) {
  if (life === "retired" || life === "replaced") return "TERMINAL_RETIRED";
  if (life === "suspended") return "TERMINAL_SUSPENDED";
  return isQuarantined ? "TERMINAL_QUARANTINED" : undefined;
}

export interface RenewalFacts extends Pick<TerminalFacts, "life" | "isQuarantined"> {
  readonly now: number;
  /** Of the certificate that is shown; absent where it was not issued to this terminal. */
  readonly certificate?: { readonly notAfter: number; readonly isRevoked: boolean };
  /** Whose the device key on record is, seen from the key of that certificate. */
  readonly holder: Holder;
}

/** Why a certificate is not renewed; undefined where it is. */
export function judgeRenewal({ now, certificate, holder, ...standing }: RenewalFacts): ErrorCode | undefined {
  if (certificate === undefined || holder !== "same") return "CERTIFICATE_UNKNOWN";
  if (certificate.isRevoked) return "CERTIFICATE_REVOKED";
  if (certificate.notAfter < now) return "CERTIFICATE_INVALID";
  return judgeStanding(standing);
}

function refuse(code: ErrorCode): Refusal {
  return { code, isGuess: false };
}
