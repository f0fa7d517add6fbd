import { isEqual, toHex } from "../../../../proto/bytes.ts";
import type { FieldDifference } from "../../../../proto/difference.ts";
import type { Binding } from "../../../../proto/profile.ts";
import type { ReleaseLeaf } from "../../../release.ts";
import { HIDDEN, hideDigits } from "./blind-text.ts";
import type { FieldName, FieldView } from "./view.ts";

/** The fields of a settlement in the order in which people check them; what it commits to comes last. */
const TEXT_FIELDS = ["kind", "bank", "cnaps", "holder", "bin", "last4"] as const;
const BINDING_FIELDS = [...TEXT_FIELDS, "commitment"] as const;

/**
 * What must not be shown: the last four digits of every new card, wherever they stand; and commitments. Empty for a
 * reader who may see all.
 */
export interface Secrets {
  readonly isBlind: boolean;
  readonly last4: ReadonlySet<string>;
}

/** The last four digits of every settlement that a release brings and its terminals did not hold. */
export function toSecrets(leaves: readonly ReleaseLeaf[], isBlind: boolean): Secrets {
  const last4 = new Set<string>();
  for (const { profile, base, isReserve } of isBlind ? leaves : []) {
    if (!isReserve && isOtherSettlement(base?.binding, profile.binding)) last4.add(profile.binding.last4);
  }
  return { isBlind, last4 };
}

/** A text of people's own with the last four digits of a new card made unreadable. */
export function toBlindText(text: string, { last4 }: Secrets): string {
  return last4.size === 0 ? text : hideDigits(text, (digits) => last4.has(digits));
}

/** Whether it takes the place of another one, or of none. */
export function isOtherSettlement(before: Binding | undefined, after: Binding): boolean {
  if (before === undefined) return true;
  return TEXT_FIELDS.some((field) => before[field] !== after[field]) || !isEqual(before.commitment, after.commitment);
}

/** The same for the same settlement only. */
export function toSettlementKey(binding: Binding): string {
  return JSON.stringify(BINDING_FIELDS.map((field) => toText(binding[field])));
}

/** Everything of a settlement, old beside new, changed or not. */
export function toSettlementFields(
  before: Binding | undefined,
  after: Binding,
  secrets: Secrets,
): readonly FieldView[] {
  const shown = secrets.isBlind ? TEXT_FIELDS : BINDING_FIELDS;
  return shown.map((field) => {
    const [old, next] = [before === undefined ? "" : toText(before[field]), toText(after[field])];
    return toFieldView(`binding.${field}`, old, next, secrets);
  });
}

/** Every field that differs between what a terminal holds and what it would take, but for the settlement. */
export function toOtherFields(differences: readonly FieldDifference[], secrets: Secrets): readonly FieldView[] {
  return differences
    .filter(({ group }) => group !== "binding")
    .map((difference) => toFieldView(toFieldName(difference), difference.before, difference.after, secrets));
}

function toFieldName({ group, field }: FieldDifference): FieldName {
  return `${group}.${field}` as FieldName;
}

function toFieldView(field: FieldName, before: string, after: string, secrets: Secrets): FieldView {
  if (secrets.isBlind && field === "binding.last4") {
    return { field, before: secrets.last4.has(before) ? HIDDEN : before, after: HIDDEN };
  }
  const isChanged = before !== after;
  if (!PEOPLES_TEXTS.includes(field)) return { field, before, after, isChanged };
  return { field, before: toBlindText(before, secrets), after: toBlindText(after, secrets), isChanged };
}

/** Fields that people word as they like, so that anything may stand in them. */
const PEOPLES_TEXTS: readonly FieldName[] = ["merchant.name", "merchant.shortName", "binding.bank", "binding.holder"];

function toText(value: string | Uint8Array): string {
  return typeof value === "string" ? value : toHex(value);
}
