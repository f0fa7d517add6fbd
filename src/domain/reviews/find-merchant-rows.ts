import type { ReviewBinding, ReviewMerchant } from "./facts.ts";
import { findAcquirerRows } from "./find-acquirer-rows.ts";
import { findWorkRows } from "./find-work-rows.ts";
import { type Next, toAccountText, toCreate, toFollow, toReview, toShowMerchant } from "./next.ts";
import { DAY_S, DEFAULT_REVIEW_POLICY, type ReviewPolicy } from "./policy.ts";
import { comparePlaces, type ReviewRow, toRow } from "./row.ts";

/**
 * What is not in order of a merchant itself, in the order of `comparePlaces`; nothing where all is well. Its terminals are
 * looked at one by one, by `findTerminalRows`.
 *
 * @param now seconds
 */
export function findMerchantRows(
  facts: ReviewMerchant,
  now: number,
  policy: ReviewPolicy = DEFAULT_REVIEW_POLICY,
): readonly ReviewRow[] {
  return [
    ...facts.bindings.flatMap((binding) => findBindingRows(facts, binding, now, policy)),
    ...findLicenceRows(facts, now, policy),
    ...findDueRows(facts, now, policy),
    ...findAcquirerRows(facts, now, policy),
    ...findWorkRows(facts, now, policy),
  ].toSorted(comparePlaces);
}

function findBindingRows(
  facts: ReviewMerchant,
  binding: ReviewBinding,
  now: number,
  policy: ReviewPolicy,
): readonly ReviewRow[] {
  const { id, state, isPrimary, validUntil, since, changeId } = binding;
  const told = { subject: String(id), desired: toAccountText(binding) };
  if (state === "prepared") {
    if (since + policy.unusedDays * DAY_S > now) return [];
    const next = changeId === "" ? toShowMerchant(facts.number) : toFollow(changeId);
    return [toRow(facts.number, "", { kind: "account_unused", severity: "soon", at: since, ...told }, next)];
  }
  const left = validUntil === null ? Number.POSITIVE_INFINITY : validUntil - now;
  if (left > policy.accountSoonDays * DAY_S) return [];
  const kind = left <= 0 ? "account_expired" : "account_expiring";
  // Money settles to the primary one; another one is only kept ready.
  const isUrgent = isPrimary && left <= policy.accountUrgentDays * DAY_S;
  const severity = isUrgent ? "urgent" : isPrimary ? "soon" : "note";
  return [toRow(facts.number, "", { kind, severity, at: validUntil, ...told }, toAccountNext(facts, binding))];
}

function toAccountNext({ number, changes }: ReviewMerchant, { id, isPrimary }: ReviewBinding): Next {
  const open = changes.find(({ group }) => group === "settlement");
  if (open !== undefined) return toFollow(open.id);
  if (!isPrimary) {
    const command = toCreate(number, "settlement.remove", "account_expiring", "--account", String(id));
    return { next: "remove_account", command };
  }
  const command = toCreate(number, "settlement.replace", "account_expiring", "--binding", "BINDING.json");
  return { next: "replace_account", command };
}

function findLicenceRows(facts: ReviewMerchant, now: number, policy: ReviewPolicy): readonly ReviewRow[] {
  const { number, licenceNo, licenceValidUntil: at, changes } = facts;
  const open = changes.find(({ group }) => group === "merchant");
  const toNext = (next: "renew_licence" | "tell_licence", reasonCode: string): Next =>
    open === undefined
      ? { next, command: toCreate(number, "merchant", reasonCode, "--licence-valid-until", "DAY") }
      : toFollow(open.id);
  if (at === null) {
    const row = { kind: "licence_unknown", severity: "note", at } as const;
    return [toRow(number, "", row, toNext("tell_licence", "correction"))];
  }
  const left = at - now;
  if (left > policy.licenceSoonDays * DAY_S) return [];
  const kind = left <= 0 ? "licence_expired" : "licence_expiring";
  const severity = left <= policy.licenceUrgentDays * DAY_S ? "urgent" : "soon";
  return [toRow(number, "", { kind, severity, at, desired: licenceNo }, toNext("renew_licence", "licence_renewed"))];
}

function findDueRows(
  { number, began, reviewedAt, reviewDays }: ReviewMerchant,
  now: number,
  policy: ReviewPolicy,
): readonly ReviewRow[] {
  const at = (reviewedAt ?? began) + reviewDays * DAY_S;
  if (at - now > policy.reviewSoonDays * DAY_S) return [];
  const kind = at <= now ? "review_overdue" : "review_soon";
  const isLate = at + policy.reviewLateDays * DAY_S <= now;
  const severity = isLate ? "urgent" : at <= now ? "soon" : "note";
  return [toRow(number, "", { kind, severity, at }, toReview(number))];
}
