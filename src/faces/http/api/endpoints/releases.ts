import { Type } from "typebox";
import { MAX_RELEASE_FILE_BYTES } from "../../../../../proto/bounds.ts";
import { toHex } from "../../../../../proto/bytes.ts";
import { DIFFERENCE_CLASSES } from "../../../../../proto/difference.ts";
import { parseTusn } from "../../../../../proto/tusn.ts";
import { parseReleaseId } from "../../../../app/queries/deployments.ts";
import { pageDeployments, pageReleases } from "../../../../app/queries/pages.ts";
import { showRelease } from "../../../../app/queries/releases.ts";
import { parseAct } from "../../../../app/registry/act.ts";
import { orderRollback } from "../../../../app/release/order-rollback.ts";
import { publishRelease } from "../../../../app/release/publish.ts";
import { DEPLOYMENT_STATES } from "../../../../domain/deployment.ts";
import { parseCursor, toPage } from "../cursor.ts";
import { type Endpoint, endpoint, toPerson } from "../endpoint.ts";
import { DEFAULT_PAGE } from "../limits.ts";
import { Because, Hex, Members, OneOf, PageOf, Paging, ReleaseId, Seconds, Text, TusnText, Whole } from "../schemas.ts";
import { Deployment } from "./terminal-schemas.ts";

const group = "releases";
const READ = { method: "GET", right: "releases.read", reach: "whole", group, status: 200 } as const;
const ACT = { method: "POST", right: "releases.publish", reach: "whole", group, status: 200, changes: true } as const;
const params = Members({ id: ReleaseId });
const FILE_TYPES = ["application/octet-stream"];

const LINE = {
  id: Hex,
  purpose: OneOf(DIFFERENCE_CLASSES),
  size: Whole,
  merchant: Text,
  created: Seconds,
  expires: Seconds,
  reason: Text,
  publishedAt: Seconds,
};
const Open = Members({
  id: Text,
  purpose: OneOf(DIFFERENCE_CLASSES),
  merchant: Text,
  size: Whole,
  reason: Text,
  created: Seconds,
  expires: Seconds,
  bytes: Whole,
  signedBy: Type.Array(Text),
  missing: Type.Array(Text),
  recipients: Whole,
  sealed: Whole,
});

export const RELEASE_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    ...{ ...READ, path: "/releases" },
    summary: "Published releases, the newest first",
    query: Members(Paging),
    answer: PageOf(Members(LINE)),
    handle: async ({ context }, { query }) => {
      const { after, limit = DEFAULT_PAGE } = query;
      const key = after === undefined ? undefined : parseCursor("releases", after, ["number", parseReleaseId]);
      const rows = await pageReleases(context.store, {
        limit: limit + 1,
        ...(key === undefined ? {} : { after: { publishedAt: key[0], id: key[1] } }),
      });
      return toPage(
        "releases",
        rows,
        limit,
        ({ publishedAt, id }) => [publishedAt, toHex(id)],
        (row) => row,
      );
    },
  }),
  endpoint({
    ...{ ...READ, path: "/releases/{id}", params },
    summary: "A published release, and how far its deployments have come",
    answer: Members({
      ...LINE,
      root: Hex,
      keyIds: Type.Array(Hex),
      states: Members(Object.fromEntries(DEPLOYMENT_STATES.map((state) => [state, Type.Optional(Whole)]))),
    }),
    handle: ({ context }, { params }) => showRelease(context.store, params.id),
  }),
  endpoint({
    ...{ ...ACT, path: "/releases/{id}/publish", params },
    summary: "Publish a release from the desk that approvers have signed",
    answer: Members({
      ...{ releaseId: Hex, deployments: Whole, reserved: Whole, superseded: Whole, already: Type.Boolean() },
      skipped: Type.Array(Members({ tusn: Text, code: Text })),
    }),
    handle: async ({ context, tools }, { actor, params }) => {
      const file = await tools.desk.read(Buffer.from(params.id, "hex"));
      return publishRelease(context, file, tools.policy(), toPerson(actor));
    },
  }),
  endpoint({
    ...{ ...ACT, path: "/releases/{id}/rollback", params, body: Because },
    summary: "Order the ways back that were approved together with a release",
    answer: Members({ ordered: Whole, left: Type.Array(Members({ tusn: Text, reason: Text })) }),
    handle: ({ context, tools }, { actor, params, body }) => {
      const { reason } = parseAct(body.reason, actor.name);
      const order = { releaseId: Buffer.from(params.id, "hex"), reason: `${reason} (${actor.name})` };
      return orderRollback(context, order, tools.policy());
    },
  }),
  endpoint({
    ...{ ...READ, path: "/desk" },
    summary: "Releases that wait for signatures, the oldest first",
    answer: PageOf(Open),
    handle: async ({ tools }) => ({ items: await tools.desk.list(), next: null }),
  }),
  endpoint({
    ...{ ...ACT, right: "releases.build", path: "/desk", status: 201 },
    summary: "Put a release file on the desk, or add the signatures of another copy of it",
    bytes: { types: FILE_TYPES, maxBytes: MAX_RELEASE_FILE_BYTES },
    answer: Open,
    handle: ({ tools }, { actor, bytes }) => tools.desk.submit(bytes, toPerson(actor)),
  }),
  endpoint({
    ...{ ...READ, path: "/deployments" },
    summary: "Deployments, in order of TUSN, of each terminal the newest first",
    query: Members({
      ...Paging,
      tusn: Type.Optional(TusnText),
      release: Type.Optional(ReleaseId),
      state: Type.Optional(OneOf(DEPLOYMENT_STATES)),
    }),
    answer: PageOf(Deployment),
    handle: async ({ context }, { query }) => {
      const { after, limit = DEFAULT_PAGE, tusn, release, state } = query;
      const key = after === undefined ? undefined : parseCursor("deployments", after, [parseTusn, "number"]);
      const rows = await pageDeployments(context.store, {
        limit: limit + 1,
        ...(tusn === undefined ? {} : { tusn: parseTusn(tusn) }),
        ...(release === undefined ? {} : { releaseId: Buffer.from(release, "hex") }),
        ...(state === undefined ? {} : { state }),
        ...(key === undefined ? {} : { after: { tusn: key[0], sequence: key[1] } }),
      });
      return toPage(
        "deployments",
        rows,
        limit,
        (row) => [row.tusn, row.sequence],
        (row) => row,
      );
    },
  }),
];
