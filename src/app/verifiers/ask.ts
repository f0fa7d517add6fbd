import { type TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import type { Answer, Claim, Verifier } from "./verifier.ts";

/**
 * What the first verifier that knows the TUSN says of the claim. One that could not be asked is passed over; only where
 * nobody else knows does its failure count, since it might have known.
 *
 * @returns `unknown` where all were asked and none knows; where there is none, too, as the operator's own word
 * @throws TillsyncError VERIFIER_FAILED; what `Verifier.verify` throws else, at once
 */
export async function askVerifiers(verifiers: readonly Verifier[], claim: Claim): Promise<Answer> {
  let last: Answer = { verdict: "unknown", source: "operator", evidence: {} };
  let failure: TillsyncError | undefined;
  for (const verifier of verifiers) {
    try {
      last = await verifier.verify(claim);
    } catch (error) {
      if (toErrorCode(error) !== "VERIFIER_FAILED") throw error;
      failure ??= error as TillsyncError;
      continue;
    }
    if (last.verdict !== "unknown") return last;
  }
  if (failure !== undefined) throw failure;
  return last;
}

/** Whether a cryptogram would be of use to any of them. @throws what `Verifier.wantsCryptogram` throws */
export async function wantCryptogram(verifiers: readonly Verifier[], tusn: Claim["tusn"]): Promise<boolean> {
  for (const verifier of verifiers) if (await verifier.wantsCryptogram(tusn)) return true;
  return false;
}
