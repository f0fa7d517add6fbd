import { readFileSync } from "node:fs";
import { isLuhn } from "../../proto/luhn.ts";
import { FLEET_FIELDS, OTHER_FLEET_FIELDS } from "./fleet-fields.ts";

// Every card and account number that tests put into the product. Nobody has any of them. test/support/canary-watch.ts and
// scratch.ts look for all of them in whatever a test run writes, says and sends, and test/attack/canaries.test.ts finds
// numbers in tests that are missing here.

/** One for each way into the product, so that a hit tells where it came from (test/attack/card-canary*.test.ts). */
export const WAYS_IN = {
  imported: toNumber("622202123456789001"),
  settled: toNumber("622848040256489101"),
  reason: toNumber("622588770011223301"),
  set: toNumber("621700001122334401"),
  column: toNumber("621226440055667701"),
  unclosed: toNumber("622609120034567801"),
  binding: toNumber("623668990012345601"),
  track: toNumber("622155000987654301"),
  wrongDigit: toNumber("622848111122223301"),
  opening: toNumber("622848333344445501"),
  desk: toNumber("622848555566667701"),
  rollback: toNumber("622848777788889901"),
} as const;

/** The others, by who puts them in. */
const OTHERS: Readonly<Record<string, string>> = {
  "fleet-fields.ts": FLEET_FIELDS.account_no,
  "fleet-fields.ts, another merchant": OTHER_FLEET_FIELDS.account_no,
  "sign-sample.ts": "6228481234567890128",
  "acquirers.ts, the old account": "6222021001116245702",
  "the old card of changes, track data": "6222021234567890128",
  "discretionary data of a track": "25122010000098765432",
  "terminal commands": "6228481234567890018",
  "first sealed number": "6228480000000000018",
  "second sealed number": "6228480000000002222",
  "the third card of a story": "6228481111222233458",
  "another card to sign": "6222021234567896666",
  "another number to seal": "6228480402564891018",
  "a corporate account": "1402023109600123456",
  "a corporate account that looks like an identity card": "3500190101010001234",
};

/** As many as the sample fleet has merchants, about. */
export const MIN_SAMPLE_NUMBERS = 150;
const ACCOUNT_COLUMN = "account_no";

/** Name and number of every canary: the ways in, other tests' numbers, and every account of the sample fleet. */
export function listCanaries(): ReadonlyMap<string, string> {
  const sample = readSampleAccounts().map((number, n) => [`sample fleet, account ${n + 1}`, number] as const);
  const known = new Map([...Object.entries(WAYS_IN), ...Object.entries(OTHERS)]);
  return new Map([...sample.filter(([, number]) => ![...known.values()].includes(number)), ...known]);
}

/** The number with its Luhn digit. */
export function toNumber(body: string): string {
  const number = Array.from("0123456789", (digit) => body + digit).find(isLuhn);
  if (number === undefined) throw new Error("not digits");
  return number;
}

function readSampleAccounts(): readonly string[] {
  const [header = "", ...lines] = readFileSync(new URL("../../sim/data/fleet.csv", import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  const at = header.split(",").indexOf(ACCOUNT_COLUMN);
  const numbers = lines.map((line) => line.split(",").at(at) ?? "").filter((text) => /^\d{12,32}$/.test(text));
  return [...new Set(numbers)];
}
