/** How sure we are of a TUSN, from the domain's rules. */
export const VERDICTS = [
  "verified-crypto",
  "verified-online",
  "verified-manual",
  "format-only",
  "legacy",
  "unknown",
  "mismatch",
  "revoked",
] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Who gave a verdict: our own store of SN keys, a registry asked over HTTP, a person's enquiry, or an operator's act. */
export const VERDICT_SOURCES = ["local_keys", "registry", "manual", "operator"] as const;
export type VerdictSource = (typeof VERDICT_SOURCES)[number];

/** Why a terminal is asked to prove its TUSN. */
export const PROOF_REASONS = ["enrolment", "schedule", "demand", "binding"] as const;
export type ProofReason = (typeof PROOF_REASONS)[number];

/** What an installation demands of identities. All times in seconds. */
export interface IdentityPolicy {
  /** Verdicts that let a terminal be given a settlement. */
  readonly sufficient: readonly Verdict[];
  /** A verdict older than this has to be given anew before a settlement is sent. */
  readonly maxAgeS: number;
  /** A connected terminal is asked about this often, with jitter of a quarter either way. */
  readonly everyS: number;
  /** Wrong proofs, and wrong enrolment tokens, after which a person has to look. */
  readonly attempts: number;
}

const DAY_S = 86_400;

export const DEFAULT_IDENTITY_POLICY: IdentityPolicy = {
  sufficient: ["verified-crypto", "verified-online", "verified-manual"],
  maxAgeS: 30 * DAY_S,
  everyS: 7 * DAY_S,
  attempts: 10,
};

interface Judged {
  readonly verdict: Verdict;
  readonly provenAt: number | null;
}

/** Whether the TUSN was ever proven well enough to be given a settlement, and nothing worse has been found since. */
export function isSufficient({ verdict }: Judged, { sufficient }: IdentityPolicy): boolean {
  return sufficient.includes(verdict);
}

/** Whether it was, and recently enough that a settlement may be sent at `now`, in seconds. */
export function isProven(judged: Judged, policy: IdentityPolicy, now: number): boolean {
  const { provenAt } = judged;
  // A clock that was set back makes no verdict last for longer.
  return isSufficient(judged, policy) && provenAt !== null && Math.abs(now - provenAt) <= policy.maxAgeS;
}

/** Verdicts that say that the terminal is not what it claims to be. */
const REFUTING: readonly Verdict[] = ["mismatch", "revoked"];

/** Whether the terminal was found not to be what it claims to be. */
export function isRefuted({ verdict }: { readonly verdict: Verdict }): boolean {
  return REFUTING.includes(verdict);
}

/** Verdicts that say that it is. */
export const PROVING: readonly Verdict[] = ["verified-crypto", "verified-online", "verified-manual"];

/**
 * The verdict that holds once another one was given: proof and refutation count, whatever was held; a verdict that knows
 * nothing takes nothing away.
 */
export function toVerdict(held: Verdict, given: Verdict): Verdict {
  if (PROVING.includes(given) || REFUTING.includes(given)) return given;
  return PROVING.includes(held) || REFUTING.includes(held) ? held : given;
}
