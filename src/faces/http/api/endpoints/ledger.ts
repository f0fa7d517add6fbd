import { Type } from "typebox";
import { listLedger } from "../../../../app/queries/ledger.ts";
import type { Actor } from "../../../../domain/accounts/actor.ts";
import { isAllowed } from "../../../../domain/accounts/rights.ts";
import { parseCursor, toCursor } from "../cursor.ts";
import { type Endpoint, endpoint } from "../endpoint.ts";
import { DEFAULT_PAGE } from "../limits.ts";
import { Hex, Members, PageOf, Paging, Seconds, Text, Whole } from "../schemas.ts";

const READ = { method: "GET", reach: "whole", group: "ledger", status: 200 } as const;
/** Entries that are looked through for one page of those about accounts. */
const MAX_LOOKED = 1_000;
const ABOUT_ACCOUNTS = "account.";

const Entry = Members({
  index: Whole,
  leafHash: Hex,
  at: Seconds,
  kind: Text,
  actor: Text,
  subject: Text,
  digest: Hex,
  detail: Text,
  isWithheld: Type.Boolean({ description: "Who, what and why are for those with `audit.read`" }),
});

type LedgerItem = Awaited<ReturnType<typeof listLedger>>["entries"][number];

export const LEDGER_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    ...{ ...READ, right: "ledger.read", path: "/ledger" },
    summary: "Entries of the ledger, in order",
    query: Members(Paging),
    answer: PageOf(Entry),
    handle: async ({ context }, { actor, query }) => {
      const { from, limit } = toRange("ledger", query);
      const { size, entries } = await listLedger(context.store, from, limit);
      const end = from + entries.length;
      return {
        items: entries.map((entry) => toItem(entry, actor)),
        next: end < size ? toCursor("ledger", [end]) : null,
      };
    },
  }),
  endpoint({
    ...{ ...READ, right: "ledger.read", path: "/ledger/head" },
    summary: "How long the ledger is, and the RFC 9162 tree hash over all of it",
    answer: Members({ size: Whole, root: Hex }),
    handle: async ({ context }) => {
      const { size, root } = await listLedger(context.store, 0, 0);
      return { size, root };
    },
  }),
  endpoint({
    ...{ ...READ, right: "audit.read", path: "/audit" },
    summary: "Entries about accounts: a page may be short or empty while there is a next one",
    query: Members(Paging),
    answer: PageOf(Entry),
    handle: async ({ context }, { actor, query }) => {
      const { from, limit } = toRange("audit", query);
      const { size, entries } = await listLedger(context.store, from, MAX_LOOKED);
      const found = entries.filter(({ kind }) => kind.startsWith(ABOUT_ACCOUNTS)).slice(0, limit);
      const last = found.length < limit ? entries.at(-1) : found.at(-1);
      const end = last === undefined ? from : last.index + 1;
      return { items: found.map((entry) => toItem(entry, actor)), next: end < size ? toCursor("audit", [end]) : null };
    },
  }),
];

function toRange(list: string, { after, limit = DEFAULT_PAGE }: { readonly after?: string; readonly limit?: number }) {
  const [from = 0] = after === undefined ? [] : parseCursor(list, after, ["number"]);
  return { from, limit };
}

/** Where an entry about accounts stands is no secret, and its hash is what others are proven by. */
function toItem(entry: LedgerItem, actor: Actor) {
  const isWithheld = entry.kind.startsWith(ABOUT_ACCOUNTS) && !isAllowed(actor, "audit.read");
  return isWithheld
    ? { ...entry, actor: "", subject: "", digest: "", detail: "", isWithheld }
    : { ...entry, isWithheld };
}
