import type { Insertable } from "kysely";
import type { Tusn } from "../../proto/tusn.ts";
import type { VerdictRow } from "./schema.ts";
import type { Store, Tx } from "./store.ts";

// Verdicts on TUSNs with what they rest on. Nothing here changes or removes a row.

/** A row as it is read. */
export type Selected = Omit<VerdictRow, "id"> & { readonly id: number };

export async function addVerdict(tx: Tx, row: Insertable<VerdictRow>): Promise<void> {
  await tx.insertInto("verdicts").values(row).execute();
}

/** Of one terminal, oldest first. */
export function listVerdicts(db: Store, tusn: Tusn): Promise<readonly Selected[]> {
  return db.selectFrom("verdicts").selectAll().where("tusn", "=", tusn).orderBy("id").execute();
}

/** The newest that rests on an enquiry that a person made and recorded, whatever came of it. */
export function findNewestRecord(db: Store, tusn: Tusn): Promise<Selected | undefined> {
  return (
    db
      .selectFrom("verdicts")
      .selectAll()
      .where("tusn", "=", tusn)
      .where("source", "=", "manual")
      // Only such a row has the number of a case; what stands in a value has its quotes escaped.
      .where("evidence", "like", '%"case":%')
      .orderBy("id", "desc")
      .limit(1)
      .executeTakeFirst()
  );
}
