import { parseCardNumber } from "../../../proto/identifiers/card-number.ts";
import { parseCnaps } from "../../../proto/identifiers/cnaps.ts";
import { toMod1110 } from "../../../proto/identifiers/iso7064.ts";
import { toLuhn } from "../../../proto/luhn.ts";
import { DIGITS, describeScheme, digits, type Scheme } from "../../support/number-scheme.ts";

const SCHEMES: readonly Scheme[] = [
  {
    name: "CNAPS bank code",
    parse: parseCnaps,
    code: "CNAPS_INVALID",
    vectors: ["102100099996", "308584000013"],
    body: digits(11),
    toCheck: toMod1110,
    alphabet: DIGITS,
    wrongLengths: [11, 13],
  },
  {
    name: "card number",
    parse: parseCardNumber,
    code: "CARD_NUMBER_INVALID",
    vectors: ["6228480402564890018", "4111111111111111", "4222222222222"],
    body: digits(12, 18),
    toCheck: toLuhn,
    alphabet: DIGITS,
    wrongLengths: [0, 12, 20],
  },
];

for (const scheme of SCHEMES) describeScheme(scheme);
