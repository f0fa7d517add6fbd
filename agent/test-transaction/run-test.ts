import type { Profile } from "../../proto/profile.ts";
import { isSignInDemanded } from "../iso8583/message.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { MAC_ERROR_CODE, toCode, toVerdict } from "./answers.ts";
import { type AuthenticatedExchange, exchangeWithMac } from "./authenticated.ts";
import { exchange } from "./exchange.ts";
import { type ReversalReason, toEcho, toPurchase, toTrace } from "./messages.ts";
import { type TestResult, toStepResult } from "./result.ts";
import { signIn } from "./sign-in.ts";

/** Traces that one attempt uses: the echo's, the sign-in's (also where it is repeated), the purchase's. */
export const TRACES_PER_ATTEMPT = 3;

export interface Attempt {
  /** Field 11 of the echo, 1 to 999999; sign-in and purchase take the two that follow, from 999999 on to 1. */
  readonly trace: number;
  /** 0 to 999999. */
  readonly batch: number;
}

export type TestOutcome = TestResult & {
  /** The purchase may stand at the host: a reversal is owed, also after a pass. */
  readonly purchaseSent: boolean;
  /** What that reversal gives as its reason. */
  readonly reversalReason: ReversalReason;
};

/** Field 11 of the attempt's purchase and of its reversal. */
export function toPurchaseTrace(attempt: Attempt): number {
  return toTrace(attempt.trace, 2);
}

/**
 * One attempt of the test transaction: echo, sign-in, purchase. Only an approval under a valid MAC passes. A host that
 * does not agree to the keys gets one more sign-in, and then the same purchase under the same trace, so that one
 * reversal covers both. Whatever the network does is an outcome.
 *
 * @throws TillsyncError ISO_FIELD_INVALID where the profile or the attempt cannot be packed
 */
export async function runTest(profile: Profile, attempt: Attempt, terminal: Terminal): Promise<TestOutcome> {
  const { trace, batch } = attempt;
  const signInTrace = toTrace(trace, 1);
  const echoed = toStepResult("echo", await exchange(profile, toEcho(profile, toTrace(trace, 0), batch)));
  if (echoed.kind !== "passed") return toUnsent(echoed);
  const signedIn = await signIn(profile, signInTrace, batch, terminal);
  if (signedIn.kind !== "passed") return toUnsent(signedIn);

  const request = toPurchase(profile, toPurchaseTrace(attempt), batch);
  const exchanged = await exchangeWithMac(profile, request, terminal);
  const outcome = toOutcome(exchanged, false);
  if (!isSignInAsked(exchanged)) return outcome;

  const signedInAgain = await signIn(profile, signInTrace, batch, terminal);
  if (signedInAgain.kind !== "passed") return { ...outcome, ...signedInAgain };
  return toOutcome(await exchangeWithMac(profile, request, terminal), outcome.purchaseSent);
}

function toUnsent(result: TestResult): TestOutcome {
  return { ...result, purchaseSent: false, reversalReason: "06" };
}

function isSignInAsked(exchanged: AuthenticatedExchange): boolean {
  if (exchanged.kind === "unanswered") return false;
  const verdict = toVerdict(exchanged.answer);
  if (verdict === "approved" || verdict === "reserved") return false;
  return verdict === "sign_in_again" || isSignInDemanded(exchanged.answer);
}

/** `sentBefore`: the purchase was sent once already and that answer did not settle that it was not booked. */
function toOutcome(exchanged: AuthenticatedExchange, sentBefore: boolean): TestOutcome {
  if (exchanged.kind === "unanswered") {
    const { sent, detail } = exchanged;
    return {
      kind: "inconclusive",
      detail: `purchase: ${detail}`,
      purchaseSent: sentBefore || sent,
      reversalReason: "98",
    };
  }
  const { answer, authentic } = exchanged;
  const detail = `purchase ${toCode(answer)}${authentic ? "" : " without a valid MAC"}`;
  const inconclusive: TestOutcome = {
    kind: "inconclusive",
    detail,
    purchaseSent: true,
    reversalReason: authentic ? "06" : "A0",
  };
  switch (toVerdict(answer)) {
    case "approved":
      return authentic ? { kind: "passed", purchaseSent: true, reversalReason: "06" } : inconclusive;
    case "refused":
      return authentic ? { ...inconclusive, kind: "failed", purchaseSent: sentBefore } : inconclusive;
    case "sign_in_again":
      // A host that holds other keys cannot make a valid MAC, so the refusal counts without one; the debit does not.
      return {
        ...inconclusive,
        kind: answer.fields[39] === MAC_ERROR_CODE ? "failed" : "inconclusive",
        purchaseSent: sentBefore || !authentic,
      };
    case "reserved":
    case "undecided":
      return inconclusive;
  }
}
