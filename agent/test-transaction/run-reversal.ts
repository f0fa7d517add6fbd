import type { Profile } from "../../proto/profile.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { isReversed, toCode } from "./answers.ts";
import { exchangeWithMac } from "./authenticated.ts";
import { type ReversalReason, toReversal } from "./messages.ts";
import { type Attempt, toPurchaseTrace } from "./run-test.ts";
import { signIn } from "./sign-in.ts";

export interface ReversalResult {
  /** "answered": under a valid MAC the host said that the purchase does not stand (any more). */
  readonly kind: "answered" | "unanswered";
  /** Such as "reversal 00". */
  readonly detail: string;
}

/**
 * One attempt to reverse the purchase of `attempt`. Signs in first, because the working keys may be gone after a
 * restart. May be repeated with the same arguments until it is answered; only `signInTrace` should be a new one.
 *
 * @param reason where it is not known any more, as after a restart, no answer was seen: 98
 * @throws TillsyncError ISO_FIELD_INVALID where the profile or the attempt cannot be packed
 */
export async function runReversal(
  profile: Profile,
  attempt: Attempt,
  signInTrace: number,
  terminal: Terminal,
  reason: ReversalReason = "98",
): Promise<ReversalResult> {
  const signedIn = await signIn(profile, signInTrace, attempt.batch, terminal);
  if (signedIn.kind !== "passed") return { kind: "unanswered", detail: signedIn.detail };
  const request = toReversal(profile, toPurchaseTrace(attempt), attempt.batch, reason);
  const exchanged = await exchangeWithMac(profile, request, terminal);
  if (exchanged.kind === "unanswered") return { kind: "unanswered", detail: `reversal: ${exchanged.detail}` };
  const { answer, authentic } = exchanged;
  const detail = `reversal ${toCode(answer)}`;
  if (!authentic) return { kind: "unanswered", detail: `${detail} without a valid MAC` };
  return { kind: isReversed(answer) ? "answered" : "unanswered", detail };
}
