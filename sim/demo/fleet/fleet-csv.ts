import { FLEET_COLUMNS, type FleetFields } from "../../../src/domain/fleet-columns.ts";
import { STREETS } from "./cities.ts";
import { type MerchantPlan, OPENING_PLANS, type SampleMerchant, toPlan, toSampleMerchant } from "./merchants.ts";
import { MODELS, type Model, PUBLIC_SAMPLES, toTusnOf } from "./models.ts";
import { openRandom, type Random } from "./random.ts";

const SEED = 20_260_801;
const MERCHANTS = 216;
/** Tries for something not used yet. */
const MAX_TRIES = 1_000;

const HEADING = [
  "# Sample fleet of Tillsync, made by sim/make-fleet.ts from a fixed seed; do not edit, make it again:",
  "#   node dist/sim/make-fleet.js > sim/data/fleet.csv",
  "# Every person, company, account, licence, certificate, merchant and terminal number here is invented by chance; only",
  "# the check digits, region codes, BINs and maker codes are real, and any likeness to someone's numbers is accident.",
  "# The first five TUSNs are samples from public documents.",
];

/** The sample fleet as a CSV file; the same text on every call. */
export function toFleetCsv(): string {
  const random = openRandom(SEED);
  const fleet = new Fleet(random);
  for (const plan of OPENING_PLANS) fleet.add(toSampleMerchant(plan, random));
  for (let count = OPENING_PLANS.length; count < MERCHANTS; count += 1) fleet.add(fleet.toNewMerchant());
  const rows = fleet.rows.map((row) => FLEET_COLUMNS.map((column) => row[column]).join(","));
  return `${[...HEADING, FLEET_COLUMNS.join(","), ...rows].join("\n")}\n`;
}

/** Rows so far and what they have used up. */
class Fleet {
  readonly rows: FleetFields[] = [];
  readonly #random: Random;
  readonly #taken = new Set<string>();
  readonly #samples = [...PUBLIC_SAMPLES];

  constructor(random: Random) {
    this.#random = random;
  }

  /** A merchant whose number and names no other has. */
  toNewMerchant(): SampleMerchant {
    return this.#toNew(
      () => toSampleMerchant(toPlan(this.#random), this.#random),
      ({ merchant }) => [merchant.number, merchant.name, merchant.shortName],
    );
  }

  add(sample: SampleMerchant): void {
    const place = toPlace(sample.plan, this.#random);
    for (let count = 0; count < sample.plan.terminals; count += 1) {
      const [tusn, model] = this.#toNewTerminal();
      const terminalNo = this.#toNew(
        () => this.#toTerminalNo(),
        (text) => [`${sample.plan.acquirer.code}/${text}`],
      );
      this.rows.push({ ...toTerminalFields(tusn, model, place, terminalNo), ...toMerchantFields(sample) });
    }
  }

  #toNewTerminal(): readonly [string, Model] {
    const sample = this.#samples.shift();
    if (sample !== undefined) {
      this.#taken.add(sample[0]);
      return sample;
    }
    const model = this.#random.pick(MODELS);
    const tusn = this.#toNew(
      () => toTusnOf(model, this.#random),
      (text) => [text],
    );
    return [tusn, model];
  }

  /** Some acquirers number their terminals with a letter. */
  #toTerminalNo(): string {
    const random = this.#random;
    return random.below(5) === 0 ? `${random.digits(2)}D${random.digits(5)}` : random.digits(8);
  }

  #toNew<T>(make: () => T, keys: (made: T) => string[]): T {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const made = make();
      if (keys(made).some((key) => this.#taken.has(key))) continue;
      for (const key of keys(made)) this.#taken.add(key);
      return made;
    }
    throw new Error(`nothing new in ${MAX_TRIES} tries`);
  }
}

function toPlace({ city, district }: MerchantPlan, random: Random): string {
  return `${city.province}${city.name}${district.name}${random.pick(STREETS)}${1 + random.below(399)}号`;
}

type TerminalColumn = "tusn" | "maker" | "model" | "certificate_no" | "place" | "terminal_no";

function toTerminalFields(
  tusn: string,
  model: Model,
  place: string,
  terminalNo: string,
): Pick<FleetFields, TerminalColumn> {
  return {
    tusn,
    maker: model.maker,
    model: model.name,
    certificate_no: model.certificateNo,
    place,
    terminal_no: terminalNo,
  };
}

function toMerchantFields(sample: SampleMerchant): Omit<FleetFields, TerminalColumn> {
  const { merchant, plan } = sample;
  return {
    acquirer: plan.acquirer.code,
    merchant_no: merchant.number,
    merchant_name: merchant.name,
    short_name: merchant.shortName,
    licence_no: merchant.licenceNo,
    tax_no: merchant.taxNo,
    uscc: merchant.uscc,
    mcc: merchant.mcc,
    settlement_kind: plan.settlement,
    bank: sample.bank,
    cnaps: sample.cnaps,
    holder: sample.holder,
    account_no: sample.accountNo,
  };
}
