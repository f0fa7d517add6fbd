import { sql } from "kysely";
import { toHex } from "../../proto/bytes.ts";
import type { Endpoint } from "../../src/faces/http/api/endpoint.ts";
import type { Store } from "../../src/store/store.ts";
import { MERCHANT, TUSN_0 } from "./fleet-store.ts";

const SAMPLES: Readonly<Record<string, string>> = {
  ...{ tusn: TUSN_0, number: MERCHANT, digest: "ab".repeat(32), task: "update_contact", serial: "SN1" },
  ...{ acquirer: "*", model: "*", version: "1", name: "nobody", step: "sign-in", digits: "622848" },
};

/** A path of the row with something in the place of each parameter; `change` names a change. */
export function toSamplePath({ path }: Pick<Endpoint, "path">, change: string): string {
  const id = path.startsWith("/changes") ? change : "ab".repeat(16);
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent({ ...SAMPLES, id }[name] ?? ""));
}

/** Whether the row is about one thing of a merchant. */
export function isOfMerchant({ reach, path }: Pick<Endpoint, "reach" | "path">): boolean {
  return reach === "scoped" && path.includes("{");
}

/** All that the database holds, but for when somebody was heard of last. */
export async function dump(store: Store): Promise<string> {
  const { rows } = await sql<{ name: string }>`
    select name from sqlite_master where type = 'table' and name not like 'sqlite%' order by name`.execute(store);
  const tables: Record<string, unknown> = {};
  for (const { name } of rows.filter(({ name }) => name !== "sessions")) {
    tables[name] = (await sql`select * from ${sql.table(name)}`.execute(store)).rows;
  }
  return JSON.stringify(tables, (_key, value) => (Buffer.isBuffer(value) ? toHex(value) : value));
}
