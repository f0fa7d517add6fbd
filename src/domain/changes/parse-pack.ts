import { check, checkChoice, checkLine, checkRange } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { CHANGE_KINDS, type ChangeKind } from "./change.ts";
import { ANY, EVIDENCE_KINDS, type KindRules, MERCHANT_FIELDS, type PolicyPack, TASK_KINDS } from "./pack.ts";
import { CUT_OVERS, ON_FAILURE } from "./progress.ts";
import { findOpenTime, type Hours, isTimeZone } from "./windows.ts";

export const PACK_FORMAT = "tillsync-policy-pack-1";
export const MAX_PACK_CHARACTERS = 65_536;
const MAX_VERSION = 1_000_000;
const MAX_DAYS = 3_650;
const MAX_FEE_FEN = 100_000_000;
const MAX_VALIDITY_H = 30 * 24;
const MAX_BLACKOUTS = 16;
const DAY_MINUTES = 1_440;

type Members = Readonly<Record<string, unknown>>;

/**
 * A pack from JSON: exactly the members of PolicyPack and `format`, each sound. Hours are `{"days":[1,…,7],
 * "from":"11:00","until":"13:30"}`.
 *
 * @throws TillsyncError PACK_INVALID, naming the place
 */
export function parsePack(text: string): PolicyPack {
  try {
    check(text.length <= MAX_PACK_CHARACTERS, "length");
    return toPack(toMembers(JSON.parse(text), PACK_MEMBERS, "pack"));
  } catch (cause) {
    const at = cause instanceof TillsyncError ? String(cause.fields["field"]) : "json";
    throw new TillsyncError("PACK_INVALID", { at }, cause);
  }
}

const PACK_MEMBERS = [
  ...["format", "acquirer", "model", "version", "timeZone", "kinds", "fields", "settlement", "blackouts", "reviewDays"],
];
const KIND_MEMBERS = ["minDays", "feeFen", "evidence", "cutOver", "onFailure", "tasks", "validityH"];
const SETTLEMENT_MEMBERS = ["kinds", "representativeCard", "unknownBin", "unknownPrincipal"];
const WARN_OR_REFUSE = ["warn", "refuse"] as const;
const HOURS_MEMBERS = ["days", "from", "until"];

function toPack(members: Members): PolicyPack {
  check(members["format"] === PACK_FORMAT, "format");
  const acquirer = String(members["acquirer"]);
  check(acquirer === ANY || /^\d{8,11}$/.test(acquirer), "acquirer");
  const timeZone = String(members["timeZone"]);
  check(isTimeZone(timeZone), "timeZone");
  const blackouts = toList(members["blackouts"], "blackouts", MAX_BLACKOUTS).map(toHours);
  check(findOpenTime(blackouts, timeZone, 0) !== undefined, "blackouts");
  return {
    ...{ acquirer, timeZone, blackouts },
    model: checkLine(String(members["model"]), 60, "model"),
    version: toWhole(members["version"], 1, MAX_VERSION, "version"),
    kinds: toKinds(members["kinds"]),
    fields: toChoices(members["fields"], MERCHANT_FIELDS, "fields"),
    settlement: toSettlement(toMembers(members["settlement"], SETTLEMENT_MEMBERS, "settlement")),
    reviewDays: toWhole(members["reviewDays"], 1, MAX_DAYS, "reviewDays"),
  };
}

function toKinds(value: unknown): PolicyPack["kinds"] {
  check(isObject(value), "kinds");
  const kinds: Partial<Record<ChangeKind, KindRules>> = {};
  for (const [name, rules] of Object.entries(value as object)) {
    kinds[checkChoice(name, CHANGE_KINDS, "kinds")] = toRules(rules, `kinds.${name}`);
  }
  return kinds;
}

function toRules(value: unknown, at: string): KindRules {
  const hasRecovery = isObject(value) && Object.hasOwn(value as object, "recoveryEvidence");
  const members = toMembers(value, hasRecovery ? [...KIND_MEMBERS, "recoveryEvidence"] : KIND_MEMBERS, at);
  const recovery = members["recoveryEvidence"];
  return {
    minDays: toWhole(members["minDays"], 0, MAX_DAYS, `${at}.minDays`),
    feeFen: toWhole(members["feeFen"], 0, MAX_FEE_FEN, `${at}.feeFen`),
    evidence: toChoices(members["evidence"], EVIDENCE_KINDS, `${at}.evidence`),
    ...(hasRecovery ? { recoveryEvidence: toRecovery(recovery, `${at}.recoveryEvidence`) } : {}),
    cutOver: checkChoice(String(members["cutOver"]), CUT_OVERS, `${at}.cutOver`),
    onFailure: checkChoice(String(members["onFailure"]), ON_FAILURE, `${at}.onFailure`),
    tasks: toChoices(members["tasks"], TASK_KINDS, `${at}.tasks`),
    validityH: toWhole(members["validityH"], 1, MAX_VALIDITY_H, `${at}.validityH`),
  };
}

/** Whoever has forgotten the present account has to show who he is. */
function toRecovery(value: unknown, at: string): KindRules["evidence"] {
  const evidence = toChoices(value, EVIDENCE_KINDS, at);
  check(evidence.includes("identity_card"), at);
  return evidence;
}

function toSettlement(members: Members): PolicyPack["settlement"] {
  const kinds = toChoices(members["kinds"], ["card", "account"] as const, "settlement.kinds");
  const { representativeCard, unknownBin, unknownPrincipal } = members;
  check(kinds.length > 0, "settlement.kinds");
  check(typeof representativeCard === "boolean", "settlement.representativeCard");
  return {
    kinds,
    representativeCard: representativeCard === true,
    unknownBin: checkChoice(String(unknownBin), WARN_OR_REFUSE, "settlement.unknownBin"),
    unknownPrincipal: checkChoice(String(unknownPrincipal), WARN_OR_REFUSE, "settlement.unknownPrincipal"),
  };
}

function toHours(value: unknown): Hours {
  const members = toMembers(value, HOURS_MEMBERS, "blackouts");
  const days = toList(members["days"], "blackouts.days", 7).map((day) => toWhole(day, 1, 7, "blackouts.days"));
  check(days.length > 0 && new Set(days).size === days.length, "blackouts.days");
  const from = toMinute(members["from"], "blackouts.from");
  const until = toMinute(members["until"], "blackouts.until");
  check(until > from, "blackouts.until");
  return { days, from, until };
}

function toMinute(value: unknown, at: string): number {
  const [, hour, minute] = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(String(value)) ?? [];
  check(hour !== undefined, at);
  return checkRange(Number(hour) * 60 + Number(minute), 0, DAY_MINUTES, at);
}

function toChoices<T extends string>(value: unknown, choices: readonly T[], at: string): readonly T[] {
  const list = toList(value, at, choices.length).map((each) => checkChoice(String(each), choices, at));
  check(new Set(list).size === list.length, at);
  return list;
}

function toList(value: unknown, at: string, most: number): readonly unknown[] {
  check(Array.isArray(value) && value.length <= most, at);
  return value as readonly unknown[];
}

function toWhole(value: unknown, least: number, most: number, at: string): number {
  check(Number.isInteger(value), at);
  return checkRange(Number(value), least, most, at);
}

function toMembers(value: unknown, names: readonly string[], at: string): Members {
  check(isObject(value), at);
  const found = Object.keys(value as object);
  for (const name of found) check(names.includes(name), `${at}.${/^\w{1,30}$/.test(name) ? name : "?"}`);
  for (const name of names) check(found.includes(name), `${at}.${name}`);
  return value as Members;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
