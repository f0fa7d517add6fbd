import type { DifferenceClass } from "../../proto/difference.ts";

// What a receipt can tell of a change. Closed lists: a word that nothing is compared with must not look like one that is.

export const RECEIPT_KINDS = [
  "merchant",
  "contact",
  "settlement.add",
  "settlement.replace",
  "settlement.remove",
] as const;
export type ReceiptKind = (typeof RECEIPT_KINDS)[number];

/** Fields that profiles hold, so that a signed release says what they are to be. */
const ON_TERMINALS = [
  "merchant.name",
  "merchant.shortName",
  "merchant.licenceNo",
  "merchant.taxNo",
  "merchant.uscc",
  "merchant.mcc",
  "settlement.kind",
  "settlement.number",
  "settlement.bank",
  "settlement.cnaps",
  "settlement.holder",
] as const;

/** Points in time, in seconds where they are signed. */
const TIMES = ["merchant.licenceValidUntil", "settlement.validFrom", "settlement.validUntil"] as const;

/** What differences can be of. */
export const RECEIPT_FIELDS = [...ON_TERMINALS, ...TIMES, "merchant.principal", "contacts"] as const;
export type ReceiptField = (typeof RECEIPT_FIELDS)[number];
export type TerminalField = (typeof ON_TERMINALS)[number];

/** States of a directive on a terminal, as `src/domain/deployment.ts` has them. */
export const TERMINAL_STATES = [
  "reserved",
  "lapsed",
  "pending",
  "sent",
  "superseded",
  "verified",
  "applied",
  "refused",
  "committed",
  "rolled_back",
  "broken",
  "suspended",
] as const;

/** What a release has to be signed for; undefined for what terminals are given nothing of. */
const PURPOSES: Readonly<Record<ReceiptKind, DifferenceClass | undefined>> = {
  merchant: "merchant",
  contact: undefined,
  "settlement.add": undefined,
  "settlement.replace": "binding",
  "settlement.remove": "binding",
};

/** The class of difference that a change of this kind is for terminals; undefined where they are given nothing of it. */
export function toDemandedPurpose(kind: ReceiptKind): DifferenceClass | undefined {
  return PURPOSES[kind];
}

/** Whether a change of this kind can bring that field: an account comes with no name, and the other way round. */
export function isFieldOf(kind: ReceiptKind, field: ReceiptField): boolean {
  const [group] = kind.split(".");
  return field === "contacts" ? kind === "contact" : field.startsWith(`${group}.`);
}

export function isOnTerminals(field: ReceiptField): field is TerminalField {
  return (ON_TERMINALS as readonly ReceiptField[]).includes(field);
}

export function isTime(field: ReceiptField): boolean {
  return (TIMES as readonly ReceiptField[]).includes(field);
}
