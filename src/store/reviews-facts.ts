import { type Selectable, sql } from "kysely";
import type { Tusn } from "../../proto/tusn.ts";
import { ORDER_ENDS } from "../domain/acquirers/order.ts";
import { OPEN_STATES } from "../domain/changes/change.ts";
import { OUT_OF_SERVICE } from "../domain/life.ts";
import type { AcquirerOrderRow } from "./acquirers-schema.ts";
import type { ChangeRow, ChangeTaskRow } from "./changes-schema.ts";
import type { BindingRow, MerchantDetailsRow } from "./records-schema.ts";
import type { AcquirerRecordRow } from "./reviews-schema.ts";
import type { MerchantRow, TerminalRow } from "./schema.ts";
import { inChunks, type Store } from "./store.ts";

// What the report reads of a page of merchants: one statement for a thousand of them, never one for each.

export type ReviewedMerchantRow = MerchantRow & Pick<MerchantDetailsRow, "licenceValidUntil" | "updatedAt">;

export interface MerchantPage {
  /** These only, such as those of an agent. */
  readonly numbers?: readonly string[];
  /** From this number on, which is of the page itself. */
  readonly from: string;
  readonly limit: number;
}

/** In order of number. */
export function listReviewedMerchants(db: Store, page: MerchantPage): Promise<readonly ReviewedMerchantRow[]> {
  const { numbers, from, limit } = page;
  return db
    .selectFrom("merchants")
    .innerJoin("merchantDetails", "merchantDetails.number", "merchants.number")
    .selectAll("merchants")
    .select(["licenceValidUntil", "updatedAt"])
    .where("merchants.number", ">=", from)
    .$if(numbers !== undefined, (rows) =>
      rows.where(sql<boolean>`merchants.number in (select value from json_each(${JSON.stringify(numbers)}))`),
    )
    .orderBy("merchants.number")
    .limit(limit)
    .execute();
}

/** All that these merchants ever had, by merchant and id. */
export function listBindingsOf(db: Store, merchants: readonly string[]): Promise<readonly Selectable<BindingRow>[]> {
  return inChunks(merchants, (chunk) =>
    db.selectFrom("bindings").selectAll().where("merchant", "in", chunk).orderBy("merchant").orderBy("id").execute(),
  );
}

export interface LastReview {
  readonly merchant: string;
  readonly at: number;
}

export function findLastReviews(db: Store, merchants: readonly string[]): Promise<readonly LastReview[]> {
  return inChunks(merchants, (chunk) =>
    db
      .selectFrom("reviews")
      .select((row) => ["merchant", row.fn.max("at").as("at")])
      .where("merchant", "in", chunk)
      .groupBy("merchant")
      .execute(),
  );
}

export type OpenChange = Pick<
  ChangeRow,
  "id" | "merchant" | "kind" | "groupName" | "state" | "updatedAt" | "publishedAt" | "releaseId"
>;

export function listOpenChanges(db: Store, merchants: readonly string[]): Promise<readonly OpenChange[]> {
  return inChunks(merchants, (chunk) =>
    db
      .selectFrom("changes")
      .select(["id", "merchant", "kind", "groupName", "state", "updatedAt", "publishedAt", "releaseId"])
      .where("merchant", "in", chunk)
      .where("state", "in", OPEN_STATES)
      .orderBy("id")
      .execute(),
  );
}

export function listOpenTasks(
  db: Store,
  changes: readonly string[],
): Promise<readonly Pick<ChangeTaskRow, "changeId" | "kind">[]> {
  return inChunks(changes, (chunk) =>
    db
      .selectFrom("changeTasks")
      .select(["changeId", "kind"])
      .where("changeId", "in", chunk)
      .where("doneAt", "is", null)
      .orderBy("kind")
      .execute(),
  );
}

export type OpenOrder = Pick<
  AcquirerOrderRow,
  "requestNo" | "merchant" | "acquirer" | "state" | "updatedAt" | "overdueAt"
>;

export function listOpenOrders(db: Store, merchants: readonly string[]): Promise<readonly OpenOrder[]> {
  return inChunks(merchants, (chunk) =>
    db
      .selectFrom("acquirerOrders")
      .select(["requestNo", "merchant", "acquirer", "state", "updatedAt", "overdueAt"])
      .where("merchant", "in", chunk)
      .where("state", "not in", ORDER_ENDS)
      .orderBy("requestNo")
      .execute(),
  );
}

export interface LastConfirmed {
  readonly merchant: string;
  readonly acquirer: string;
  readonly at: number;
}

export function findLastConfirmed(db: Store, merchants: readonly string[]): Promise<readonly LastConfirmed[]> {
  return inChunks(merchants, (chunk) =>
    db
      .selectFrom("acquirerOrders")
      .select((row) => ["merchant", "acquirer", row.fn.max("updatedAt").as("at")])
      .where("merchant", "in", chunk)
      .where("state", "=", "confirmed")
      .groupBy(["merchant", "acquirer"])
      .execute(),
  );
}

export function findAcquirerRecords(db: Store, merchants: readonly string[]): Promise<readonly AcquirerRecordRow[]> {
  return inChunks(merchants, (chunk) =>
    db.selectFrom("acquirerRecords").selectAll().where("merchant", "in", chunk).execute(),
  );
}

/** An acquirer and model that terminals of a merchant in service have, and the first of those terminals. */
export interface Post {
  readonly merchantNumber: string;
  readonly acquirer: string;
  readonly model: string;
  readonly tusn: Tusn;
}

/** By merchant and first terminal. */
export function listPosts(db: Store, merchants: readonly string[]): Promise<readonly Post[]> {
  return inChunks(merchants, (chunk) =>
    db
      .selectFrom("terminals")
      .select((row) => ["merchantNumber", "acquirer", "model", row.fn.min("tusn").as("tusn")])
      .where("merchantNumber", "in", chunk)
      .where("life", "not in", [...OUT_OF_SERVICE])
      .groupBy(["merchantNumber", "acquirer", "model"])
      .orderBy("merchantNumber")
      .orderBy("tusn")
      .execute(),
  );
}

export type ReviewedTerminalRow = Pick<TerminalRow, "tusn" | "merchantNumber" | "life" | "deviceKey">;

export interface TerminalRange {
  /** Merchants, in order of number. */
  readonly merchants: readonly string[];
  /** The first one, which is of the range itself; need not be there. */
  readonly from: Pick<TerminalRow, "merchantNumber"> & { readonly tusn: string };
  readonly limit: number;
}

/** In order of merchant and TUSN. */
export function listReviewedTerminals(
  db: Store,
  { merchants, from, limit }: TerminalRange,
): Promise<readonly ReviewedTerminalRow[]> {
  return db
    .selectFrom("terminals")
    .select(["tusn", "merchantNumber", "life", "deviceKey"])
    .where("merchantNumber", "in", merchants)
    .where("merchantNumber", ">=", from.merchantNumber)
    .where((row) => row.or([row("merchantNumber", ">", from.merchantNumber), row("tusn", ">=", from.tusn as Tusn)]))
    .orderBy("merchantNumber")
    .orderBy("tusn")
    .limit(limit)
    .execute();
}

export type ReleasedChange = Pick<ChangeRow, "id" | "state"> & { readonly releaseId: Uint8Array | null };

/** The changes that these releases carry out. */
export function findChangesOf(db: Store, releaseIds: readonly Uint8Array[]): Promise<readonly ReleasedChange[]> {
  return inChunks(releaseIds, (chunk) =>
    db.selectFrom("changes").select(["id", "state", "releaseId"]).where("releaseId", "in", chunk).execute(),
  );
}
