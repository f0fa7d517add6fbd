import { parseCnaps } from "../../../proto/identifiers/cnaps.ts";
import {
  MAX_BANK_NAME,
  MAX_HOLDER_NAME,
  MAX_MERCHANT_NAME,
  MAX_SHORT_NAME,
  parseName,
} from "../../../proto/identifiers/name.ts";
import { toCodePoint } from "../../../proto/printable.ts";
import { BINDING_KINDS } from "../../../proto/profile.ts";
import { checkNotSensitive } from "../../../proto/sensitive.ts";
import { parseMcc } from "../identifiers/mcc.ts";
import { isMicroMerchant, parseLicenceOf, toContradictions } from "../identifiers/merchant-identity.ts";
import { parseMerchantNumber } from "../identifiers/merchant-number.ts";
import { parseTaxNumber } from "../identifiers/tax-number.ts";
import { parseUscc } from "../identifiers/uscc.ts";
import type { CardClass } from "./bins.ts";
import { findContactFaults } from "./contact.ts";
import { findFaults, type RecordFault, type RecordField, toFault } from "./fault.ts";
import { countGbkBytes, findUnencodable } from "./gbk.ts";
import { OWNER_KINDS, toOwnerKind } from "./owner.ts";
import { DEFAULT_RECORD_POLICY, type RecordPolicy } from "./policy.ts";
import type { MerchantFacts, RecordPatch, SettlementRecord } from "./record.ts";
import { findOwnerFaults, type Owner } from "./same-owner.ts";
import { findValidityFaults } from "./validity.ts";

/** Numbers that are right or wrong together; whoever changes one answers for all. */
const IDENTITY_FIELDS = ["licenceNo", "taxNo", "uscc", "ownerKind"] as const satisfies readonly RecordField[];
const DIGEST_BYTES = 32;

type NamedField = keyof RecordPolicy["nameBytes"];

/** Every fault of a merchant's own data, in the order of its fields. */
export function findMerchantFaults(
  facts: MerchantFacts,
  policy: RecordPolicy = DEFAULT_RECORD_POLICY,
): readonly RecordFault[] {
  const { number, name, shortName, mcc, principal, contacts } = facts;
  return [
    ...findFaults("number", () => parseMerchantNumber(number)),
    ...findNameFaults("name", name, MAX_MERCHANT_NAME, policy),
    ...findNameFaults("shortName", shortName, MAX_SHORT_NAME, policy),
    ...findIdentityFaults(facts),
    ...findFaults("mcc", () => parseMcc(mcc)),
    ...(principal === "" ? [] : findNameFaults("principal", principal, MAX_HOLDER_NAME, policy)),
    ...findContactFaults(contacts),
  ];
}

/** The faults for which a patch is to answer: of the fields that it sets, and of all numbers where it sets one. */
export function findPatchFaults(
  facts: MerchantFacts,
  patch: RecordPatch,
  policy: RecordPolicy = DEFAULT_RECORD_POLICY,
): readonly RecordFault[] {
  const isOfIdentity = IDENTITY_FIELDS.some((field) => patch[field] !== undefined);
  const fields = new Set([...Object.keys(patch), ...(isOfIdentity ? IDENTITY_FIELDS : [])]);
  return findMerchantFaults({ ...facts, ...patch }, policy).filter(({ field }) => fields.has(toMember(field)));
}

export interface SettlementQuestion {
  readonly owner: Owner;
  /** What the tables of BINs say of the card; `unknown` for an account. */
  readonly cardClass: CardClass;
  /** When it is to be in force, in seconds. */
  readonly at: number;
}

/** Every fault of a settlement account for that merchant. */
export function findSettlementFaults(
  settlement: SettlementRecord,
  { owner, cardClass, at }: SettlementQuestion,
  policy: RecordPolicy = DEFAULT_RECORD_POLICY,
): readonly RecordFault[] {
  const { kind, bank, cnaps, holder, bin, last4, commitment } = settlement;
  const holderFaults = findNameFaults("holder", holder, MAX_HOLDER_NAME, policy);
  return [
    ...(BINDING_KINDS.includes(kind) ? [] : [toFault("kind", "FIELD_INVALID", "choice")]),
    ...findNameFaults("bank", bank, MAX_BANK_NAME, policy),
    ...findFaults("cnaps", () => parseCnaps(cnaps)),
    ...(holderFaults.length > 0 ? holderFaults : findOwnerFaults(settlement, owner, policy)),
    ...findBinFaults(settlement, cardClass, policy),
    ...(isFormed(kind === "card" ? /^\d{6}(\d\d)?$/ : /^$/, bin) ? [] : [toFault("bin", "FIELD_INVALID", "form")]),
    ...(isFormed(/^\d{4}$/, last4) ? [] : [toFault("last4", "FIELD_INVALID", "form")]),
    ...(commitment.length === DIGEST_BYTES ? [] : [toFault("commitment", "FIELD_INVALID", "form")]),
    ...findValidityFaults(settlement, at),
  ];
}

/** A contradiction is looked for only where every number is sound by itself. */
function findIdentityFaults(facts: MerchantFacts): readonly RecordFault[] {
  const { uscc, taxNo, ownerKind } = facts;
  const isMicro = isMicroMerchant(facts);
  const unsound = [
    ...findFaults("licenceNo", () => parseLicenceOf(facts)),
    ...findFaults("taxNo", () => parseTaxNumber(taxNo)),
    ...(isMicro ? [] : findFaults("uscc", () => parseUscc(uscc))),
  ];
  if (!OWNER_KINDS.includes(ownerKind)) return [...unsound, toFault("ownerKind", "FIELD_INVALID", "choice")];
  if (unsound.length > 0) return unsound;
  const reason = isMicro ? "differs_from_person" : "differs";
  return [
    ...toContradictions(facts).map((field) => toFault(field, "IDENTIFIERS_INCONSISTENT", reason)),
    ...(ownerKind === toOwnerKind(uscc) ? [] : [toFault("ownerKind", "IDENTIFIERS_INCONSISTENT", "owner_kind")]),
  ];
}

function findNameFaults(
  field: NamedField,
  text: string,
  maxCharacters: number,
  { nameBytes }: RecordPolicy,
): readonly RecordFault[] {
  const unsound = findFaults(field, () => {
    parseName(text, maxCharacters);
    checkNotSensitive(text);
  });
  if (unsound.length > 0) return unsound;
  const unencodable = findUnencodable(text);
  if (unencodable.length > 0) {
    const detail = unencodable.map((character) => `${character} (${toCodePoint(character)})`).join(", ");
    return [toFault(field, "NAME_NOT_ENCODABLE", "character", { detail })];
  }
  const [bytes, most] = [countGbkBytes(text), nameBytes[field]];
  return bytes <= most ? [] : [toFault(field, "NAME_NOT_ENCODABLE", "bytes", { detail: `${bytes} > ${most}` })];
}

function findBinFaults(
  { kind }: SettlementRecord,
  cardClass: CardClass,
  { unknownBin }: RecordPolicy,
): readonly RecordFault[] {
  if (kind !== "card" || cardClass === "debit") return [];
  if (cardClass !== "unknown" && cardClass !== "mixed") return [toFault("bin", "CREDIT_CARD", cardClass)];
  return [toFault("bin", "BIN_UNKNOWN", cardClass, { severity: unknownBin === "warn" ? "warning" : "refused" })];
}

function isFormed(pattern: RegExp, text: string): boolean {
  return pattern.test(text);
}

/** The member of a record that a field belongs to. */
function toMember(field: RecordField): string {
  return field.replace(/\..*$/, "");
}
