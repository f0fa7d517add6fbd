import { Type } from "typebox";
import { TillsyncError } from "../../../../../proto/errors.ts";
import { MAX_PARTS, pageReviews, type ReviewQuery } from "../../../../app/queries/reviews.ts";
import { parseAct } from "../../../../app/registry/act.ts";
import { CSV_HEAD, toCsvLines } from "../../../../app/reviews/csv.ts";
import { listReviewsOf, noteReview } from "../../../../app/reviews/done.ts";
import type { Actor } from "../../../../domain/accounts/actor.ts";
import { NEXT_STEPS, NEXT_WORDS } from "../../../../domain/reviews/next.ts";
import {
  parsePlace,
  REVIEW_KINDS,
  REVIEW_SEVERITIES,
  type ReviewKind,
  type ReviewSeverity,
  toPlaceText,
} from "../../../../domain/reviews/row.ts";
import { parseCursor, toCursor, toPage } from "../cursor.ts";
import { type Endpoint, endpoint, type Services, toPerson } from "../endpoint.ts";
import { DEFAULT_PAGE } from "../limits.ts";
import { Members, MerchantNumber, Nullable, OneOf, PageOf, Paging, Reason, Seconds, Text, Whole } from "../schemas.ts";
import { toMerchants, verifyMerchant } from "../scope.ts";

const group = "reviews";
const READ = { method: "GET", right: "reviews.read", reach: "scoped", group, status: 200 } as const;
const params = Members({ number: MerchantNumber });
/** Rows of one file: more are asked for by kind, by severity, or in pages. */
const MAX_FILE_ROWS = 50_000;
const CSV_TYPE = "text/csv; charset=utf-8; header=present";

const FILTER = {
  merchant: Type.Optional(MerchantNumber),
  kind: Type.Optional(OneOf(REVIEW_KINDS)),
  severity: Type.Optional(OneOf(REVIEW_SEVERITIES)),
};

const Row = Members({
  merchant: Text,
  tusn: Text,
  kind: OneOf(REVIEW_KINDS),
  subject: Text,
  severity: OneOf(REVIEW_SEVERITIES),
  at: Nullable(Seconds),
  desired: Text,
  reported: Text,
  acquirer: Text,
  next: OneOf(NEXT_STEPS),
  words: Text,
  command: Text,
});

const Review = Members({ id: Whole, merchant: Text, at: Seconds, actor: Text, note: Text });

export const REVIEW_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    ...{ ...READ, path: "/reviews" },
    summary: "What is not in order, by merchant: a page may be short or empty while there is a next one",
    query: Members({ ...Paging, ...FILTER }),
    answer: PageOf(Row),
    handle: async (services, { actor, query }) => {
      const { after, limit = DEFAULT_PAGE, ...filter } = query;
      const last = after === undefined ? {} : { after: readPlace(after) };
      const asked = { ...toQuery(services, actor, filter), ...last };
      const { rows, next } = await pageReviews(services.context, asked, limit, MAX_PARTS);
      return {
        items: rows.map((row) => ({ ...row, words: NEXT_WORDS[row.next] })),
        next: next === undefined ? null : toCursor(group, [toPlaceText(next)]),
      };
    },
  }),
  endpoint({
    ...{ ...READ, path: "/reviews.csv" },
    summary: `The same as a CSV file of at most ${MAX_FILE_ROWS} rows`,
    query: Members(FILTER),
    sends: "file",
    handle: async (services, { actor, query }) => {
      const { rows, next } = await pageReviews(services.context, toQuery(services, actor, query), MAX_FILE_ROWS);
      if (next !== undefined) {
        throw new TillsyncError("BYTES_TOO_LARGE", { rows: MAX_FILE_ROWS, expected: "a kind, severity or merchant" });
      }
      return { type: CSV_TYPE, name: "reviews.csv", bytes: Buffer.from(CSV_HEAD + toCsvLines(rows)) };
    },
  }),
  endpoint({
    ...{ ...READ, path: "/merchants/{number}/reviews", params },
    summary: "Who looked through a merchant's data when, the newest first",
    query: Members(Paging),
    answer: PageOf(Review),
    handle: async ({ context }, { actor, params, query }) => {
      const { after, limit = DEFAULT_PAGE } = query;
      const number = verifyMerchant(actor, params.number);
      const [before] = after === undefined ? [] : parseCursor("reviewed", after, ["number"]);
      const page = { limit: limit + 1, ...(before === undefined ? {} : { before }) };
      return toPage(
        "reviewed",
        await listReviewsOf(context.store, number, page),
        limit,
        ({ id }) => [id],
        (row) => row,
      );
    },
  }),
  endpoint({
    ...{ method: "POST", path: "/merchants/{number}/reviews", right: "reviews.write", reach: "scoped", group },
    ...{ changes: true, status: 201, params },
    summary: "Note that a merchant's data was looked through",
    body: Members({ note: Reason }),
    answer: Review,
    handle: ({ context }, { actor, params, body }) =>
      noteReview(context, verifyMerchant(actor, params.number), parseAct(body.note, toPerson(actor))),
  }),
];

interface Filter {
  readonly merchant?: string;
  readonly kind?: ReviewKind;
  readonly severity?: ReviewSeverity;
}

function toQuery({ tools }: Services, actor: Actor, { merchant, kind, severity }: Filter): ReviewQuery {
  const numbers = toMerchants(actor);
  return {
    acquirers: tools.acquirers,
    ...(merchant === undefined ? {} : { merchant: verifyMerchant(actor, merchant) }),
    ...(numbers === undefined ? {} : { numbers: [...numbers] }),
    ...(kind === undefined ? {} : { kinds: [kind] }),
    ...(severity === undefined ? {} : { severity }),
  };
}

/** @throws TillsyncError CURSOR_INVALID */
function readPlace(cursor: string) {
  return parseCursor(group, cursor, [parsePlace])[0];
}
