import { TillsyncError } from "../../../proto/errors.ts";
import {
  REVIEW_KINDS,
  type ReviewKind,
  type ReviewRow,
  type ReviewSeverity,
  type RowPlace,
} from "../../domain/reviews/row.ts";
import { findMerchants } from "../../store/fleet.ts";
import type { Context } from "../context.ts";
import { type ReportOptions, type ReportPart, readReport } from "../reviews/report.ts";

/** Rows in one answer; more are asked for in pages. */
export const MAX_LISTED_REVIEWS = 10_000;
/** Parts of the report that are looked through for one page where somebody waits for it: some thousand merchants. */
export const MAX_PARTS = 8;

export interface ReviewQuery extends ReportOptions {
  /** This merchant only. */
  readonly merchant?: string;
  /** Of these kinds, and of this severity; all where absent. */
  readonly kinds?: readonly ReviewKind[];
  readonly severity?: ReviewSeverity;
}

export interface ReviewPage {
  readonly rows: readonly ReviewRow[];
  /** Behind which to go on; undefined where this was the last. A page may be short while there is a next one. */
  readonly next: RowPlace | undefined;
}

/** The rows that are asked for, part by part. @throws TillsyncError NOT_FOUND, STORE_FAILED, PACK_INVALID */
export async function* readReviews(context: Context, query: ReviewQuery): AsyncGenerator<ReportPart, void, void> {
  const { merchant, kinds, severity } = query;
  if (merchant !== undefined && (await findMerchants(context.store, [merchant])).length === 0) {
    throw new TillsyncError("NOT_FOUND", { merchant });
  }
  const isAsked = (row: ReviewRow) =>
    (kinds === undefined || kinds.includes(row.kind)) && (severity === undefined || severity === row.severity);
  const report = readReport(context, merchant === undefined ? query : { ...query, numbers: [merchant] });
  for await (const { rows, to } of report) yield { rows: rows.filter(isAsked), to };
}

/**
 * At most `limit` rows.
 *
 * @param maxParts of the report that are looked through; all of it where absent
 * @throws TillsyncError NOT_FOUND, STORE_FAILED, PACK_INVALID
 */
export async function pageReviews(
  context: Context,
  query: ReviewQuery,
  limit: number,
  maxParts = Number.POSITIVE_INFINITY,
): Promise<ReviewPage> {
  const found: ReviewRow[] = [];
  let parts = 0;
  for await (const { rows, to } of readReviews(context, query)) {
    found.push(...rows);
    if (found.length > limit) return { rows: found.slice(0, limit), next: toPlace(found[limit - 1]) };
    parts += 1;
    if (parts === maxParts) return { rows: found, next: to };
  }
  return { rows: found, next: undefined };
}

/** How many rows there are of a kind. */
export type ReviewCount = Readonly<Record<ReviewSeverity, number>> & { readonly kind: ReviewKind };

/** By kind, in the order of kinds; those that there are none of are left out. @throws TillsyncError NOT_FOUND, STORE_FAILED, PACK_INVALID */
export async function countReviews(context: Context, query: ReviewQuery): Promise<readonly ReviewCount[]> {
  const counts = new Map(REVIEW_KINDS.map((kind) => [kind, { urgent: 0, soon: 0, note: 0 }]));
  for await (const { rows } of readReviews(context, query)) {
    for (const { kind, severity } of rows) {
      const count = counts.get(kind);
      if (count !== undefined) count[severity] += 1;
    }
  }
  return [...counts]
    .filter(([, { urgent, soon, note }]) => urgent + soon + note > 0)
    .map(([kind, count]) => ({ kind, ...count }));
}

function toPlace(row: ReviewRow | undefined): RowPlace | undefined {
  return row === undefined
    ? undefined
    : { merchant: row.merchant, tusn: row.tusn, kind: row.kind, subject: row.subject };
}
