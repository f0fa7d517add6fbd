import type { Merchant } from "../../../proto/profile.ts";
import type { BindingFacts } from "../acquirers/order.ts";
import { OPEN_STATES } from "../changes/change.ts";
import { isOpen } from "../deployment.ts";
import { toMerchantSetting } from "../settings.ts";
import type { ReviewDeployment, ReviewMerchant, ReviewTerminal } from "./facts.ts";
import { type Next, toAccountText, toCommand, toFollow, toShowMerchant } from "./next.ts";
import { DAY_S, DEFAULT_REVIEW_POLICY, type ReviewPolicy } from "./policy.ts";
import { type ReviewRow, type RowFacts, toRow } from "./row.ts";

const SHOWN_DIGITS = 12;
const FIELDS = [
  "name",
  "shortName",
  "licenceNo",
  "taxNo",
  "uscc",
  "mcc",
] as const satisfies readonly (keyof Merchant)[];

/**
 * What is not in order of one terminal, in the order of `comparePlaces`; nothing of one that is out of service.
 *
 * @param now seconds
 */
export function findTerminalRows(
  merchant: ReviewMerchant,
  terminal: ReviewTerminal,
  now: number,
  policy: ReviewPolicy = DEFAULT_REVIEW_POLICY,
): readonly ReviewRow[] {
  const { tusn, life, enrolled } = terminal;
  if (!enrolled || life === "retired" || life === "replaced") return [];
  const toOne = ([facts, next]: Found) => toRow(merchant.number, tusn, facts, next);
  const held = findHeldRows(merchant, terminal);
  return [
    ...held.filter(([{ kind }]) => kind !== "records_drift"),
    ...findBehindRows(merchant, terminal, now),
    ...held.filter(([{ kind }]) => kind === "records_drift"),
    // What an operator has suspended may be switched off.
    ...(life === "suspended" ? [] : findSilentRows(merchant, terminal, now, policy)),
  ].map(toOne);
}

type Found = readonly [facts: RowFacts, next: Next];

/** What it holds, beside what it should. */
function findHeldRows(merchant: ReviewMerchant, terminal: ReviewTerminal): readonly Found[] {
  const { tusn, reported, held, deployment } = terminal;
  if (reported === undefined) return [];
  const { current, lastSeen: at } = reported;
  const expected = deployment === undefined ? [] : toExpected(deployment);
  const desired = expected.map(toDigestText).join(" or ");
  const look = toLook(tusn);
  const isExpected = expected.length === 0 || expected.includes(current);
  if (current !== "" && held === undefined) {
    // Nobody can tell where money goes by a profile that nobody knows.
    const told = { kind: "terminal_unknown_profile", severity: "urgent", at, reported: toDigestText(current) } as const;
    return [[{ ...told, desired }, look]];
  }
  if (!isExpected) {
    const account = held === undefined ? "" : ` ${toAccountText(held.binding)}`;
    const told = {
      kind: "terminal_drift",
      severity: "urgent",
      at,
      reported: `${toDigestText(current)}${account}`,
    } as const;
    return [[{ ...told, desired }, look]];
  }
  // What is on its way may well be what brings it up to the record.
  if (held === undefined || (deployment !== undefined && isOpen(deployment.state))) return [];
  const differing = findDifferences(merchant, held);
  if (differing.length === 0) return [];
  const isAccount = differing.some(({ field }) => field === "account");
  return [
    [
      {
        ...{ kind: "records_drift", severity: isAccount ? "urgent" : "soon", at },
        desired: differing.map(({ field, wanted }) => `${field} ${wanted}`).join(", "),
        reported: differing.map(({ field, found }) => `${field} ${found}`).join(", "),
      },
      toReleaseNext(merchant, tusn, differing),
    ],
  ];
}

/** Digests of what a terminal may hold by the last that is known of its newest deployment; empty text for nothing. */
function toExpected({ state, base, profile }: ReviewDeployment): readonly string[] {
  switch (state) {
    case "committed":
      return [profile];
    case "refused":
    case "rolled_back":
      return [base];
    case "broken":
      return [];
    default:
      return [base, profile];
  }
}

