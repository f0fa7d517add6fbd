import { toMod112, toMod1110 } from "../../../proto/identifiers/iso7064.ts";
import { isLuhn, toLuhn } from "../../../proto/luhn.ts";
import { toOrganisationCheck } from "../../../src/domain/identifiers/organisation-code.ts";
import { toUsccCheck, USCC_CHARACTERS } from "../../../src/domain/identifiers/uscc.ts";
import type { Bank } from "./banks.ts";
import type { City, District } from "./cities.ts";
import type { Random } from "./random.ts";

/** First two characters of a USCC: registered with the market authority, as an enterprise or a sole trader. */
export type UsccClass = "91" | "92";

const CHARACTERS = [...USCC_CHARACTERS] as [string, ...string[]];

/** Organisation code, 9 characters; those given since 2015 begin with MA. */
function toOrganisationCode(random: Random): string {
  const body = `MA${random.below(10)}${Array.from({ length: 5 }, () => random.pick(CHARACTERS)).join("")}`;
  const check = toOrganisationCheck(body);
  return body + check;
}

export function toUscc(kind: UsccClass, district: District, random: Random): string {
  const body = kind + district.code + toOrganisationCode(random);
  return body + toUsccCheck(body);
}

/** 15 digits: district 6, number 8, check digit (GS 15-2006). */
export function toOldLicence(district: District, random: Random): string {
  const body = district.code + random.digits(8);
  return body + toMod1110(body);
}

/** 15 characters: district 6 and the organisation code within the USCC. */
export function toOldTaxNumber(district: District, uscc: string): string {
  return district.code + uscc.slice(8, 17);
}

export function toResidentId(district: District, random: Random): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const born = `${1958 + random.below(42)}${two(1 + random.below(12))}${two(1 + random.below(28))}`;
  const body = district.code + born + random.digits(3);
  return body + toMod112(body);
}

export function toCnaps(bank: Bank, city: City, random: Random): string {
  const body = bank.code + city.region + random.digits(4);
  return body + toMod1110(body);
}

export function toCardNumber(bank: Bank, random: Random): string {
  const body = bank.bin + random.digits(bank.cardDigits - bank.bin.length - 1);
  return body + toLuhn(body);
}

/** Digits of a corporate account, not to be taken for a card number. */
export function toAccountNumber(bank: Bank, random: Random): string {
  return toUnlikeCard(`${bank.code}${1 + random.below(9)}${random.digits(13)}`);
}

/** Acquirer 3, region 4, MCC 4, serial 4. No redaction takes it for a card number. */
export function toMerchantNumber(prefix: string, city: City, mcc: string, random: Random): string {
  return toUnlikeCard(prefix + city.region + mcc + random.digits(4));
}

/** The number with a last digit that fails the Luhn check. */
function toUnlikeCard(number: string): string {
  return isLuhn(number) ? number.slice(0, -1) + ((Number(number.slice(-1)) + 1) % 10) : number;
}
