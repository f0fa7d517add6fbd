import { sql } from "kysely";
import { MAX_UINT32 } from "../../proto/bounds.ts";
import { TillsyncError } from "../../proto/errors.ts";
import type { DeploymentRow } from "./schema.ts";
import type { Store, Tx } from "./store.ts";

// What a database that was put back holds that has to be closed, or looked after by people.

/** Directives that nobody has taken yet, at most `limit`. */
export function findWaiting(tx: Tx, limit: number): Promise<readonly DeploymentRow[]> {
  return (
    tx
      .selectFrom("deployments")
      .selectAll()
      .where("state", "in", ["pending", "sent"])
      // A row with another one was edited: it is never sent, and could not be found again to be closed.
      .where("sequence", "<=", MAX_UINT32)
      .limit(limit)
      .execute()
  );
}

/** @returns how many there were */
export async function endSessions(tx: Tx): Promise<number> {
  const ended = await tx.deleteFrom("sessions").executeTakeFirst();
  return Number(ended.numDeletedRows);
}

/** Closes what terminals were asked, or were to prove themselves by when they enrol. @returns how many were open */
export async function endChallenges(tx: Tx): Promise<number> {
  const proofs = await tx
    .updateTable("proofs")
    .set({ challenge: null, factor: "", expiresAt: null })
    .where("challenge", "is not", null)
    .executeTakeFirst();
  const enrolments = await tx
    .updateTable("enrolments")
    .set({ factor: "", factorExpiresAt: null })
    .where("factor", "!=", "")
    .executeTakeFirst();
  return Number(proofs.numUpdatedRows) + Number(enrolments.numUpdatedRows);
}

/** How much there is of what may have been revoked, closed or ended since the backup. */
export interface StandingCounts {
  /** Directives that nobody has taken yet. */
  readonly waiting: number;
  readonly certificates: number;
  readonly accounts: number;
  readonly apiKeys: number;
  readonly auditors: number;
  readonly quarantines: number;
}

/** `now` in seconds. */
export async function countStanding(db: Store, now: number): Promise<StandingCounts> {
  const { rows } = await sql<StandingCounts>`
    select
      (select count(*) from deployments where state in ('pending', 'sent')) as waiting,
      (select count(*) from certificates where revoked_at is null and not_after >= ${now}) as certificates,
      (select count(*) from accounts where state = 'active') as accounts,
      (select count(*) from api_keys where revoked_at is null and expires_at >= ${now}) as api_keys,
      (select count(*) from auditors where revoked_at is null) as auditors,
      (select count(*) from quarantines where released_at is null) as quarantines`.execute(db);
  const [counts] = rows;
  if (counts === undefined) throw new TillsyncError("STORE_FAILED", { expected: "counts" });
  return counts;
}
