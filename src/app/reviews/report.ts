import type { ReviewMerchant } from "../../domain/reviews/facts.ts";
import { findMerchantRows } from "../../domain/reviews/find-merchant-rows.ts";
import { findTerminalRows } from "../../domain/reviews/find-terminal-rows.ts";
import { DEFAULT_REVIEW_POLICY, type ReviewPolicy } from "../../domain/reviews/policy.ts";
import { comparePlaces, type ReviewRow, type RowPlace, toEndOf } from "../../domain/reviews/row.ts";
import { listReviewedMerchants, listReviewedTerminals } from "../../store/reviews-facts.ts";
import type { Acquirers } from "../changes/judge.ts";
import { listLoadedPacks } from "../changes/packs.ts";
import type { Context } from "../context.ts";
import { readMerchantFacts } from "./merchant-facts.ts";
import { readTerminalFacts } from "./terminal-facts.ts";

/** Merchants, and terminals, that are read into memory at once. */
const AT_ONCE = { merchants: 500, terminals: 2_000 } as const;
/** Stands before every character that a TUSN may have: what follows on a TUSN begins here. */
const NEXT = "!";

export interface ReportOptions {
  /** These merchants only, such as those of a scope. */
  readonly numbers?: readonly string[];
  /** Only what stands behind it. */
  readonly after?: RowPlace;
  /** Who can be asked, and how; by institution code. */
  readonly acquirers: Acquirers;
  readonly policy?: ReviewPolicy;
  /** What is to be other than AT_ONCE. */
  readonly atOnce?: { readonly merchants: number; readonly terminals: number };
}

/** Rows in order, and the place up to which everything has been looked at. */
export interface ReportPart {
  readonly rows: readonly ReviewRow[];
  readonly to: RowPlace;
}

/**
 * The report of the whole fleet, part by part, in the order of `comparePlaces`. However large the fleet is, no more than
 * some thousand rows of it are in memory. What changes meanwhile is seen or not.
 *
 * @throws TillsyncError STORE_FAILED; PACK_INVALID where somebody has edited a pack
 */
export async function* readReport(context: Context, options: ReportOptions): AsyncGenerator<ReportPart, void, void> {
  const { numbers, after, acquirers, atOnce = AT_ONCE } = options;
  const { store } = context;
  const packs = (await listLoadedPacks(store)).map(({ pack }) => pack);
  let from = after?.merchant ?? "";
  for (;;) {
    const page = { from, limit: atOnce.merchants, ...(numbers === undefined ? {} : { numbers }) };
    const rows = await listReviewedMerchants(store, page);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield* readMerchants(context, await readMerchantFacts(store, rows, { packs, acquirers }), options);
    if (rows.length < atOnce.merchants) return;
    from = last.number + NEXT;
  }
}

async function* readMerchants(
  { store, now }: Context,
  merchants: readonly ReviewMerchant[],
  { after, policy = DEFAULT_REVIEW_POLICY, atOnce = AT_ONCE }: ReportOptions,
): AsyncGenerator<ReportPart, void, void> {
  const numbers = merchants.map(({ number }) => number);
  const byNumber = new Map(merchants.map((merchant) => [merchant.number, merchant]));
  const waiting = [...merchants];
  const isNew = (row: ReviewRow) => after === undefined || comparePlaces(row, after) > 0;
  /** Rows of merchants themselves up to this one. */
  const takeUntil = (number: string | undefined) => {
    const end = number === undefined ? waiting.length : waiting.findIndex((one) => one.number === number) + 1;
    return waiting.splice(0, end).flatMap((one) => findMerchantRows(one, now(), policy));
  };
  let from = { merchantNumber: numbers[0] ?? "", tusn: after?.merchant === numbers[0] ? (after?.tusn ?? "") : "" };
  for (;;) {
    const page = await listReviewedTerminals(store, { merchants: numbers, from, limit: atOnce.terminals });
    const terminals = await readTerminalFacts(store, page);
    const rows = terminals.flatMap((terminal, n) => {
      const number = page[n]?.merchantNumber ?? "";
      const merchant = byNumber.get(number);
      const first = takeUntil(number);
      return merchant === undefined ? first : [...first, ...findTerminalRows(merchant, terminal, now(), policy)];
    });
    const last = page.at(-1);
    if (last === undefined || page.length < atOnce.terminals) {
      yield { rows: [...rows, ...takeUntil(undefined)].filter(isNew), to: toEndOf(numbers.at(-1) ?? "") };
      return;
    }
    from = { merchantNumber: last.merchantNumber, tusn: last.tusn + NEXT };
    yield {
      rows: rows.filter(isNew),
      to: { merchant: last.merchantNumber, tusn: last.tusn, kind: "terminal_silent", subject: "" },
    };
  }
}
