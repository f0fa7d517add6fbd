import { concat, toDigest, toHex, toUtf8 } from "./bytes.ts";
import { checkChoice, checkText } from "./check.ts";
import { parseFlatJson } from "./flat-json.ts";
import { parseAccountNumber } from "./identifiers/account-number.ts";
import { BIN_DIGITS, LAST_DIGITS, parseCardNumber } from "./identifiers/card-number.ts";
import { parseCnaps } from "./identifiers/cnaps.ts";
import { MAX_BANK_NAME, MAX_HOLDER_NAME, parseName } from "./identifiers/name.ts";
import { BINDING_KINDS, type Binding } from "./profile.ts";

/** Members of the two files, in the order in which we write them. */
const SETTLEMENT_MEMBERS = ["kind", "bank", "cnaps", "holder", "accountNo"] as const;
const BINDING_MEMBERS = ["kind", "bank", "cnaps", "holder", "bin", "last4", "commitment"] as const;

/** A settlement card or corporate account in full, as a person enters it; never stored, logged or sent. */
export interface Settlement {
  /** "card" or "account". */
  readonly kind: string;
  readonly bank: string;
  readonly cnaps: string;
  readonly holder: string;
  readonly accountNo: string;
}

/**
 * A settlement from the JSON that a person wrote: exactly the five members, each a text. Any other member is refused
 * unread. The texts are not judged yet: `toBinding` does that.
 *
 * @throws TillsyncError BYTES_TOO_LARGE, FIELD_INVALID, FIELD_MISSING, SENSITIVE_DATA
 */
export function parseSettlement(bytes: Uint8Array): Settlement {
  return parseFlatJson(bytes, SETTLEMENT_MEMBERS);
}

/**
 * What may be kept of a settlement (clause 3.3). `salt` is 16 random bytes; whoever holds salt and number can prove the
 * commitment, nobody else can guess it.
 *
 * @throws TillsyncError FIELD_INVALID, CARD_NUMBER_INVALID, ACCOUNT_NUMBER_INVALID, CNAPS_INVALID, NAME_INVALID
 */
export function toBinding(settlement: Settlement, salt: Uint8Array): Binding {
  const kind = checkChoice(settlement.kind, BINDING_KINDS, "kind");
  const parse = kind === "card" ? parseCardNumber : parseAccountNumber;
  const number = parse(settlement.accountNo);
  return {
    kind,
    bank: parseName(settlement.bank, MAX_BANK_NAME),
    cnaps: parseCnaps(settlement.cnaps),
    holder: parseName(settlement.holder, MAX_HOLDER_NAME),
    bin: kind === "card" ? number.slice(0, BIN_DIGITS) : "",
    last4: number.slice(-LAST_DIGITS),
    commitment: toCommitment(number, salt),
  };
}

/** SHA-256(salt || number in ASCII), clause 3.3. */
export function toCommitment(number: string, salt: Uint8Array): Uint8Array {
  return toDigest(concat(salt, toUtf8(number)));
}

/** A binding as a JSON file, for people and programs: nothing in it is secret. */
export function toBindingJson(binding: Binding): Uint8Array {
  const members = { ...binding, commitment: toHex(binding.commitment) };
  return toUtf8(`${JSON.stringify(members, [...BINDING_MEMBERS], 2)}\n`);
}

/**
 * A binding from hostile JSON: exactly the seven members, each in its form. Whether the commitment is to a number with
 * this BIN and these last four only the terminal and whoever holds the opening can tell.
 *
 * @throws TillsyncError BYTES_TOO_LARGE, FIELD_INVALID, FIELD_MISSING, SENSITIVE_DATA, CNAPS_INVALID, NAME_INVALID
 */
export function parseBindingJson(bytes: Uint8Array): Binding {
  const members = parseFlatJson(bytes, BINDING_MEMBERS);
  const kind = checkChoice(members.kind, BINDING_KINDS, "kind");
  return {
    kind,
    bank: parseName(members.bank, MAX_BANK_NAME),
    cnaps: parseCnaps(members.cnaps),
    holder: parseName(members.holder, MAX_HOLDER_NAME),
    bin: checkText(members.bin, kind === "card" ? /^\d{6}$/ : /^$/, "bin"),
    last4: checkText(members.last4, /^\d{4}$/, "last4"),
    commitment: Buffer.from(checkText(members.commitment, /^[0-9a-f]{64}$/, "commitment"), "hex"),
  };
}
