import type { IsoMessage } from "../iso8583/message.ts";

/**
 * What a response code (field 39) decides. "approved": done as asked. "reserved": booked, but not simply as asked.
 * "sign_in_again": not done, because the keys do not agree. "undecided": the host could not tell. "refused": definitely
 * not done.
 */
export type Verdict = "approved" | "reserved" | "sign_in_again" | "undecided" | "refused";

const APPROVED = "00";
/** Approvals with a reservation: part of the amount, VIP, track 3 to be updated, "flawed successes" of the switch. */
const RESERVED = ["10", "11", "16", "A2", "A4", "A5", "A6"];
const SIGN_IN_CODE = "77";
export const MAC_ERROR_CODE = "A0";
/** Time-outs (68, 98), end of day (90), host down or out of reach (91, 92, 96), trace taken for a duplicate (94). */
const UNDECIDED = ["68", "90", "91", "92", "94", "96", "98"];
/** A reversal is done when accepted, and where there is nothing (any more) to reverse. */
const REVERSED = [APPROVED, "12", "25"];

/** Fields of an answer that repeat those of its request. */
const ECHOED = [3, 4, 11, 41, 42] as const;

/** Without a code nothing is decided. */
export function toVerdict(answer: IsoMessage): Verdict {
  const code = answer.fields[39];
  if (code === undefined || UNDECIDED.includes(code)) return "undecided";
  if (code === APPROVED) return "approved";
  if (RESERVED.includes(code)) return "reserved";
  if (code === SIGN_IN_CODE || code === MAC_ERROR_CODE) return "sign_in_again";
  return "refused";
}

/** Whether the code says that the purchase does not stand any more. */
export function isReversed(answer: IsoMessage): boolean {
  return REVERSED.includes(toCode(answer));
}

/** The response code for people. */
export function toCode(answer: IsoMessage): string {
  return answer.fields[39] ?? "without code";
}

/** Whether a message answers this very request: type + 10, and fields 3, 4, 11, 41 and 42 as far as the request has them. */
export function isAnswerTo(request: IsoMessage, message: IsoMessage): boolean {
  return (
    message.type === toAnswerType(request.type) &&
    ECHOED.every((field) => request.fields[field] === undefined || request.fields[field] === message.fields[field])
  );
}

function toAnswerType(type: string): string {
  return String(Number(type) + 10).padStart(4, "0");
}
