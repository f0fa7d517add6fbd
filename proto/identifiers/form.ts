import { type ErrorCode, TillsyncError } from "../errors.ts";

/** Which rule an identifier breaks. An error tells this word and never the identifier itself. */
export type Reason = "length" | "alphabet" | "check" | "card_number";

/** @throws TillsyncError with the code and the reason unless `holds` */
export function checkRule(holds: boolean, code: ErrorCode, reason: Reason): void {
  if (!holds) throw new TillsyncError(code, { reason });
}

/**
 * Length first, so that no pattern ever runs over a long text.
 * @throws TillsyncError with the code, reason length or alphabet
 */
export function checkForm(text: string, lengths: readonly number[], alphabet: RegExp, code: ErrorCode): void {
  checkRule(lengths.includes(text.length), code, "length");
  checkRule(alphabet.test(text), code, "alphabet");
}
