import { concat, toDigest, toUtf8 } from "../../proto/bytes.ts";
import { checkChoice } from "../../proto/check.ts";
import { BINDING_KINDS, type Binding } from "../../proto/profile.ts";
import { parseAccountNumber } from "./identifiers/account-number.ts";
import { BIN_DIGITS, LAST_DIGITS, parseCardNumber } from "./identifiers/card-number.ts";
import { parseCnaps } from "./identifiers/cnaps.ts";
import { MAX_BANK_NAME, MAX_HOLDER_NAME, parseName } from "./identifiers/name.ts";

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
    commitment: toDigest(concat(salt, toUtf8(number))),
  };
}
