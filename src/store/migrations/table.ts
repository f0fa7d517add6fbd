import { type Kysely, sql } from "kysely";

/** Strict, so that no edit puts a value of another type into a column. */
export function createTable(db: Kysely<unknown>, name: string) {
  return db.schema.createTable(name).modifyEnd(sql`strict`);
}
