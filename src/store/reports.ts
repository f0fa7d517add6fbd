import type { Tusn } from "../../proto/tusn.ts";
import type { ReportRow } from "./schema.ts";
import { inChunks, type Store, type Tx } from "./store.ts";

// Reports in their signed bytes, each stored once.

/** A report's name: the terminal and its device counter. */
export type ReportKey = Pick<ReportRow, "tusn" | "counter">;

/** Digests of those that are stored under one of the keys, and when they came. */
export function findReportDigests(
  db: Store,
  keys: readonly ReportKey[],
): Promise<readonly Pick<ReportRow, "tusn" | "counter" | "digest" | "receivedAt">[]> {
  return inChunks(keys, (chunk) =>
    db
      .selectFrom("reports")
      .select(["tusn", "counter", "digest", "receivedAt"])
      .where((row) =>
        row(
          row.refTuple("tusn", "counter"),
          "in",
          chunk.map(({ tusn, counter }) => row.tuple(tusn, counter)),
        ),
      )
      .execute(),
  );
}

export async function addReports(tx: Tx, rows: readonly ReportRow[]): Promise<void> {
  await inChunks(rows, (chunk) => tx.insertInto("reports").values(chunk).execute());
}

/** Everything a terminal reported, in order of its counter. */
export function listReports(db: Store, tusn: Tusn): Promise<readonly ReportRow[]> {
  return db.selectFrom("reports").selectAll().where("tusn", "=", tusn).orderBy("counter").execute();
}

/** What these terminals reported about these directives, in order of their counters. @param directives digests in hexadecimal */
export async function findReportsAbout(
  db: Store,
  tusns: readonly Tusn[],
  directives: ReadonlySet<string>,
): Promise<readonly ReportRow[]> {
  const rows = await inChunks(tusns, (chunk) =>
    db.selectFrom("reports").selectAll().where("tusn", "in", chunk).orderBy("counter").execute(),
  );
  return rows.filter(({ directiveDigest }) => directives.has(Buffer.from(directiveDigest).toString("hex")));
}
