/** PCI DSS 8.3.4: wrong tries in a row, and how long nobody gets in then. */
export const MAX_FAILURES = 10;
export const LOCK_S = 30 * 60;

/** Wrong passwords and wrong codes alike. */
export interface Tries {
  readonly failures: number;
  /** Seconds; null where it was not locked since somebody got in. */
  readonly lockedAt: number | null;
}

export interface Standing extends Tries {
  readonly state: "active" | "disabled";
  readonly hasTotp: boolean;
}

/** What was given, held against the account. */
export interface Given {
  readonly isPassword: boolean;
  /** Whether the code is right and was not used before; of no account where there is no second factor. */
  readonly isCode: boolean;
}

/** What a try comes to. */
export interface Judgement {
  readonly answer: "granted" | "failed" | "locked";
  /** What to keep. */
  readonly tries: Tries;
  /** It is one of the wrong tries that lock. */
  readonly isCounted: boolean;
  /** It is the one that locks. */
  readonly isNewLock: boolean;
}

const NO_TRIES: Tries = { failures: 0, lockedAt: null };

/**
 * While an account is locked, a try is neither counted, or a stranger could keep it locked for ever, nor told
 * whether the password was right, or a stranger could go on guessing. That it is locked is told to nobody but who
 * gives a right password and a right code: nobody guesses both, so that a stranger learns neither a password nor
 * which accounts there are.
 */
export function judgeLogin(standing: Standing, { isPassword, isCode }: Given, now: number): Judgement {
  const { state, hasTotp, failures, lockedAt } = standing;
  const tries = { failures, lockedAt };
  if (state === "disabled") return toUncounted("failed", tries);
  if (isLocked(standing, now)) {
    return toUncounted(isPassword && hasTotp && isCode ? "locked" : "failed", tries);
  }
  if (isPassword && (isCode || !hasTotp)) return toUncounted("granted", NO_TRIES);
  return toFailure(tries, now);
}

/** A try within a session, whose bearer knows of the account: that it is locked is no secret to him. */
export function judgeTry({ failures, lockedAt }: Tries, isRight: boolean, now: number): Judgement {
  const tries = { failures, lockedAt };
  if (isLocked(tries, now)) return toUncounted("locked", tries);
  return isRight ? toUncounted("granted", tries) : toFailure(tries, now);
}

export function isLocked(tries: Tries, now: number): boolean {
  const until = toLockEnd(tries);
  return until !== null && now < until;
}

/** Until when nobody gets in, in seconds; null where it was never locked. */
export function toLockEnd({ lockedAt }: Tries): number | null {
  return lockedAt === null ? null : lockedAt + LOCK_S;
}

/** A lock that is over leaves nothing behind. */
function toFailure({ failures, lockedAt }: Tries, now: number): Judgement {
  const count = lockedAt === null ? failures + 1 : 1;
  const isNewLock = count >= MAX_FAILURES;
  return { answer: "failed", tries: { failures: count, lockedAt: isNewLock ? now : null }, isCounted: true, isNewLock };
}

function toUncounted(answer: Judgement["answer"], tries: Tries): Judgement {
  return { answer, tries, isCounted: false, isNewLock: false };
}
