import { toRedacted } from "../../../proto/redaction.ts";
import { compareRecord, type OnRecord, type RecordFinding } from "../acquirers/on-record.ts";
import type { AskedRecord, ReviewAcquirer, ReviewBinding, ReviewMerchant } from "./facts.ts";
import { type Next, type NextStep, toAccountText, toCommand, toDone } from "./next.ts";
import { DAY_S, type ReviewPolicy } from "./policy.ts";
import { type ReviewRow, type RowFacts, toRow } from "./row.ts";

const FINDINGS: Readonly<Partial<Record<RecordFinding, string>>> = {
  before: "the account before",
  other: "another account",
  none: "no account",
  unusable: "the trial payment failed",
  indistinct: "too little is shown to tell",
};

/** What acquirers have on record beside the account that terminals settle to. */
export function findAcquirerRows(facts: ReviewMerchant, now: number, policy: ReviewPolicy): readonly ReviewRow[] {
  const primary = facts.bindings.find(({ isPrimary }) => isPrimary);
  if (primary === undefined) return [];
  return facts.acquirers.flatMap((acquirer) =>
    findFor(facts, acquirer, primary, now, policy).map(([told, next]) => {
      const row = { ...told, subject: acquirer.code, desired: toAccountText(primary) };
      return toRow(facts.number, "", row, toNext(facts, acquirer, next));
    }),
  );
}

type Found = readonly [told: Omit<RowFacts, "subject" | "desired">, next: NextStep];

function findFor(
  facts: ReviewMerchant,
  acquirer: ReviewAcquirer,
  primary: ReviewBinding,
  now: number,
  policy: ReviewPolicy,
): readonly Found[] {
  switch (acquirer.way) {
    case "none":
      return [toUnasked(null, "set_up_acquirer")];
    case "manual":
      return findManualRows(facts, acquirer, primary, now).map((at) => toUnasked(at, "look_at_acquirer"));
    case "machine":
      return [
        ...findAskingRows(acquirer.asked, primary, now, policy),
        ...findRecordRows(facts, acquirer, primary).map((told): Found => [told, "call_acquirer"]),
      ];
  }
}

function toUnasked(at: number | null, next: NextStep): Found {
  return [{ kind: "acquirer_unasked", severity: "note", at }, next];
}

/** Since when a person should have looked; nothing where one has, since the account came and within the review's time. */
function findManualRows(
  { reviewedAt = 0, reviewDays }: ReviewMerchant,
  { confirmedAt = 0 }: ReviewAcquirer,
  { since }: ReviewBinding,
  now: number,
): readonly number[] {
  const looked = Math.max(reviewedAt, confirmedAt);
  if (looked < since) return [since];
  return looked + reviewDays * DAY_S <= now ? [looked + reviewDays * DAY_S] : [];
}

/** Whether the acquirer's record is known at all, and of today. */
function findAskingRows(
  asked: AskedRecord | undefined,
  { since }: ReviewBinding,
  now: number,
  policy: ReviewPolicy,
): readonly Found[] {
  if (asked === undefined) return [toUnasked(null, "ask_acquirer")];
  const { askedAt, answeredAt, code } = asked;
  const isOld = answeredAt === null || answeredAt < since || answeredAt + policy.askedDays * DAY_S <= now;
  if (code === "") return isOld ? [toUnasked(answeredAt, "ask_acquirer")] : [];
  // What the settings do not name is no failure of the acquirer's.
  if (code === "NOT_FOUND") return [toUnasked(answeredAt, "set_up_acquirer")];
  const severity = isOld ? "soon" : "note";
  return [[{ kind: "acquirer_unreachable", severity, at: answeredAt ?? askedAt, acquirer: code }, "check_acquirer"]];
}

/** What was last told, unless the account is newer than that. */
function findRecordRows(
  { before, bindings, orders }: ReviewMerchant,
  { asked, code }: ReviewAcquirer,
  primary: ReviewBinding,
): readonly Omit<RowFacts, "subject" | "desired">[] {
  const at = asked?.answeredAt ?? null;
  if (asked === undefined || at === null || at < primary.since) return [];
  const { onRecord } = asked;
  const found = compareRecord(onRecord, primary, before);
  const acquirer = toRecordText(onRecord, found);
  switch (found) {
    case "wanted":
    case "pending":
      return [];
    case "indistinct":
      return [{ kind: "acquirer_indistinct", severity: "note", at, acquirer }];
    default: {
      // On its way to the account that a change brings: the order to the acquirer is looked at by itself.
      const isUnderWay = orders.some((order) => order.acquirer === code) || isPrepared(onRecord, bindings);
      return isUnderWay ? [] : [{ kind: "acquirer_drift", severity: "urgent", at, acquirer }];
    }
  }
}

function isPrepared(onRecord: OnRecord | undefined, bindings: readonly ReviewBinding[]): boolean {
  return bindings.some(
    (binding) =>
      binding.state === "prepared" && ["wanted", "pending"].includes(compareRecord(onRecord, binding, undefined)),
  );
}

function toRecordText(onRecord: OnRecord | undefined, found: RecordFinding): string {
  const { masked = "", bank = "" } = onRecord ?? {};
  const shown = [masked, bank].filter((part) => part !== "").join(" ");
  return toRedacted([shown, FINDINGS[found] ?? ""].filter((part) => part !== "").join(": "));
}

function toNext({ number }: ReviewMerchant, { code }: ReviewAcquirer, next: NextStep): Next {
  switch (next) {
    case "ask_acquirer":
      return { next, command: toCommand("tillsync", "reviews", "ask", "--merchant", number) };
    case "call_acquirer":
      return { next, command: toCommand("tillsync", "acquirers", "query", number, "--acquirer", code) };
    case "look_at_acquirer":
      return { next, command: toDone(number) };
    case "check_acquirer":
      return { next, command: toCommand("tillsync", "acquirers", "check") };
    default:
      return { next, command: toCommand("tillsync", "acquirers", "list") };
  }
}
