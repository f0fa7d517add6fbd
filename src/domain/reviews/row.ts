import { TillsyncError } from "../../../proto/errors.ts";
import type { Next } from "./next.ts";

/** Everything that the report can tell of, in the order in which one merchant's rows stand. */
export const REVIEW_KINDS = [
  "account_expired",
  "account_expiring",
  "account_unused",
  "licence_expired",
  "licence_expiring",
  "licence_unknown",
  "review_overdue",
  "review_soon",
  "acquirer_drift",
  "acquirer_indistinct",
  "acquirer_unreachable",
  "acquirer_unasked",
  "change_stuck",
  "order_open",
  "terminal_unknown_profile",
  "terminal_drift",
  "terminal_behind",
  "records_drift",
  "terminal_silent",
] as const;
export type ReviewKind = (typeof REVIEW_KINDS)[number];

/** `urgent`: money may go astray, or trade stops. `soon`: a person should act. `note`: a person should know. */
export const REVIEW_SEVERITIES = ["urgent", "soon", "note"] as const;
export type ReviewSeverity = (typeof REVIEW_SEVERITIES)[number];

/** One thing that is not in order. It never holds a whole number: of accounts BIN, stars and the last four digits. */
export interface ReviewRow extends Next {
  readonly merchant: string;
  /** Empty where it is of no terminal. */
  readonly tusn: string;
  readonly kind: ReviewKind;
  /** Of several things of one kind which: id of an account, a change or an order, code of an acquirer; else empty. */
  readonly subject: string;
  readonly severity: ReviewSeverity;
  /** Since when it is so, or when it will be, in seconds; null where nobody knows. */
  readonly at: number | null;
  /** What should be, what a terminal or a person told, what the acquirer has; each empty where it has no say. */
  readonly desired: string;
  readonly reported: string;
  readonly acquirer: string;
}

/** What tells one kind of row from others; the rest of a row has defaults. */
export type RowFacts = Pick<ReviewRow, "kind" | "severity" | "at"> &
  Partial<Pick<ReviewRow, "subject" | "desired" | "reported" | "acquirer">>;

export function toRow(merchant: string, tusn: string, facts: RowFacts, next: Next): ReviewRow {
  return { merchant, tusn, subject: "", desired: "", reported: "", acquirer: "", ...facts, ...next };
}

/** Where a row stands: by merchant, of the merchant itself first and then by terminal, by kind, by subject. */
export interface RowPlace {
  readonly merchant: string;
  readonly tusn: string;
  readonly kind: ReviewKind | "";
  readonly subject: string;
}

/** Behind every terminal of a merchant. */
const END = "~";
const PLACE = /^([!-9;-~]{1,64}):([0-9A-Z]{0,50}|~):([a-z_]{0,32}):([0-9A-Za-z._-]{0,64})$/;

export function toEndOf(merchant: string): RowPlace {
  return { merchant, tusn: END, kind: "", subject: "" };
}

export function comparePlaces(a: RowPlace, b: RowPlace): number {
  return (
    compare(a.merchant, b.merchant) ||
    compare(a.tusn, b.tusn) ||
    toOrder(a.kind) - toOrder(b.kind) ||
    compare(a.subject, b.subject)
  );
}

/** As a cursor names it. */
export function toPlaceText({ merchant, tusn, kind, subject }: RowPlace): string {
  return [merchant, tusn, kind, subject].join(":");
}

/** @throws TillsyncError CURSOR_INVALID */
export function parsePlace(text: string): RowPlace {
  const [, merchant = "", tusn = "", name = "", subject = ""] = PLACE.exec(text) ?? [];
  const kind = name === "" ? "" : REVIEW_KINDS.find((one) => one === name);
  if (merchant === "" || kind === undefined) throw new TillsyncError("CURSOR_INVALID");
  return { merchant, tusn, kind, subject };
}

function toOrder(kind: ReviewKind | ""): number {
  return kind === "" ? -1 : REVIEW_KINDS.indexOf(kind);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
