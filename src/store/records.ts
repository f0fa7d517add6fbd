import { type Insertable, type Selectable, sql } from "kysely";
import type { OwnerKind } from "../domain/records/owner.ts";
import type { BindingRow, HistoryGroup, MerchantDetailsRow, MerchantHistoryRow } from "./records-schema.ts";
import type { MerchantRow } from "./schema.ts";
import { inChunks, type Store, type Tx } from "./store.ts";

// Merchants' details, settlement accounts and history. Nothing here changes or removes a row of history, or what a row
// says of an account.

export type StoredBinding = Selectable<BindingRow>;
export type StoredHistory = Selectable<MerchantHistoryRow>;

export async function findDetails(db: Store, number: string): Promise<MerchantDetailsRow | undefined> {
  return db.selectFrom("merchantDetails").selectAll().where("number", "=", number).executeTakeFirst();
}

export async function setDetails(tx: Tx, { number, ...details }: MerchantDetailsRow): Promise<void> {
  await tx.updateTable("merchantDetails").set(details).where("number", "=", number).execute();
}

/** In force and prepared, the primary one first, then by id. */
export function listOpenBindings(db: Store, merchant: string): Promise<readonly StoredBinding[]> {
  return db
    .selectFrom("bindings")
    .selectAll()
    .where("merchant", "=", merchant)
    .where("state", "in", ["in_force", "prepared"])
    .orderBy("isPrimary", "desc")
    .orderBy("id")
    .execute();
}

/** All that a merchant ever had, the newest first. */
export function listBindings(db: Store, merchant: string): Promise<readonly StoredBinding[]> {
  return db.selectFrom("bindings").selectAll().where("merchant", "=", merchant).orderBy("id", "desc").execute();
}

/** In force, and good no more from some time before `until` on: in order of that time, at most `limit`. */
export function listEndingBindings(db: Store, until: number, limit: number): Promise<readonly StoredBinding[]> {
  return db
    .selectFrom("bindings")
    .selectAll()
    .where("state", "=", "in_force")
    .where("validUntil", "<", until)
    .orderBy("validUntil")
    .orderBy("id")
    .limit(limit)
    .execute();
}

/** @returns the row's id */
export async function addBindingRow(tx: Tx, row: Insertable<BindingRow>): Promise<number> {
  const { id } = await tx.insertInto("bindings").values(row).returning("id").executeTakeFirstOrThrow();
  return id;
}

export type BindingProgress = Pick<StoredBinding, "id"> &
  Partial<Pick<StoredBinding, "isPrimary" | "state" | "since" | "until">>;

export async function setBinding(tx: Tx, { id, ...progress }: BindingProgress): Promise<void> {
  await tx.updateTable("bindings").set(progress).where("id", "=", id).execute();
}

export async function addMerchantHistory(tx: Tx, rows: readonly Insertable<MerchantHistoryRow>[]): Promise<void> {
  await inChunks(rows, (chunk) => tx.insertInto("merchantHistory").values(chunk).execute());
}

/** Id of the change that a release carries out. */
export async function findChangeOf(db: Store, releaseId: Uint8Array): Promise<string | undefined> {
  const row = await db.selectFrom("changes").select("id").where("releaseId", "=", releaseId).executeTakeFirst();
  return row?.id;
}

export interface MerchantHistoryQuery {
  readonly group?: HistoryGroup;
  /** Only what is older than the row of this id. */
  readonly before?: number;
  readonly limit: number;
}

/** Of one merchant, the newest first. */
export function listMerchantHistory(
  db: Store,
  number: string,
  { group, before, limit }: MerchantHistoryQuery,
): Promise<readonly StoredHistory[]> {
  return db
    .selectFrom("merchantHistory")
    .selectAll()
    .where("number", "=", number)
    .$if(group !== undefined, (rows) => rows.where("groupName", "=", group as HistoryGroup))
    .$if(before !== undefined, (rows) => rows.where("id", "<", Number(before)))
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
}

/** Which merchants, and how many at most: those behind `after`, in order of number. */
export interface MerchantQuery {
  /** These only, such as those of an agent. */
  readonly numbers?: readonly string[];
  readonly ownerKind?: OwnerKind;
  readonly after: string;
  readonly limit: number;
}

export type MerchantListRow = MerchantRow &
  Pick<MerchantDetailsRow, "ownerKind" | "principal" | "licenceValidUntil" | "version" | "updatedAt">;

export function listMerchantPage(db: Store, query: MerchantQuery): Promise<readonly MerchantListRow[]> {
  const { numbers, ownerKind, after, limit } = query;
  return db
    .selectFrom("merchants")
    .innerJoin("merchantDetails", "merchantDetails.number", "merchants.number")
    .selectAll("merchants")
    .select(["ownerKind", "principal", "licenceValidUntil", "version", "updatedAt"])
    .where("merchants.number", ">", after)
    .$if(numbers !== undefined, (rows) =>
      rows.where(sql<boolean>`merchants.number in (select value from json_each(${JSON.stringify(numbers)}))`),
    )
    .$if(ownerKind !== undefined, (rows) => rows.where("ownerKind", "=", ownerKind as OwnerKind))
    .orderBy("merchants.number")
    .limit(limit)
    .execute();
}

/**
 * Begins the record of these merchants where none is yet: version 1, and a binding in force as their row in `merchants`
 * has it. The kind of owner is told by the USCC as `toOwnerKind` does.
 */
export function beginRecords(tx: Tx, numbers: readonly string[], now: number): Promise<void> {
  return begin(tx, sql`select value from json_each(${JSON.stringify(numbers)})`, now);
}

/** The same for all merchants that an import has staged. */
export function beginStagedRecords(tx: Tx, now: number): Promise<void> {
  return begin(tx, sql`select number from staged_merchants`, now);
}

async function begin(tx: Tx, numbers: ReturnType<typeof sql>, now: number): Promise<void> {
  // Bindings first: whether there is a record is told by its details.
  await sql`
    insert into bindings
      (merchant, kind, bank, cnaps, holder, bin, last4, commitment, is_primary, state, since, change_id)
    select number, kind, bank, cnaps, holder, bin, last4, commitment, 1, 'in_force', ${now}, '' from merchants m
    where number in (${numbers}) and not exists (select 1 from merchant_details d where d.number = m.number)
    order by number`.execute(tx);
  await sql`
    insert into merchant_details (number, owner_kind, principal, contacts, version, updated_at)
    select number,
      case when uscc = '' then 'micro' when uscc like '92%' then 'sole_trader' else 'enterprise' end,
      '', '[]', 1, ${now} from merchants m
    where number in (${numbers}) and not exists (select 1 from merchant_details d where d.number = m.number)
    order by number`.execute(tx);
}
