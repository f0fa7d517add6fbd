import { check, checkChoice, checkText } from "../../proto/check.ts";
import { type ErrorCode, TillsyncError, toErrorCode } from "../../proto/errors.ts";
import { parseAccountNumber } from "../../proto/identifiers/account-number.ts";
import { BIN_DIGITS, LAST_DIGITS, parseCardNumber } from "../../proto/identifiers/card-number.ts";
import { parseCnaps } from "../../proto/identifiers/cnaps.ts";
import {
  MAX_BANK_NAME,
  MAX_HOLDER_NAME,
  MAX_MERCHANT_NAME,
  MAX_MODEL_NAME,
  MAX_PLACE_NAME,
  MAX_SHORT_NAME,
  parseName,
} from "../../proto/identifiers/name.ts";
import { BINDING_KINDS, type BindingKind } from "../../proto/profile.ts";
import { isTusn } from "../../proto/tusn.ts";
import type { AccountRecord, DeviceRecord, FleetRow, LegacyRow, MerchantRecord } from "./fleet.ts";
import { type FieldFault, FLEET_COLUMNS, type FleetColumn, type FleetFields } from "./fleet-columns.ts";
import { parseMcc } from "./identifiers/mcc.ts";
import {
  isMicroMerchant,
  type MerchantIdentity,
  parseLicenceOf,
  toContradictions,
} from "./identifiers/merchant-identity.ts";
import { parseMerchantNumber } from "./identifiers/merchant-number.ts";
import { parseTaxNumber } from "./identifiers/tax-number.ts";
import { parseTerminalNumber } from "./identifiers/terminal-number.ts";
import { parseUscc } from "./identifiers/uscc.ts";
import { isCardLike, isLegacySerial } from "./legacy-serial.ts";

/** A row that can be trusted, of a terminal or of old stock; or every fault it has, in the order of the columns. */
export type ParsedRow =
  | { readonly row: FleetRow }
  | { readonly legacy: LegacyRow }
  | { readonly faults: readonly FieldFault[] };

/** One rule per column: it throws a TillsyncError where the field is wrong. */
const RULES: Readonly<Record<FleetColumn, (fields: FleetFields) => void>> = {
  tusn: (fields) => checkNumberOf(fields),
  maker: (fields) => checkMaker(fields),
  model: (fields) => parseName(fields.model, MAX_MODEL_NAME),
  certificate_no: (fields) => checkCertificate(fields),
  place: (fields) => parseName(fields.place, MAX_PLACE_NAME),
  terminal_no: (fields) => parseTerminalNumber(fields.terminal_no),
  acquirer: (fields) => checkText(fields.acquirer, /^\d{8,11}$/, "acquirer"),
  merchant_no: (fields) => parseMerchantNumber(fields.merchant_no),
  merchant_name: (fields) => parseName(fields.merchant_name, MAX_MERCHANT_NAME),
  short_name: (fields) => parseName(fields.short_name, MAX_SHORT_NAME),
  licence_no: (fields) => parseLicenceOf(toIdentity(fields)),
  tax_no: (fields) => parseTaxNumber(fields.tax_no),
  uscc: (fields) => (isMicroMerchant(fields) ? "" : parseUscc(fields.uscc)),
  mcc: (fields) => parseMcc(fields.mcc),
  settlement_kind: (fields) => parseKind(fields),
  bank: (fields) => parseName(fields.bank, MAX_BANK_NAME),
  cnaps: (fields) => parseCnaps(fields.cnaps),
  holder: (fields) => parseName(fields.holder, MAX_HOLDER_NAME),
  account_no: (fields) => checkNumber(fields),
};

/** Fields among which a contradiction is looked for only where each is sound by itself. */
const IDENTITY_COLUMNS: readonly FleetColumn[] = ["licence_no", "tax_no", "uscc"];

/** Judges one row of the fleet file and tells all its faults at once. */
export function parseFleetRow(fields: FleetFields): ParsedRow {
  const faults = FLEET_COLUMNS.flatMap((column) => toFaults(column, fields));
  if (!faults.some((fault) => IDENTITY_COLUMNS.includes(fault.column))) faults.push(...toIdentityFaults(fields));
  return faults.length === 0 ? toRow(fields) : { faults };
}

function toFaults(column: FleetColumn, fields: FleetFields): FieldFault[] {
  try {
    RULES[column](fields);
    return [];
  } catch (error) {
    return [{ column, code: toErrorCode(error) }];
  }
}

function toIdentityFaults(fields: FleetFields): FieldFault[] {
  const code: ErrorCode = "IDENTIFIERS_INCONSISTENT";
  return toContradictions(toIdentity(fields)).map((field) => ({
    column: field === "taxNo" ? "tax_no" : "licence_no",
    code,
  }));
}

function toIdentity(fields: FleetFields): MerchantIdentity {
  return { licenceNo: fields.licence_no, taxNo: fields.tax_no, uscc: fields.uscc };
}

function checkNumberOf({ tusn }: FleetFields): void {
  if (isTusn(tusn) ? isCardLike(tusn) : !isLegacySerial(tusn)) throw new TillsyncError("TUSN_INVALID");
}

/** What is known of old stock is what its maker printed and somebody wrote down: a name instead of a code, or nothing. */
function checkMaker({ maker, tusn }: FleetFields): void {
  if (!isLegacySerial(tusn)) check(/^\d{6}$/.test(maker) && tusn.startsWith(maker), "maker");
  else if (maker !== "") parseName(maker, MAX_MODEL_NAME);
}

/** A model that was sold before models were certified has none. */
function checkCertificate({ certificate_no, tusn }: FleetFields): void {
  if (certificate_no === "" && isLegacySerial(tusn)) return;
  checkText(certificate_no, /^[0-9A-Z]{5}$/, "certificate_no");
}

function parseKind(fields: FleetFields): BindingKind {
  return checkChoice(fields.settlement_kind, BINDING_KINDS, "settlement_kind");
}

/** Where the kind is unknown the number cannot be judged, and the fault is the kind's. */
function checkNumber(fields: FleetFields): void {
  if (fields.settlement_kind === "card") parseCardNumber(fields.account_no);
  if (fields.settlement_kind === "account") parseAccountNumber(fields.account_no);
}

function toRow(fields: FleetFields): ParsedRow {
  const owner = { merchant: toMerchant(fields), account: toAccount(fields) };
  const { tusn } = fields;
  return isTusn(tusn)
    ? { row: { ...owner, terminal: { tusn, ...toDevice(fields) } } }
    : { legacy: { ...owner, legacy: { serial: tusn, ...toDevice(fields) } } };
}

function toMerchant(fields: FleetFields): MerchantRecord {
  return {
    number: fields.merchant_no,
    name: fields.merchant_name,
    shortName: fields.short_name,
    ...toIdentity(fields),
    mcc: fields.mcc,
  };
}

function toDevice(fields: FleetFields): DeviceRecord {
  return {
    maker: fields.maker,
    model: fields.model,
    certificateNo: fields.certificate_no,
    place: fields.place,
    terminalNo: fields.terminal_no,
    acquirer: fields.acquirer,
    merchantNo: fields.merchant_no,
  };
}

function toAccount(fields: FleetFields): AccountRecord {
  const kind = parseKind(fields);
  return {
    kind,
    bank: fields.bank,
    cnaps: fields.cnaps,
    holder: fields.holder,
    bin: kind === "card" ? fields.account_no.slice(0, BIN_DIGITS) : "",
    last4: fields.account_no.slice(-LAST_DIGITS),
    accountNo: fields.account_no,
  };
}
