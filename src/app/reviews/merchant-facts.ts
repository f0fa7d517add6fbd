import { choosePack, type PolicyPack } from "../../domain/changes/pack.ts";
import type {
  AskedRecord,
  ReviewAcquirer,
  ReviewBinding,
  ReviewChange,
  ReviewMerchant,
} from "../../domain/reviews/facts.ts";
import type { StoredBinding } from "../../store/records.ts";
import {
  findAcquirerRecords,
  findLastConfirmed,
  findLastReviews,
  listBindingsOf,
  listOpenChanges,
  listOpenOrders,
  listOpenTasks,
  listPosts,
  type OpenChange,
  type ReviewedMerchantRow,
} from "../../store/reviews-facts.ts";
import type { AcquirerRecordRow } from "../../store/reviews-schema.ts";
import type { Store } from "../../store/store.ts";
import { toBindingFacts } from "../acquirers/orders.ts";
import type { Acquirers } from "../changes/judge.ts";
import { toBindingOf, toMerchant } from "../merchant-row.ts";
import { parseOnRecordText } from "./on-record.ts";

/** What is the same for the whole report. */
export interface Surroundings {
  readonly packs: readonly PolicyPack[];
  /** By institution code. */
  readonly acquirers: Acquirers;
}

/** Everything that is looked at of these merchants but their terminals, in their order. */
export async function readMerchantFacts(
  db: Store,
  rows: readonly ReviewedMerchantRow[],
  { packs, acquirers }: Surroundings,
): Promise<readonly ReviewMerchant[]> {
  const numbers = rows.map(({ number }) => number);
  const bindings = toGroups(await listBindingsOf(db, numbers));
  const reviews = new Map((await findLastReviews(db, numbers)).map(({ merchant, at }) => [merchant, at]));
  const open = await listOpenChanges(db, numbers);
  const tasks = await listOpenTasks(
    db,
    open.map(({ id }) => id),
  );
  const changes = toGroups(open);
  const orders = toGroups(await listOpenOrders(db, numbers));
  const records = toGroups(await findAcquirerRecords(db, numbers));
  const confirmed = toGroups(await findLastConfirmed(db, numbers));
  const posts = toGroups((await listPosts(db, numbers)).map((post) => ({ ...post, merchant: post.merchantNumber })));
  return rows.map((row) => {
    const { number } = row;
    const own = bindings.get(number) ?? [];
    const places = posts.get(number) ?? [];
    const [first] = places;
    const reviewedAt = reviews.get(number);
    const before = findBefore(own);
    const under = changes.get(number) ?? [];
    return {
      ...{ ...toMerchant(row), licenceValidUntil: row.licenceValidUntil },
      began: Math.min(...own.flatMap(({ since }) => since ?? []), row.updatedAt),
      ...(reviewedAt === undefined ? {} : { reviewedAt }),
      reviewDays: choosePack(packs, first?.acquirer ?? "", first?.model ?? "").reviewDays,
      bindings: own.flatMap((binding) => toReviewBinding(binding, under, row.updatedAt)),
      ...(before === undefined ? {} : { before }),
      changes: under.map((change): ReviewChange => {
        const own = tasks.filter(({ changeId }) => changeId === change.id);
        return { ...toChange(change), tasks: own.map(({ kind }) => kind) };
      }),
      orders: orders.get(number) ?? [],
      acquirers: [...new Set(places.map(({ acquirer }) => acquirer))].map((code) => {
        const asked = records.get(number)?.find(({ acquirer }) => acquirer === code);
        const at = confirmed.get(number)?.find(({ acquirer }) => acquirer === code)?.at;
        return toAcquirer(code, acquirers.get(code)?.adapter, asked, at);
      }),
    };
  });
}

function toReviewBinding(
  row: StoredBinding,
  changes: readonly OpenChange[],
  updatedAt: number,
): readonly ReviewBinding[] {
  const { id, state, isPrimary, validUntil, changeId } = row;
  if (state === "ended") return [];
  // When it was prepared stands with its change: that was when its release began.
  const change = changes.find((one) => one.id === changeId);
  const since = row.since ?? change?.publishedAt ?? updatedAt;
  return [{ ...toBindingFacts(toBindingOf(row)), id, state, isPrimary: isPrimary === 1, validUntil, since, changeId }];
}

/** What was settled to before the primary account: of those that ended the last. */
function findBefore(bindings: readonly StoredBinding[]) {
  const ended = bindings.filter(({ state, since }) => state === "ended" && since !== null);
  const last = ended.toSorted((a, b) => (a.until ?? 0) - (b.until ?? 0)).at(-1);
  return last === undefined ? undefined : toBindingFacts(toBindingOf(last));
}

function toChange({ id, kind, groupName: group, state, updatedAt, releaseId }: OpenChange) {
  return { id, kind, group, state, updatedAt, isReleased: releaseId !== null };
}

function toAcquirer(
  code: string,
  adapter: string | undefined,
  row: AcquirerRecordRow | undefined,
  confirmedAt: number | undefined,
): ReviewAcquirer {
  const way = adapter === undefined ? "none" : adapter === "manual" ? "manual" : "machine";
  return {
    ...{ code, way },
    ...(row === undefined ? {} : { asked: toAsked(row) }),
    ...(confirmedAt === undefined ? {} : { confirmedAt }),
  };
}

function toAsked({ askedAt, answeredAt, onRecord, code }: AcquirerRecordRow): AskedRecord {
  return { askedAt, answeredAt, onRecord: parseOnRecordText(onRecord), code };
}

function toGroups<T extends { readonly merchant: string }>(rows: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(row.merchant);
    if (group === undefined) groups.set(row.merchant, [row]);
    else group.push(row);
  }
  return groups;
}
