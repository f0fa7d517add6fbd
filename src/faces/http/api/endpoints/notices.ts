import { Type } from "typebox";
import { TillsyncError } from "../../../../../proto/errors.ts";
import { retryNotice } from "../../../../app/notices/retry.ts";
import { parseAct } from "../../../../app/registry/act.ts";
import { type Actor, isInScope } from "../../../../domain/accounts/actor.ts";
import { AUDIENCES, NOTICE_CHANNELS, TOLD_EVENTS } from "../../../../domain/notices/plan.ts";
import { findChange } from "../../../../store/changes.ts";
import { findNotice, listUndelivered, type StoredNotice } from "../../../../store/notices.ts";
import { parseCursor, toPage } from "../cursor.ts";
import { type Endpoint, endpoint, type Services, toPerson } from "../endpoint.ts";
import { DEFAULT_PAGE } from "../limits.ts";
import { Because, ChangeId, Members, Nullable, OneOf, PageOf, Paging, Seconds, Text, Whole } from "../schemas.ts";
import { toMerchants } from "../scope.ts";

const group = "notices";

const Notice = Members({
  id: Whole,
  change: Text,
  event: OneOf(TOLD_EVENTS),
  channel: OneOf(NOTICE_CHANNELS),
  audience: OneOf(AUDIENCES),
  recipient: Text,
  attempts: Whole,
  dueAt: Nullable(Seconds),
  code: Text,
  createdAt: Seconds,
});

export const NOTICE_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    ...{ method: "GET", path: "/notices", right: "notices.read", reach: "scoped", group, status: 200 },
    summary: "Notices that were given up, the newest first",
    query: Members({ ...Paging, change: Type.Optional(ChangeId) }),
    answer: PageOf(Notice),
    handle: async ({ context }, { actor, query }) => {
      const { after, limit = DEFAULT_PAGE, change } = query;
      const [before] = after === undefined ? [] : parseCursor("notices", after, ["number"]);
      const merchants = toMerchants(actor);
      const rows = await listUndelivered(context.store, {
        limit: limit + 1,
        ...(change === undefined ? {} : { changeId: change }),
        ...(merchants === undefined ? {} : { merchants: [...merchants] }),
        ...(before === undefined ? {} : { before }),
      });
      return toPage("notices", rows, limit, ({ id }) => [id], toAnswer);
    },
  }),
  endpoint({
    ...{ method: "POST", path: "/notices/{id}/retry", right: "notices.write", reach: "scoped", group, status: 200 },
    ...{ changes: true, body: Because },
    summary: "Send a notice again that was given up",
    params: Members({ id: Type.String({ pattern: "^[1-9][0-9]{0,14}$" }) }),
    answer: Notice,
    handle: async (services, { actor, params, body }) => {
      const id = await verifyNotice(services, actor, Number(params.id));
      return toAnswer(await retryNotice(services.context, id, parseAct(body.reason, toPerson(actor))));
    },
  }),
];

/** @throws TillsyncError NOT_FOUND */
async function verifyNotice({ context }: Services, actor: Actor, id: number): Promise<number> {
  const notice = await findNotice(context.store, id);
  const change = notice === undefined ? undefined : await findChange(context.store, notice.changeId);
  if (change === undefined || !isInScope(actor, change.merchant)) throw new TillsyncError("NOT_FOUND", { notice: id });
  return id;
}

function toAnswer({ changeId, ...notice }: StoredNotice) {
  return { ...notice, change: changeId };
}
