import { sql } from "kysely";
import { toHex } from "../../proto/bytes.ts";
import type { LakalaSettings } from "../../src/app/acquirers/settings.ts";
import type { Endpoint } from "../../src/faces/http/api/endpoint.ts";
import type { Store } from "../../src/store/store.ts";
import { MERCHANT, TUSN_0 } from "./fleet-store.ts";

const SAMPLES: Readonly<Record<string, string>> = {
  ...{ tusn: TUSN_0, number: MERCHANT, digest: "ab".repeat(32), task: "update_contact", serial: "SN1" },
  ...{ acquirer: "*", model: "*", version: "1", name: "nobody", step: "sign-in", digits: "622848" },
};

/** What a query has to say, by the names of its members. */
const QUERIES: Readonly<Record<string, string>> = {
  ...{ request: "CHG00000001", kind: "licence", name: "x", reason: "why" },
};

/** An acquirer that takes whole requests sealed; nobody is there. */
export const LAKALA: LakalaSettings = {
  ...{ adapter: "lakala", code: "L1", url: "https://lakala.example", appid: "OP1", serial: "S1" },
  ...{ keyFile: "/lakala.pem", platformKeys: {}, merchants: { [MERCHANT]: "82239105812107X" } },
  ...{ organisation: "ORG1", member: "merCupNo", callback: "https://tillsync.example/x", settlePeriod: "T1" },
  paths: { change: "/change", follow: "/follow", account: "", terminal: "", bind: "", unbind: "" },
};

/**
 * A path of the row with something in the place of each parameter, and whatever its query has to say; `change` names a
 * change.
 */
export function toSamplePath({ path, query }: Pick<Endpoint, "path" | "query">, change: string): string {
  const id = path.startsWith("/changes") ? change : "ab".repeat(16);
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent({ ...SAMPLES, id }[name] ?? ""));
  const { required = [] } = (query ?? {}) as { readonly required?: readonly string[] };
  const said = required.map((name): [string, string] => [name, QUERIES[name] ?? ""]);
  return required.length === 0 ? filled : `${filled}?${new URLSearchParams(said)}`;
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
