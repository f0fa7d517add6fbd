import type { ReviewCount } from "../../app/queries/reviews.ts";
import type { AskedMerchant } from "../../app/reviews/ask.ts";
import { NEXT_WORDS } from "../../domain/reviews/next.ts";
import type { ReviewRow } from "../../domain/reviews/row.ts";
import type { StoredReview } from "../../store/reviews.ts";
import { toTable, toTime } from "./output.ts";

// What the commands of the regular review print for people.

/** By merchant, each row with what to do next under it. */
export function toReviewsText(rows: readonly ReviewRow[]): string {
  if (rows.length === 0) return "Everything that was looked at is in order.";
  const merchants = [...new Set(rows.map(({ merchant }) => merchant))];
  return merchants
    .map((merchant) => [merchant, ...rows.filter((row) => row.merchant === merchant).map(toRowText)].join("\n"))
    .join("\n\n");
}

function toRowText(row: ReviewRow): string {
  const { tusn, kind, subject, severity, at, desired, reported, acquirer, next, command } = row;
  const what = [kind, tusn, subject].filter((part) => part !== "").join(" ");
  const sides = [
    ["desired", desired],
    ["reported", reported],
    ["acquirer", acquirer],
  ].filter(([, side]) => side !== "");
  const seen = sides.map(([name, side]) => `${name} ${side}`).join("; ");
  const time = at === null ? "" : `  ${toTime(at)}`;
  return [
    `  ${severity.toUpperCase().padEnd(6)}  ${what}${time}`,
    ...(seen === "" ? [] : [`          ${seen}`]),
    `       -> ${NEXT_WORDS[next]}`,
    `          ${command}`,
  ].join("\n");
}

export function toCountsText(counts: readonly ReviewCount[]): string {
  if (counts.length === 0) return "Everything that was looked at is in order.";
  return toTable(
    ["kind", "urgent", "soon", "note"],
    counts.map(({ kind, urgent, soon, note }) => [kind, ...[urgent, soon, note].map(String)]),
  );
}

export function toReviewedText(reviews: readonly StoredReview[]): string {
  if (reviews.length === 0) return "Nobody has noted a review of this merchant.";
  return toTable(
    ["review", "at", "by", "note"],
    reviews.map(({ id, at, actor, note }) => [String(id), toTime(at), actor, note]),
  );
}

export function toAskedText(asked: readonly AskedMerchant[]): string {
  if (asked.length === 0) return "Nobody was asked: no merchant is due at an acquirer that a program can ask.";
  return toTable(
    ["acquirer", "merchant", "result", "asked again"],
    asked.map(({ acquirer, merchant, code, dueAt }) => [acquirer, merchant, code || "answered", toTime(dueAt)]),
  );
}
