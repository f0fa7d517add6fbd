import type { ErrorCode } from "../../proto/errors.ts";
import type { Life } from "./life.ts";
import { type IdentityPolicy, isProven, isSufficient, type Verdict } from "./verdict.ts";

/** Why a terminal gets nothing built, published or sent, whatever it is. */
export type Bar = "suspended" | "retired" | "quarantined" | "unsettled";

export const BAR_CODES: Readonly<Record<Bar, ErrorCode>> = {
  suspended: "TERMINAL_SUSPENDED",
  retired: "TERMINAL_RETIRED",
  quarantined: "TERMINAL_QUARANTINED",
  unsettled: "RESTORE_UNSETTLED",
};

/** Codes that a directive waits with while its terminal may not be sent it. */
export const HELD_CODES: readonly ErrorCode[] = ["TUSN_UNPROVEN", ...Object.values(BAR_CODES)];

/** What the gate judges a terminal by. */
export interface IdentityFacts {
  readonly life: Life;
  readonly quarantined: boolean;
  /** The service was restored from a backup since, and the terminal has not said yet what it was given. */
  readonly unsettled: boolean;
  readonly verdict: Verdict;
  readonly provenAt: number | null;
}

export function findBar(facts: Pick<IdentityFacts, "life" | "quarantined" | "unsettled">): Bar | undefined {
  const { life, quarantined, unsettled } = facts;
  if (life === "retired" || life === "replaced") return "retired";
  if (life === "suspended") return "suspended";
  if (quarantined) return "quarantined";
  return unsettled ? "unsettled" : undefined;
}

/** Why a directive has to wait, as a code and in words. */
export interface Hold {
  readonly code: ErrorCode;
  readonly detail: string;
}

const DAY_S = 86_400;

/** Why a terminal is not to be sent a directive at `now`, in seconds; undefined where it may be. */
export function findHold(
  facts: IdentityFacts | undefined,
  isBinding: boolean,
  policy: IdentityPolicy,
  now: number,
): Hold | undefined {
  if (facts === undefined) return { code: "TUSN_UNPROVEN", detail: "not on record" };
  const bar = findBar(facts);
  if (bar !== undefined) return { code: BAR_CODES[bar], detail: "" };
  if (!isBinding || isProven(facts, policy, now)) return undefined;
  const { verdict } = facts;
  if (!isSufficient(facts, policy)) return { code: "TUSN_UNPROVEN", detail: `verdict ${verdict}` };
  const days = Math.floor(policy.maxAgeS / DAY_S);
  return { code: "TUSN_UNPROVEN", detail: `verdict ${verdict} is older than ${days} days` };
}