interface Differing {
  readonly field: (typeof FIELDS)[number] | "account";
  readonly wanted: string;
  readonly found: string;
}

function findDifferences(
  { bindings, ...record }: ReviewMerchant,
  { merchant, binding }: NonNullable<ReviewTerminal["held"]>,
): readonly Differing[] {
  const primary = bindings.find(({ isPrimary }) => isPrimary);
  const fields = FIELDS.filter((field) => record[field] !== merchant[field]).map((field): Differing => {
    return { field, wanted: record[field], found: merchant[field] };
  });
  if (primary === undefined || isSame(primary, binding)) return fields;
  return [...fields, { field: "account", wanted: toAccountText(primary), found: toAccountText(binding) }];
}

function isSame(a: BindingFacts, b: BindingFacts): boolean {
  const members = ["kind", "bank", "cnaps", "holder", "bin", "last4", "commitment"] as const;
  return members.every((member) => a[member] === b[member]);
}

function toReleaseNext({ changes }: ReviewMerchant, tusn: string, differing: readonly Differing[]): Next {
  const open = changes.find(({ state }) => state === "approved" || state === "releasing");
  if (open !== undefined) return toFollow(open.id);
  const settings = differing.flatMap(({ field, wanted }) =>
    field === "account" ? ["--binding", "BINDING.json"] : ["--set", `${toMerchantSetting(field)}=${wanted}`],
  );
  const words = ["--tusn", tusn, ...settings, "--reason", "WHY", "--out", "RELEASE.release"];
  return { next: "release_record", command: toCommand("tillsync", "release", "build", ...words) };
}

/** A directive that nobody took in time, or that did not end well, and nothing newer. */
function findBehindRows(merchant: ReviewMerchant, terminal: ReviewTerminal, now: number): readonly Found[] {
  const { tusn, held, deployment } = terminal;
  if (deployment === undefined) return [];
  const { state, code, sequence, profile, notAfter, updatedAt, change } = deployment;
  const isLate = isOpen(state) && notAfter < now;
  if (state === "committed" || (isOpen(state) && !isLate)) return [];
  const isStopped = state === "broken" || state === "suspended";
  // It trades with what is on record: what did not reach it was given up, or another one has to decide about it.
  const isOnRecord = held !== undefined && findDifferences(merchant, held).length === 0;
  const facts: RowFacts = {
    ...{ kind: "terminal_behind", severity: isStopped ? "urgent" : isOnRecord ? "note" : "soon" },
    at: isLate ? notAfter : updatedAt,
    desired: `sequence ${sequence}, ${toDigestText(profile)}`,
    reported: [isLate ? "overdue" : state, code].filter((part) => part !== "").join(" "),
  };
  return [[facts, toBehindNext(tusn, change)]];
}

function toBehindNext(tusn: string, change: ReviewDeployment["change"]): Next {
  if (change?.state === "failed") {
    return { next: "amend_change", command: toCommand("tillsync", "changes", "amend", change.id) };
  }
  const isUnderWay = OPEN_STATES.some((state) => state === change?.state);
  return change !== undefined && isUnderWay ? toFollow(change.id) : toLook(tusn);
}

function findSilentRows(
  { number }: ReviewMerchant,
  { reported }: ReviewTerminal,
  now: number,
  { silentDays, silentLateDays }: ReviewPolicy,
): readonly Found[] {
  const at = reported?.lastSeen ?? null;
  if (at !== null && at + silentDays * DAY_S > now) return [];
  const severity = at !== null && at + silentLateDays * DAY_S <= now ? "soon" : "note";
  return [[{ kind: "terminal_silent", severity, at }, toShowMerchant(number)]];
}

function toLook(tusn: string): Next {
  return { next: "look_at_terminal", command: toCommand("tillsync", "terminals", "show", tusn) };
}

function toDigestText(digest: string): string {
  return digest === "" ? "no profile" : `profile ${digest.slice(0, SHOWN_DIGITS)}`;
}
