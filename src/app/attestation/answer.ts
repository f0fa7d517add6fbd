import type { Answer } from "../../../certs/attestation/format.ts";
import { type IdentityPolicy, isProven } from "../../domain/verdict.ts";
import type { KnownTerminal } from "../../store/attested.ts";

const REFUTING: readonly string[] = ["mismatch", "revoked"];

/**
 * What to say of a terminal to whoever asks. What speaks against it comes first: a proof from before says nothing while
 * two devices use one identity.
 */
export function toAnswer(
  terminal: Pick<KnownTerminal, "life" | "verdict" | "provenAt">,
  isQuarantined: boolean,
  policy: IdentityPolicy,
  now: number,
): Answer {
  const { life, verdict } = terminal;
  if (REFUTING.includes(verdict)) return "refuted";
  if (life === "retired" || life === "replaced") return "out_of_service";
  if (isQuarantined) return "quarantined";
  if (life === "suspended") return "suspended";
  return isProven(terminal, policy, now) ? "genuine" : "not_proven";
}
