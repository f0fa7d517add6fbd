import type { Binding, Merchant } from "../../../proto/profile.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import type { OwnerKind } from "../../domain/records/owner.ts";
import type { BindingRecord, MerchantRecord } from "../../domain/records/record.ts";
import { listTerminals } from "../../store/fleet.ts";
import { listBindings, listMerchantHistory, listMerchantPage, type MerchantListRow } from "../../store/records.ts";
import type { HistoryGroup } from "../../store/records-schema.ts";
import type { Store } from "../../store/store.ts";
import { toMerchant } from "../merchant-row.ts";
import { readRecord, toBindingRecord, toPrimary } from "../records/read.ts";

const STARS = "******";

/** Merchants, and rows of history, in one answer; more are asked for in pages. */
export const MAX_LISTED_MERCHANTS = 1_000;
export const MAX_LISTED_HISTORY = 1_000;
/** Bindings that are shown with a merchant: those in force and the newest of the others. */
const MAX_SHOWN_BINDINGS = 50;

/** A settlement account as people look at it. Times in seconds. */
export interface BindingView extends Omit<BindingRecord, "bin" | "last4" | "commitment"> {
  /** BIN, stars, last four digits (PCI DSS 3.4.1). */
  readonly number: string;
}

/** A merchant in a list. */
export interface MerchantListView extends Merchant {
  readonly ownerKind: OwnerKind;
  readonly principal: string;
  /** Until when the business licence is good; null where nobody has told. */
  readonly licenceValidUntil: number | null;
  readonly version: number;
  readonly updatedAt: number;
  /** The account that its terminals settle to. */
  readonly settlement: Pick<BindingView, "kind" | "bank" | "cnaps" | "holder" | "number">;
}

/** A merchant as people look at it. */
export interface MerchantView extends MerchantListView, Pick<MerchantRecord, "contacts"> {
  /** In force and prepared, the primary one first; then those that ended, the newest first. */
  readonly bindings: readonly BindingView[];
  readonly terminals: readonly Tusn[];
}

export interface MerchantListQuery {
  /** These only, such as those of an agent. */
  readonly numbers?: readonly string[];
  readonly ownerKind?: OwnerKind;
  /** Only what stands behind it in order of number. */
  readonly after?: string;
  /** At most MAX_LISTED_MERCHANTS. */
  readonly limit?: number;
}

/** What changed in one group of a record, and who changed it. */
export interface MerchantHistoryView {
  readonly id: number;
  /** The version that the change made. */
  readonly version: number;
  readonly at: number;
  readonly actor: string;
  /** Empty where no change of the workflow brought it. */
  readonly changeId: string;
  readonly group: HistoryGroup;
  /** What differs, account numbers masked. */
  readonly before: Readonly<Record<string, unknown>>;
  readonly after: Readonly<Record<string, unknown>>;
}

export interface MerchantHistoryOptions {
  readonly group?: HistoryGroup;
  /** Only what is older than the row of this id. */
  readonly before?: number;
  /** At most MAX_LISTED_HISTORY. */
  readonly limit?: number;
}

/** In order of number. Who gets as many as he asked for may ask for those after the last. */
export async function listMerchants(store: Store, query: MerchantListQuery = {}): Promise<readonly MerchantListView[]> {
  const { after = "", limit = MAX_LISTED_MERCHANTS, ...rest } = query;
  const rows = await listMerchantPage(store, { ...rest, after, limit: Math.min(limit, MAX_LISTED_MERCHANTS) });
  return rows.map(toListView);
}

/** @throws TillsyncError NOT_FOUND */
export async function showMerchant(store: Store, number: string): Promise<MerchantView> {
  const record = await readRecord(store, number);
  const { ownerKind, principal, licenceValidUntil, contacts, version, updatedAt, bindings } = record;
  const ended = (await listBindings(store, number)).filter(({ state }) => state === "ended");
  const shown = [...bindings, ...ended.map(toBindingRecord)].slice(0, MAX_SHOWN_BINDINGS);
  const terminals = await listTerminals(store, number);
  return {
    ...toMerchant(record),
    ...{ ownerKind, principal, licenceValidUntil, version, updatedAt, contacts },
    settlement: toSettlementView(toPrimary(record)),
    bindings: shown.map(toBindingView),
    terminals: terminals.map(({ tusn }) => tusn),
  };
}

/** The newest first. @throws TillsyncError NOT_FOUND */
export async function listMerchantChanges(
  store: Store,
  number: string,
  { limit = MAX_LISTED_HISTORY, ...query }: MerchantHistoryOptions = {},
): Promise<readonly MerchantHistoryView[]> {
  await readRecord(store, number);
  const rows = await listMerchantHistory(store, number, { ...query, limit: Math.min(limit, MAX_LISTED_HISTORY) });
  return rows.map(({ id, version, at, actor, changeId, groupName, before, after }) => ({
    ...{ id, version, at, actor, changeId, group: groupName },
    before: JSON.parse(before),
    after: JSON.parse(after),
  }));
}

function toListView(row: MerchantListRow): MerchantListView {
  const { ownerKind, principal, licenceValidUntil, version, updatedAt } = row;
  const details = { ownerKind, principal, licenceValidUntil, version, updatedAt };
  return { ...toMerchant(row), ...details, settlement: toSettlementView(row) };
}

function toBindingView({ bin, last4, commitment: _, ...binding }: BindingRecord): BindingView {
  return { ...binding, number: `${bin}${STARS}${last4}` };
}

function toSettlementView(binding: Omit<Binding, "commitment">): MerchantListView["settlement"] {
  const { kind, bank, cnaps, holder, bin, last4 } = binding;
  return { kind, bank, cnaps, holder, number: `${bin}${STARS}${last4}` };
}
