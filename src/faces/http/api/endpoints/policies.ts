import { Type } from "typebox";
import { TillsyncError } from "../../../../../proto/errors.ts";
import { listLoadedPacks, loadPack } from "../../../../app/changes/packs.ts";
import { toPackName } from "../../../../domain/changes/pack.ts";
import { MAX_PACK_CHARACTERS } from "../../../../domain/changes/parse-pack.ts";
import { parseCursor, toPage } from "../cursor.ts";
import { type Endpoint, endpoint } from "../endpoint.ts";
import { parseJsonBody } from "../json-body.ts";
import { DEFAULT_PAGE } from "../limits.ts";
import { Members, PageOf, Paging, Seconds, Text, Whole } from "../schemas.ts";

const group = "policies";
const READ = { method: "GET", right: "policies.read", reach: "whole", group, status: 200 } as const;
const LINE = { name: Text, acquirer: Text, model: Text, version: Whole, loadedAt: Seconds, loadedBy: Text };
const UTF8_BYTES = 4;

export const POLICY_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    ...{ ...READ, path: "/policies" },
    summary: "Policy packs of all versions, in the order in which they were loaded",
    query: Members(Paging),
    answer: PageOf(Members(LINE)),
    handle: async ({ context }, { query }) => {
      const { after, limit = DEFAULT_PAGE } = query;
      const [done = 0] = after === undefined ? [] : parseCursor("policies", after, ["number"]);
      // Packs are only ever added, each with a higher version: where they stand in time is their place in the list.
      const packs = (await listLoadedPacks(context.store)).toSorted((a, b) => a.loadedAt - b.loadedAt);
      const rows = packs.slice(done, done + limit + 1).map((row, n) => ({ row, place: done + n + 1 }));
      return toPage(
        "policies",
        rows,
        limit,
        ({ place }) => [place],
        ({ row }) => toLine(row),
      );
    },
  }),
  endpoint({
    ...{ ...READ, path: "/policies/{acquirer}/{model}/{version}" },
    summary: "A policy pack",
    params: Members({
      acquirer: Type.String({ pattern: "^([0-9]{8,11}|[*])$" }),
      model: Type.String({ minLength: 1, maxLength: 60 }),
      version: Type.String({ pattern: "^[1-9][0-9]{0,6}$" }),
    }),
    answer: Members({ ...LINE, pack: Type.Unsafe<object>({ type: "object", additionalProperties: true }) }),
    handle: async ({ context }, { params }) => {
      const name = `${params.acquirer}/${params.model}@${params.version}`;
      const found = (await listLoadedPacks(context.store)).find((loaded) => loaded.name === name);
      if (found === undefined) throw new TillsyncError("NOT_FOUND", { what: "policy pack" });
      return { ...toLine(found), pack: found.pack };
    },
  }),
  endpoint({
    ...{ method: "POST", path: "/policies", right: "policies.write", reach: "whole", group, status: 201 },
    changes: true,
    summary: "Take a policy pack into force; the file is kept as it comes",
    bytes: { types: ["application/json"], maxBytes: UTF8_BYTES * MAX_PACK_CHARACTERS },
    answer: Members({ name: Text, acquirer: Text, model: Text, version: Whole }),
    handle: async ({ context }, { actor, bytes }) => {
      parseJsonBody(bytes);
      const pack = await loadPack(context, Buffer.from(bytes).toString("utf8"), actor.name);
      const { acquirer, model, version } = pack;
      return { name: toPackName(pack), acquirer, model, version };
    },
  }),
];

function toLine({ name, pack, loadedAt, loadedBy }: Awaited<ReturnType<typeof listLoadedPacks>>[number]) {
  const { acquirer, model, version } = pack;
  return { name, acquirer, model, version, loadedAt, loadedBy };
}
