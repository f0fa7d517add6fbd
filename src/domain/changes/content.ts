import { toHex } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { Merchant } from "../../../proto/profile.ts";
import type { BindingRecord, MerchantFacts, RecordPatch, SettlementRecord } from "../records/record.ts";
import type { ChangeKind } from "./change.ts";
import { MERCHANT_FIELDS, type MerchantField } from "./pack.ts";

/** What a change shall bring, by its kind. A whole number is never in it. */
export interface ChangeContent {
  /** Of `merchant` and `contact`. */
  readonly patch?: RecordPatch;
  /** Of `settlement.add` and `settlement.replace`. */
  readonly settlement?: SettlementRecord;
  /** Of `settlement.replace` and `settlement.remove`: the account that goes; the primary one where absent. */
  readonly bindingId?: number;
  /** Base64 of what `tillsync-sign acquirer-seal` made of the new account, and of the one before for the way back. */
  readonly sealed?: string;
  readonly sealedBefore?: string;
}

type Stored = Omit<ChangeContent, "settlement"> & {
  readonly settlement?: Omit<SettlementRecord, "commitment"> & { readonly commitment: string };
};

/** 9999-12-31, by which a licence without end is put down: the last day that there is (as RFC 5280, 4.1.2.5). */
export const MAX_VALID_UNTIL = 253_402_214_400;

const ON_TERMINALS = ["name", "shortName", "licenceNo", "taxNo", "uscc", "mcc"] as const satisfies (keyof Merchant)[];

export function toContentText({ settlement, ...rest }: ChangeContent): string {
  const stored: Stored =
    settlement === undefined
      ? rest
      : { ...rest, settlement: { ...settlement, commitment: toHex(settlement.commitment) } };
  return JSON.stringify(stored);
}

/** What `toContentText` wrote. @throws TillsyncError STORE_FAILED where somebody has edited it */
export function parseContentText(text: string): ChangeContent {
  try {
    const { settlement, ...rest } = JSON.parse(text) as Stored;
    if (settlement === undefined) return rest;
    return { ...rest, settlement: { ...settlement, commitment: Buffer.from(settlement.commitment, "hex") } };
  } catch (cause) {
    throw new TillsyncError("STORE_FAILED", { column: "changes.content" }, cause);
  }
}

/** Without what only an acquirer can read: it goes with the content, nobody judges it, and it is forgotten at the end. */
export function toOpenText(text: string): string {
  const { sealed: _, sealedBefore: __, ...open } = parseContentText(text);
  return toContentText(open);
}

/**
 * Demands what the kind needs and nothing that it does not.
 *
 * @throws TillsyncError FIELD_MISSING, FIELD_INVALID
 */
export function checkContent(kind: ChangeKind, content: ChangeContent): void {
  const demand = (holds: boolean, code: "FIELD_MISSING" | "FIELD_INVALID", field: string) => {
    if (!holds) throw new TillsyncError(code, { field });
  };
  const { patch, settlement, bindingId } = content;
  const ofRecord = kind === "merchant" || kind === "contact";
  const brings = kind === "settlement.add" || kind === "settlement.replace";
  demand(ofRecord === (patch !== undefined), ofRecord ? "FIELD_MISSING" : "FIELD_INVALID", "patch");
  demand(brings === (settlement !== undefined), brings ? "FIELD_MISSING" : "FIELD_INVALID", "settlement");
  demand(bindingId === undefined || (!ofRecord && kind !== "settlement.add"), "FIELD_INVALID", "bindingId");
  demand(kind !== "settlement.remove" || bindingId !== undefined, "FIELD_MISSING", "bindingId");
  const names = Object.keys(patch ?? {});
  const allowed: readonly string[] = kind === "contact" ? ["contacts"] : MERCHANT_FIELDS;
  for (const name of names) demand(allowed.includes(name), "FIELD_INVALID", name);
  demand(!ofRecord || names.length > 0, "FIELD_MISSING", "patch");
  demand(isDay(patch?.licenceValidUntil), "FIELD_INVALID", "licenceValidUntil");
}

/** Seconds of a time that a licence can end at; null and undefined where there is none. */
function isDay(until: number | null | undefined): boolean {
  if (until === undefined || until === null) return true;
  return Number.isSafeInteger(until) && until >= 0 && until <= MAX_VALID_UNTIL;
}

/** The fields of a merchant that differ from what is on record. */
export function toChangedFields(facts: MerchantFacts, patch: RecordPatch = {}): readonly MerchantField[] {
  return MERCHANT_FIELDS.filter((field) => patch[field] !== undefined && patch[field] !== facts[field]);
}

/** What of a patch terminals hold; empty where it is of the records alone. */
export function toTerminalPatch(patch: RecordPatch = {}): Partial<Omit<Merchant, "number">> {
  return Object.fromEntries(
    ON_TERMINALS.flatMap((field) => (patch[field] === undefined ? [] : [[field, patch[field]]])),
  );
}

/**
 * The account that terminals are to settle to after the change; undefined where theirs stays, as it does where no other
 * is left.
 *
 * @throws TillsyncError NOT_FOUND
 */
export function toTerminalBinding(
  kind: ChangeKind,
  { settlement, bindingId }: ChangeContent,
  bindings: readonly BindingRecord[],
): SettlementRecord | undefined {
  if (kind !== "settlement.replace" && kind !== "settlement.remove") return undefined;
  const going = findGoing(bindings, bindingId);
  if (!going.isPrimary) return undefined;
  if (kind === "settlement.replace") return settlement;
  return bindings.find((one) => one.state === "in_force" && one.id !== going.id);
}

/** The account of this number, or the primary one; undefined where it is not in force. */
export function findInForce(bindings: readonly BindingRecord[], id: number | undefined): BindingRecord | undefined {
  return bindings.find((one) => one.state === "in_force" && (id === undefined ? one.isPrimary : one.id === id));
}

/** The account that goes. @throws TillsyncError NOT_FOUND where it is not in force */
export function findGoing(bindings: readonly BindingRecord[], id: number | undefined): BindingRecord {
  const going = findInForce(bindings, id);
  if (going === undefined) throw new TillsyncError("NOT_FOUND", { binding: id ?? "primary" });
  return going;
}
