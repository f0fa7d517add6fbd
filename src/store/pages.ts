import { sql } from "kysely";
import type { ChangeEvent } from "./changes.ts";
import type { DeploymentFilter } from "./deployments.ts";
import type { Quarantine } from "./quarantines.ts";
import type { DeploymentRow, ReleaseRow } from "./schema.ts";
import type { Store } from "./store.ts";

// Lists that are read page by page: each goes on behind the last row of the page before, whatever came or went meanwhile.

/** Newest first. */
export function listReleasePage(
  db: Store,
  { after, limit }: { readonly after?: Pick<ReleaseRow, "publishedAt" | "id">; readonly limit: number },
): Promise<readonly ReleaseRow[]> {
  let query = db.selectFrom("releases").selectAll();
  if (after !== undefined) {
    const { publishedAt, id } = after;
    query = query.where((row) =>
      row.or([
        row("publishedAt", "<", publishedAt),
        row.and([row("publishedAt", "=", publishedAt), row("id", "<", id)]),
      ]),
    );
  }
  return query.orderBy("publishedAt", "desc").orderBy("id", "desc").limit(limit).execute();
}

export interface DeploymentPage extends DeploymentFilter {
  readonly after?: Pick<DeploymentRow, "tusn" | "sequence">;
}

/** In order of TUSN, of each terminal the newest first. */
export function listDeploymentPage(db: Store, page: DeploymentPage): Promise<readonly DeploymentRow[]> {
  const { tusn, releaseId, state, after, limit } = page;
  let query = db.selectFrom("deployments").selectAll();
  if (tusn !== undefined) query = query.where("tusn", "=", tusn);
  if (releaseId !== undefined) query = query.where("releaseId", "=", releaseId);
  if (state !== undefined) query = query.where("state", "=", state);
  if (after !== undefined) {
    query = query.where((row) =>
      row.or([
        row("tusn", ">", after.tusn),
        row.and([row("tusn", "=", after.tusn), row("sequence", "<", after.sequence)]),
      ]),
    );
  }
  return query.orderBy("tusn").orderBy("sequence", "desc").limit(limit).execute();
}

export interface QuarantinePage {
  readonly all: boolean;
  /** Only what is older than the row of this id. */
  readonly before?: number;
  readonly limit: number;
}

/** Newest first; only those that are open, unless all are asked for. */
export function listQuarantinePage(db: Store, { all, before, limit }: QuarantinePage): Promise<readonly Quarantine[]> {
  let query = db.selectFrom("quarantines").selectAll();
  if (!all) query = query.where("releasedAt", "is", null);
  if (before !== undefined) query = query.where("id", "<", before);
  return query.orderBy("id", "desc").limit(limit).execute();
}

/** What happened to a change, and whose change it is. */
export interface MerchantEvent extends ChangeEvent {
  readonly merchant: string;
}

export interface EventPage {
  /** Id of the event behind which to go on. */
  readonly after: number;
  readonly changeId?: string;
  /** Of these merchants only; of all where absent. */
  readonly merchants?: readonly string[];
  readonly limit: number;
}

/** In order of id. */
export function listEventPage(db: Store, page: EventPage): Promise<readonly MerchantEvent[]> {
  const { after, changeId, merchants, limit } = page;
  let query = db
    .selectFrom("changeEvents")
    .innerJoin("changes", "changes.id", "changeEvents.changeId")
    .selectAll("changeEvents")
    .select("changes.merchant")
    .where("changeEvents.id", ">", after);
  if (changeId !== undefined) query = query.where("changeEvents.changeId", "=", changeId);
  if (merchants !== undefined) {
    query = query.where(sql<boolean>`changes.merchant in (select value from json_each(${JSON.stringify(merchants)}))`);
  }
  return query.orderBy("changeEvents.id").limit(limit).execute();
}

/** Id of the newest event of any change; 0 where there is none. */
export async function findLastEvent(db: Store): Promise<number> {
  const row = await db
    .selectFrom("changeEvents")
    .select((one) => one.fn.max("id").as("id"))
    .executeTakeFirst();
  return row?.id ?? 0;
}
