import type { Insertable } from "kysely";
import type { Tusn } from "../../proto/tusn.ts";
import type { QuarantineRow } from "./schema.ts";
import { inChunks, type Store, type Tx } from "./store.ts";

// Terminals of which there may be two. A terminal has one open quarantine at most.

/** A row as it is read. */
export type Quarantine = Omit<QuarantineRow, "id"> & { readonly id: number };

export async function addQuarantine(tx: Tx, row: Insertable<QuarantineRow>): Promise<void> {
  await tx.insertInto("quarantines").values(row).execute();
}

/** Those of the terminals that are in quarantine. */
export async function findQuarantined(db: Store, tusns: readonly Tusn[]): Promise<readonly Tusn[]> {
  const rows = await inChunks(tusns, (chunk) =>
    db.selectFrom("quarantines").select("tusn").where("tusn", "in", chunk).where("releasedAt", "is", null).execute(),
  );
  return rows.map(({ tusn }) => tusn);
}

/** All of one terminal, newest first. */
export function listQuarantinesOf(db: Store, tusn: Tusn): Promise<readonly Quarantine[]> {
  return db.selectFrom("quarantines").selectAll().where("tusn", "=", tusn).orderBy("id", "desc").execute();
}

/** Newest first; only those that are open, unless all are asked for. */
export function listQuarantines(db: Store, { all, limit }: QuarantineQuery): Promise<readonly Quarantine[]> {
  const rows = db.selectFrom("quarantines").selectAll().orderBy("id", "desc").limit(limit);
  return (all ? rows : rows.where("releasedAt", "is", null)).execute();
}

export interface QuarantineQuery {
  readonly all: boolean;
  readonly limit: number;
}

export type QuarantineRelease = Pick<QuarantineRow, "releasedAt" | "releasedBy" | "reason">;

export async function endQuarantine(tx: Tx, id: number, release: QuarantineRelease): Promise<void> {
  await tx.updateTable("quarantines").set(release).where("id", "=", id).execute();
}
