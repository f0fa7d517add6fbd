import { toCode, toVerdict } from "./answers.ts";
import type { Exchange } from "./exchange.ts";

/** What one attempt of the test transaction showed. */
export type TestResult =
  /** The purchase was approved under a valid MAC. */
  | { readonly kind: "passed" }
  /** A definite refusal, such as "sign-in 97" or "purchase 58". */
  | { readonly kind: "failed"; readonly detail: string }
  /** Nothing decided: another attempt may. */
  | { readonly kind: "inconclusive"; readonly detail: string };

/** The result of a step whose answer carries no MAC; "passed" lets the next step begin and commits nothing. */
export function toStepResult(step: string, exchanged: Exchange): TestResult {
  if (exchanged.kind === "unanswered") return { kind: "inconclusive", detail: `${step}: ${exchanged.detail}` };
  const verdict = toVerdict(exchanged.answer);
  if (verdict === "approved") return { kind: "passed" };
  return { kind: verdict === "refused" ? "failed" : "inconclusive", detail: `${step} ${toCode(exchanged.answer)}` };
}
