import type { BindingFacts } from "./order.ts";

// What an acquirer says it settles to, beside what is wanted: it shows no more of the number than some digits at either end.

/** What an acquirer has on record for a merchant. */
export interface OnRecord {
  /** Empty where the acquirer does not tell. */
  readonly kind: BindingFacts["kind"] | "";
  /** At most 6 digits, stars, and at most 4 digits, such as `62*************78`; empty where it has no account. */
  readonly masked: string;
  /** As the acquirer calls it; empty where it does not tell. */
  readonly bank: string;
  /** CNAPS code of the branch, or the three digits of the bank alone; empty where it does not tell. */
  readonly cnaps: string;
  /** Whole or masked, as the acquirer tells it; empty where it does not. */
  readonly holder: string;
  /** What came of the acquirer's own trial payment into the account; empty where it makes or tells none. */
  readonly credit: "" | "pending" | "proven" | "failed";
  /** When that was so, in seconds, by our clock. */
  readonly at: number;
}

/**
 * - `wanted`: the record shows the wanted account, and not the one before
 * - `pending`: it does, and the acquirer's trial payment into it is under way
 * - `unusable`: it does, and the trial payment failed
 * - `indistinct`: what it shows of the number fits both, or is too little to tell
 * - `before`: it still shows the account before
 * - `other`: it shows neither
 * - `none`: it has no account for the merchant
 */
export type RecordFinding = "wanted" | "pending" | "unusable" | "indistinct" | "before" | "other" | "none";

/** Digits at the end of a number that have to be shown for it to tell anything. */
const MIN_LAST = 2;
/** The digits of a CNAPS code that name the bank: branches are renumbered, and some acquirers keep another one of them. */
const BANK_DIGITS = 3;
const BIN_SHOWN = 6;
const LAST_SHOWN = 4;
const MASKED = /^(\d{0,6})\*+(\d{0,4})$/;
/** What acquirers put in the place of digits, or between groups of them. */
const HIDDEN = /[*xX#•·＊]/g;
const GAPS = /[ -]/g;

/** What the record shows, beside the wanted account and the one before. */
export function compareRecord(
  record: OnRecord | undefined,
  wanted: BindingFacts,
  before: BindingFacts | undefined,
): RecordFinding {
  if (record === undefined || record.masked === "") return "none";
  const fitsBefore = before !== undefined && fits(record, before);
  if (!fits(record, wanted)) return fitsBefore ? "before" : "other";
  if (fitsBefore || toEnds(record.masked).last.length < MIN_LAST) return "indistinct";
  switch (record.credit) {
    case "pending":
      return "pending";
    case "failed":
      return "unusable";
    default:
      return "wanted";
  }
}

/**
 * The number as an acquirer shows it, cut to what we may keep: a number that it sent whole is masked here. Empty where there
 * is no number.
 */
export function toMasked(shown: string): string {
  const plain = shown.normalize("NFKC").replace(GAPS, "").replace(HIDDEN, "*");
  const first = plain.replace(/\D.*$/s, "");
  const last = plain.replace(/^.*\D/s, "");
  if (plain === "") return "";
  // Sent whole, beginning and end would overlap: a short number shows its end only.
  const isWhole = first.length === plain.length;
  const hasBin = !isWhole || plain.length > BIN_SHOWN + LAST_SHOWN;
  return `${hasBin ? first.slice(0, BIN_SHOWN) : ""}***${last.slice(-LAST_SHOWN)}`;
}

function fits({ kind, masked, cnaps }: OnRecord, facts: BindingFacts): boolean {
  const { first, last } = toEnds(masked);
  const shownBin = facts.bin.slice(0, first.length);
  const shownLast = last.length === 0 ? "" : facts.last4.slice(-last.length);
  return (
    (kind === "" || kind === facts.kind) &&
    first.startsWith(shownBin) &&
    shownLast === last &&
    (cnaps === "" || cnaps.slice(0, BANK_DIGITS) === facts.cnaps.slice(0, BANK_DIGITS))
  );
}

function toEnds(masked: string): { readonly first: string; readonly last: string } {
  const [, first = "", last = ""] = MASKED.exec(masked) ?? [];
  return { first, last };
}
