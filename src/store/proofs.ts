import type { Tusn } from "../../proto/tusn.ts";
import type { ProofRow } from "./schema.ts";
import { inChunks, type Store, type Tx } from "./store.ts";

// When terminals are to prove their TUSNs, and the challenges that are open.

export function findProofs(db: Store, tusns: readonly Tusn[]): Promise<readonly ProofRow[]> {
  return inChunks(tusns, (chunk) => db.selectFrom("proofs").selectAll().where("tusn", "in", chunk).execute());
}

/** Those of these terminals that are to be asked by now, the longest due first. */
export function findDueProofs(
  db: Store,
  tusns: readonly Tusn[],
  now: number,
  limit: number,
): Promise<readonly ProofRow[]> {
  return db
    .selectFrom("proofs")
    .selectAll()
    .where("tusn", "in", tusns)
    .where("dueAt", "<=", now)
    .where("lockedAt", "is", null)
    .orderBy("dueAt")
    .limit(limit)
    .execute();
}

/** Adds rows; those that are there already are replaced. */
export async function putProofs(tx: Tx, rows: readonly ProofRow[]): Promise<void> {
  await inChunks(rows, (chunk) =>
    tx
      .insertInto("proofs")
      .values(chunk)
      .onConflict((conflict) =>
        conflict.column("tusn").doUpdateSet((row) => ({
          dueAt: row.ref("excluded.dueAt"),
          why: row.ref("excluded.why"),
          challenge: row.ref("excluded.challenge"),
          factor: row.ref("excluded.factor"),
          expiresAt: row.ref("excluded.expiresAt"),
          failures: row.ref("excluded.failures"),
          tries: row.ref("excluded.tries"),
          code: row.ref("excluded.code"),
          lockedAt: row.ref("excluded.lockedAt"),
        })),
      )
      .execute(),
  );
}

export interface ProofFilter {
  /** Only those that a person has to unlock. */
  readonly locked?: boolean;
  /** Only those that are to be asked by then, in seconds. */
  readonly dueBy?: number;
  readonly limit: number;
}

/** What is due first comes first; what nobody asks any more comes last. */
export function listProofs(db: Store, { locked = false, dueBy, limit }: ProofFilter): Promise<readonly ProofRow[]> {
  return db
    .selectFrom("proofs")
    .selectAll()
    .$if(locked, (query) => query.where("lockedAt", "is not", null))
    .$if(dueBy !== undefined, (query) => query.where("dueAt", "<=", dueBy as number).where("lockedAt", "is", null))
    .orderBy((row) => row("dueAt", "is", null))
    .orderBy("dueAt")
    .orderBy("tusn")
    .limit(limit)
    .execute();
}
