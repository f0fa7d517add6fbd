import { sql } from "kysely";
import { MAX_UINT32 } from "../../proto/bounds.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { DEPLOYMENT_STATES, type DeploymentState, isHeldBack } from "../domain/deployment.ts";
import type { DeploymentRow } from "./schema.ts";
import { inChunks, type Store, type Tx } from "./store.ts";

/** What changes about a deployment. */
export type DeploymentProgress = Pick<DeploymentRow, "tusn" | "sequence" | "state" | "code" | "detail" | "updatedAt">;

/** A way back that can be ordered, and what became of the change that it leads back from. */
export interface ReserveRow extends DeploymentRow {
  readonly changeState: DeploymentState;
}

const HELD_BACK = DEPLOYMENT_STATES.filter(isHeldBack);

export interface DeploymentFilter {
  readonly tusn?: Tusn;
  readonly releaseId?: Uint8Array;
  readonly state?: DeploymentState;
  readonly limit: number;
}

export async function addDeployments(tx: Tx, rows: readonly DeploymentRow[]): Promise<void> {
  await inChunks(rows, (chunk) => tx.insertInto("deployments").values(chunk).execute());
}

export function findByDirectives(db: Store, digests: readonly Uint8Array[]): Promise<readonly DeploymentRow[]> {
  return inChunks(digests, (chunk) =>
    db.selectFrom("deployments").selectAll().where("directiveDigest", "in", chunk).execute(),
  );
}

/** The deployments of these terminals that are in one of the states. */
export function findInStates(
  db: Store,
  tusns: readonly Tusn[],
  states: readonly DeploymentState[],
): Promise<readonly DeploymentRow[]> {
  return inChunks(tusns, (chunk) =>
    db.selectFrom("deployments").selectAll().where("tusn", "in", chunk).where("state", "in", states).execute(),
  );
}

/** Those in one of the states whose time to be accepted ended before `now`, at most `limit`. */
export function findLapsed(
  db: Store,
  states: readonly DeploymentState[],
  now: number,
  limit: number,
): Promise<readonly DeploymentRow[]> {
  return (
    db
      .selectFrom("deployments")
      .selectAll()
      .where("state", "in", states)
      .where("notAfter", "<", now)
      // A row with another one was edited: it is never sent, and could not be found again to be closed.
      .where("sequence", "<=", MAX_UINT32)
      .limit(limit)
      .execute()
  );
}

/** Those that changed last first; of one terminal those with the highest sequence first. */
export function listDeployments(db: Store, filter: DeploymentFilter): Promise<readonly DeploymentRow[]> {
  const { tusn, releaseId, state, limit } = filter;
  return db
    .selectFrom("deployments")
    .selectAll()
    .$if(tusn !== undefined, (query) => query.where("tusn", "=", tusn as Tusn))
    .$if(releaseId !== undefined, (query) => query.where("releaseId", "=", releaseId as Uint8Array))
    .$if(state !== undefined, (query) => query.where("state", "=", state as DeploymentState))
    .$if(tusn === undefined, (query) => query.orderBy("updatedAt", "desc"))
    .orderBy("tusn")
    .orderBy("sequence", "desc")
    .limit(limit)
    .execute();
}

/** The deployment with the highest sequence of each terminal that has any, ways back that nobody ordered left aside. */
export function findNewest(db: Store, tusns: readonly Tusn[]): Promise<readonly DeploymentRow[]> {
  return inChunks(tusns, (chunk) =>
    db
      .selectFrom("deployments")
      .innerJoin(
        (query) =>
          query
            .selectFrom("deployments")
            .select((row) => ["tusn", row.fn.max("sequence").as("sequence")])
            .where("tusn", "in", chunk)
            .where("state", "not in", HELD_BACK)
            .groupBy("tusn")
            .as("newest"),
        (join) =>
          join.onRef("newest.tusn", "=", "deployments.tusn").onRef("newest.sequence", "=", "deployments.sequence"),
      )
      .selectAll("deployments")
      .execute(),
  );
}

/** How many deployments of a release are in which state. */
export function countStates(
  db: Store,
  releaseId: Uint8Array,
): Promise<readonly { readonly state: DeploymentState; readonly count: number }[]> {
  return db
    .selectFrom("deployments")
    .select((row) => ["state", row.fn.countAll<number>().as("count")])
    .where("releaseId", "=", releaseId)
    .groupBy("state")
    .execute();
}

/** A release's ways back that can still be ordered. */
export function findReserves(db: Store, releaseId: Uint8Array): Promise<readonly ReserveRow[]> {
  return db
    .selectFrom("deployments")
    .innerJoin("deployments as change", (join) =>
      join
        .onRef("change.tusn", "=", "deployments.tusn")
        .onRef("change.releaseId", "=", "deployments.releaseId")
        .on("change.sequence", "=", sql<number>`deployments.sequence - 1`),
    )
    .selectAll("deployments")
    .select("change.state as changeState")
    .where("deployments.releaseId", "=", releaseId)
    .where("deployments.state", "=", "reserved")
    .orderBy("deployments.tusn")
    .execute();
}

/** A release's changes that were committed, without the ways back that it may hold beside them. */
export function listCommitted(db: Store, releaseId: Uint8Array): Promise<readonly DeploymentRow[]> {
  return db
    .selectFrom("deployments")
    .innerJoin(
      (query) =>
        query
          .selectFrom("deployments")
          .select((row) => ["tusn", row.fn.min("sequence").as("sequence")])
          .where("releaseId", "=", releaseId)
          .groupBy("tusn")
          .as("change"),
      (join) =>
        join.onRef("change.tusn", "=", "deployments.tusn").onRef("change.sequence", "=", "deployments.sequence"),
    )
    .selectAll("deployments")
    .where("state", "=", "committed")
    .orderBy("deployments.tusn")
    .execute();
}

/** Notes by which ledger entry directives were ordered. */
export async function setOrders(
  tx: Tx,
  rows: readonly Pick<DeploymentRow, "tusn" | "sequence" | "orderIndex">[],
): Promise<void> {
  await inChunks(rows, async (chunk) => {
    const values = chunk.map((row) => sql`(${row.tusn}, ${row.sequence}, ${row.orderIndex})`);
    await sql`
      update deployments set order_index = news.column3
      from (values ${sql.join(values)}) as news
      where deployments.tusn = news.column1 and deployments.sequence = news.column2`.execute(tx);
    return [];
  });
}

/** Writes where deployments have got to, many in one statement. */
export async function setProgress(tx: Tx, rows: readonly DeploymentProgress[]): Promise<void> {
  await inChunks(rows, async (chunk) => {
    const values = chunk.map(
      (row) => sql`(${row.tusn}, ${row.sequence}, ${row.state}, ${row.code}, ${row.detail}, ${row.updatedAt})`,
    );
    await sql`
      update deployments
      set state = news.column3, code = news.column4, detail = news.column5, updated_at = news.column6
      from (values ${sql.join(values)}) as news
      where deployments.tusn = news.column1 and deployments.sequence = news.column2`.execute(tx);
    return [];
  });
}
