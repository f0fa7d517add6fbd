import { type ErrorCode, TillsyncError } from "../../../proto/errors.ts";
import { type FaultCode, type FaultReason, WORDS, type Words } from "./words.ts";

/** Where a fault lies; of contacts by their place in the list, such as `contacts.0.phone`. */
export type RecordField =
  | "number"
  | "name"
  | "shortName"
  | "licenceNo"
  | "taxNo"
  | "uscc"
  | "mcc"
  | "ownerKind"
  | "principal"
  | "contacts"
  | `contacts.${number}.${"role" | "name" | "phone" | "email"}`
  | "kind"
  | "bank"
  | "cnaps"
  | "holder"
  | "bin"
  | "last4"
  | "commitment"
  | "validity";

/** `refused` forbids; `warning` is for a person to look at, and forbids nothing. */
export type Severity = "refused" | "warning";

/** One thing wrong with a record. It never tells the field's value, which may be a number that nobody should read. */
export interface RecordFault {
  readonly field: RecordField;
  readonly code: ErrorCode;
  /** Which rule of the code's, in one stable word, such as `length`. */
  readonly reason: string;
  readonly severity: Severity;
  /** The reason for people, in English and Chinese. */
  readonly words: Words;
  /** What helps to mend it, such as the characters of a name that GBK lacks; empty where nothing does. */
  readonly detail: string;
}

/** @param detail nothing of a number */
export function toFault<C extends FaultCode>(
  field: RecordField,
  code: C,
  reason: FaultReason<C>,
  { severity = "refused", detail = "" }: { readonly severity?: Severity; readonly detail?: string } = {},
): RecordFault {
  const words: Readonly<Record<string, Words>> = WORDS[code];
  return { field, code, reason, severity, words: words[reason] as Words, detail };
}

/** What a rule that throws has to say against a field. A fault of our own is thrown on. */
export function findFaults(field: RecordField, rule: () => void): readonly RecordFault[] {
  try {
    rule();
    return [];
  } catch (error) {
    if (!(error instanceof TillsyncError)) throw error;
    return [toFault(field, error.code as FaultCode, String(error.fields["reason"] ?? "sensitive") as never)];
  }
}

/** Whether nothing among the faults forbids. */
export function isAllowed(faults: readonly RecordFault[]): boolean {
  return faults.every(({ severity }) => severity === "warning");
}

/** @throws TillsyncError the code of the first fault that forbids, with the facts `field` and `reason` */
export function verifyAllowed(faults: readonly RecordFault[]): void {
  const refused = faults.find(({ severity }) => severity === "refused");
  if (refused === undefined) return;
  throw new TillsyncError(refused.code, { field: refused.field, reason: refused.reason });
}
