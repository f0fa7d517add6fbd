import { Type } from "typebox";
import { TillsyncError } from "../../../../../proto/errors.ts";
import { findChannel, toChannel } from "../../../../app/acquirers/manual/channel.ts";
import { listChecklist, tickStep } from "../../../../app/acquirers/manual/tick.ts";
import { type Act, parseAct } from "../../../../app/registry/act.ts";
import { type Actor, isInScope } from "../../../../domain/accounts/actor.ts";
import { ORDER_STATES } from "../../../../domain/acquirers/order.ts";
import { findOrder } from "../../../../store/acquirer-orders.ts";
import type { AcquirerOrderRow } from "../../../../store/acquirers-schema.ts";
import { listOrderPage } from "../../../../store/order-page.ts";
import { parseCursor, toPage } from "../cursor.ts";
import { type Endpoint, endpoint, type Services, toPerson } from "../endpoint.ts";
import { DEFAULT_PAGE } from "../limits.ts";
import { Because, ChangeId, Members, MerchantNumber, OneOf, PageOf, Paging, RequestNumber } from "../schemas.ts";
import { toMerchants, verifyMerchant } from "../scope.ts";
import { MAX_STEP_BYTES, Order, OrderInFull, parseBase64, StepBody, toOrderAnswer } from "./order-schemas.ts";

const group = "acquirers";
const READ = { method: "GET", right: "changes.read", reach: "scoped", group, status: 200 } as const;
const ACT = { method: "POST", right: "changes.release", reach: "scoped", group, status: 200, changes: true } as const;
/** A key may be the first person's own, and nobody knows who saw what: what people do and see is told by themselves. */
const BY_PERSON = { byPerson: true } as const;
const ID = { id: RequestNumber };
const params = Members(ID);
const MAX_STEP = 32;

type Verb = "resume" | "confirm" | "give-up";

const VERBS: Readonly<Record<Verb, string>> = {
  resume: "Ask about an order now, and send it once more if need be",
  confirm: "Take an order as carried out: somebody saw the account on the acquirer's record himself",
  "give-up": "End an order: the acquirer's record shows something else, and that is to stay so",
};

export const ORDER_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    ...{ ...READ, path: "/orders" },
    summary: "Orders to acquirers, the newest first",
    query: Members({
      ...Paging,
      merchant: Type.Optional(MerchantNumber),
      change: Type.Optional(ChangeId),
      state: Type.Optional(OneOf(ORDER_STATES)),
    }),
    answer: PageOf(Order),
    handle: async ({ context }, { actor, query }) => {
      const { after, limit = DEFAULT_PAGE, merchant, ...filter } = query;
      const key = after === undefined ? undefined : parseCursor("orders", after, ["number", "string"]);
      const merchants = merchant === undefined ? toMerchants(actor) : [verifyMerchant(actor, merchant)];
      const rows = await listOrderPage(context.store, {
        ...{ ...filter, limit: limit + 1 },
        ...(merchants === undefined ? {} : { merchants: [...merchants] }),
        ...(key === undefined ? {} : { after: { createdAt: key[0], requestNo: key[1] } }),
      });
      return toPage(
        "orders",
        rows,
        limit,
        ({ createdAt, requestNo }) => [createdAt, requestNo],
        (row) => row,
      );
    },
  }),
  endpoint({
    ...{ ...READ, path: "/orders/{id}", params },
    summary: "An order: what it asks for, what the acquirer's record showed, and the steps that people take",
    answer: OrderInFull,
    handle: async (services, { actor, params }) =>
      toFullAnswer(services, await readOwnOrder(services, actor, params.id)),
  }),
  ...(["resume", "confirm", "give-up"] as const).map((verb) =>
    endpoint({
      ...{ ...ACT, path: `/orders/{id}/${verb}`, params, body: Because, ...BY_PERSON },
      summary: VERBS[verb],
      answer: Order,
      handle: async (services, { actor, params, body }) => {
        const { requestNo } = await readOwnOrder(services, actor, params.id);
        await decide(services, verb, requestNo, parseAct(body.reason, toPerson(actor)));
        return readOwnOrder(services, actor, requestNo);
      },
    }),
  ),
  endpoint({
    ...{ ...ACT, ...BY_PERSON, path: "/orders/{id}/steps/{step}" },
    summary: "Take a step of an order's checklist as done, with its evidence where there is some",
    params: Members({ ...ID, step: Type.String({ maxLength: MAX_STEP, description: "`refused` where it will not" }) }),
    ...{ body: StepBody, maxBytes: MAX_STEP_BYTES, answer: OrderInFull },
    handle: async (services, { actor, params, body }) => {
      const order = await readOwnOrder(services, actor, params.id);
      const act = parseAct(body.reason, toPerson(actor));
      const { note = "" } = body;
      const evidence = body.evidence === undefined ? {} : { evidence: parseBase64(body.evidence, "evidence") };
      const tick = { requestNo: order.requestNo, step: params.step, note, ...evidence };
      const channel = toChannel(services.acquiring.settings, order.acquirer);
      await tickStep(services.context, { folder: services.dataFolder, channel }, tick, act);
      return toFullAnswer(services, await readOwnOrder(services, actor, order.requestNo));
    },
  }),
];

function decide({ acquiring }: Services, verb: Verb, requestNo: string, act: Act): Promise<void> {
  switch (verb) {
    case "resume":
      return acquiring.orders.resume(requestNo, act);
    case "confirm":
      return acquiring.orders.judge(requestNo, true, act);
    case "give-up":
      return acquiring.orders.judge(requestNo, false, act);
  }
}

/** @throws TillsyncError NOT_FOUND */
async function readOwnOrder({ context }: Services, actor: Actor, requestNo: string): Promise<AcquirerOrderRow> {
  const row = await findOrder(context.store, requestNo);
  if (row === undefined || !isInScope(actor, row.merchant)) throw new TillsyncError("NOT_FOUND", { order: requestNo });
  return row;
}

async function toFullAnswer(services: Services, row: AcquirerOrderRow) {
  const channel = findChannel(services.acquiring.settings, row.acquirer);
  return toOrderAnswer(row, channel === undefined ? [] : await listChecklist(services.context, channel, row.requestNo));
}
