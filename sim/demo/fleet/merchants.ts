import type { MerchantRecord } from "../../../src/domain/fleet.ts";
import { AGRICULTURAL_BANK, BANKS, type Bank, MERCHANTS_BANK } from "./banks.ts";
import { BEIJING, CHENGDU, CITIES, type City, type District, FUZHOU, HANGZHOU } from "./cities.ts";
import { toBrand, toPersonName } from "./names.ts";
import {
  toAccountNumber,
  toCardNumber,
  toCnaps,
  toMerchantNumber,
  toOldLicence,
  toOldTaxNumber,
  toResidentId,
  toUscc,
} from "./numbers.ts";
import type { Random } from "./random.ts";
import { BAKERY, BOOKS, HOTPOT, TEA_HOUSE, TRADES, type Trade } from "./trades.ts";

export interface Acquirer {
  /** Institution code, 8 digits. */
  readonly code: string;
  /** First 3 digits of its merchant numbers. */
  readonly prefix: string;
}

/** Everything about a merchant that is decided before its numbers are made. */
export interface MerchantPlan {
  readonly kind: "enterprise" | "sole trader" | "micro-merchant";
  readonly city: City;
  readonly district: District;
  readonly trade: Trade;
  readonly brand: string;
  /** Owner, principal or legal representative. */
  readonly person: string;
  readonly acquirer: Acquirer;
  readonly bank: Bank;
  readonly settlement: "card" | "account";
  readonly terminals: number;
}

export interface SampleMerchant {
  readonly plan: MerchantPlan;
  readonly merchant: MerchantRecord;
  readonly bank: string;
  readonly cnaps: string;
  readonly holder: string;
  readonly accountNo: string;
}

const FIRST_ACQUIRER: Acquirer = { code: "48220000", prefix: "822" };
const SECOND_ACQUIRER: Acquirer = { code: "48980000", prefix: "898" };

type Opening = Omit<MerchantPlan, "district" | "acquirer">;
const OPENINGS: readonly Opening[] = [
  {
    kind: "sole trader",
    city: FUZHOU,
    trade: TEA_HOUSE,
    brand: "闽江春",
    person: "林秀英",
    bank: AGRICULTURAL_BANK,
    settlement: "card",
    terminals: 4,
  },
  {
    kind: "sole trader",
    city: CHENGDU,
    trade: HOTPOT,
    brand: "蜀香老灶",
    person: "罗建国",
    bank: MERCHANTS_BANK,
    settlement: "card",
    terminals: 3,
  },
  {
    kind: "enterprise",
    city: HANGZHOU,
    trade: BOOKS,
    brand: "湖畔书栖",
    person: "周雅芳",
    bank: MERCHANTS_BANK,
    settlement: "account",
    terminals: 4,
  },
  {
    kind: "enterprise",
    city: BEIJING,
    trade: BAKERY,
    brand: "麦禾",
    person: "王晓燕",
    bank: AGRICULTURAL_BANK,
    settlement: "account",
    terminals: 3,
  },
];

/** The merchants that open the file, known to whoever tells a story with it. */
export const OPENING_PLANS: readonly MerchantPlan[] = OPENINGS.map((opening) => ({
  ...opening,
  district: opening.city.districts[0],
  acquirer: FIRST_ACQUIRER,
}));

export function toPlan(random: Random): MerchantPlan {
  const kind = random.pick<MerchantPlan["kind"]>([
    "enterprise",
    "enterprise",
    "sole trader",
    "sole trader",
    "sole trader",
    "micro-merchant",
  ]);
  const city = random.pick(CITIES);
  return {
    kind,
    city,
    district: random.pick(city.districts),
    trade: random.pick(TRADES),
    brand: toBrand(random),
    person: toPersonName(random),
    acquirer: random.pick([FIRST_ACQUIRER, FIRST_ACQUIRER, FIRST_ACQUIRER, SECOND_ACQUIRER]),
    bank: random.pick(BANKS),
    settlement: toSettlement(kind, random),
    terminals: kind === "micro-merchant" ? 1 : random.pick([1, 1, 1, 1, 1, 2, 2, 2, 3, 4]),
  };
}

/** A corporate account is nearly an enterprise's only choice, rarely a sole trader's, never a micro-merchant's. */
function toSettlement(kind: MerchantPlan["kind"], random: Random): "card" | "account" {
  if (kind === "micro-merchant") return "card";
  const isUsual = random.below(6) > 0;
  return (kind === "enterprise") === isUsual ? "account" : "card";
}

export function toSampleMerchant(plan: MerchantPlan, random: Random): SampleMerchant {
  const { bank, city, district, settlement } = plan;
  const merchant: MerchantRecord = {
    number: toMerchantNumber(plan.acquirer.prefix, city, plan.trade.mcc, random),
    ...toNames(plan),
    ...toIdentity(plan, random),
    mcc: plan.trade.mcc,
  };
  return {
    plan,
    merchant,
    bank: `${bank.name}${city.short}${district.name.replace(/新?区$/, "")}支行`,
    cnaps: toCnaps(bank, city, random),
    holder: settlement === "card" ? plan.person : merchant.name,
    accountNo: settlement === "card" ? toCardNumber(bank, random) : toAccountNumber(bank, random),
  };
}

function toNames({
  kind,
  city,
  district,
  trade,
  brand,
  person,
}: MerchantPlan): Pick<MerchantRecord, "name" | "shortName"> {
  if (kind === "micro-merchant") return { name: `商户_${person}`, shortName: person + trade.stall };
  const shortName = brand + trade.shop;
  if (kind === "sole trader") return { name: city.name + district.name + shortName, shortName };
  return { name: `${city.short}${brand}${trade.company}有限公司`, shortName };
}

/** One enterprise in six still holds the licence and tax number it had before the merging of certificates. */
function toIdentity(
  { kind, district }: MerchantPlan,
  random: Random,
): Pick<MerchantRecord, "licenceNo" | "taxNo" | "uscc"> {
  if (kind === "micro-merchant") {
    const residentId = toResidentId(district, random);
    return { licenceNo: residentId, taxNo: residentId, uscc: "" };
  }
  const uscc = toUscc(kind === "enterprise" ? "91" : "92", district, random);
  if (kind === "enterprise" && random.below(6) === 0) {
    return { licenceNo: toOldLicence(district, random), taxNo: toOldTaxNumber(district, uscc), uscc };
  }
  return { licenceNo: uscc, taxNo: uscc, uscc };
}
