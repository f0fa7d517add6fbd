import { Type } from "typebox";
import { TillsyncError } from "../../../../../proto/errors.ts";
import { showQuarantines } from "../../../../app/admission/list-quarantines.ts";
import { releaseQuarantine } from "../../../../app/admission/quarantine.ts";
import { revokeTerminal } from "../../../../app/admission/revoke.ts";
import { demandProof } from "../../../../app/proof/demand.ts";
import { findLegacyTerminal, listLegacy } from "../../../../app/queries/legacy.ts";
import { pageQuarantines } from "../../../../app/queries/pages.ts";
import { listTerminals, showTerminal } from "../../../../app/queries/terminals.ts";
import { parseAct } from "../../../../app/registry/act.ts";
import { changeLife, LIFE_CHANGES, type LifeChange } from "../../../../app/registry/change-life.ts";
import { replaceTerminal } from "../../../../app/registry/replace.ts";
import { type Actor, isInScope } from "../../../../domain/accounts/actor.ts";
import { LIVES } from "../../../../domain/life.ts";
import { VERDICTS } from "../../../../domain/verdict.ts";
import { parseCursor, toPage } from "../cursor.ts";
import { type Endpoint, endpoint, type Services, toPerson } from "../endpoint.ts";
import { DEFAULT_PAGE } from "../limits.ts";
import {
  Because,
  Members,
  MerchantNumber,
  Nullable,
  OneOf,
  PageOf,
  Paging,
  Reason,
  Seconds,
  Text,
  TusnText,
  Whole,
} from "../schemas.ts";
import { toMerchants, verifyMerchant, verifyTerminal } from "../scope.ts";
import { Happenings, Terminal, TerminalInFull, toTerminalAnswer } from "./terminal-schemas.ts";

const group = "terminals";
const READ = { right: "terminals.read", reach: "scoped", group, status: 200 } as const;
const ACT = { right: "terminals.act", reach: "scoped", group, status: 200, changes: true } as const;
const params = Members({ tusn: TusnText });
const OutOfService = { certificates: Whole, directives: Whole };

const SUMMARIES: Readonly<Record<LifeChange, string>> = {
  suspend: "Let a terminal say hello and nothing else until it is resumed",
  resume: "End a terminal's suspension",
  retire: "Put a terminal out of service for good",
};

const QUARANTINE = {
  tusn: Text,
  at: Seconds,
  why: Text,
  before: Text,
  now: Text,
  releasedAt: Type.Optional(Seconds),
  releasedBy: Text,
  reason: Text,
};
const LEGACY = {
  serial: Text,
  verdict: Text,
  maker: Text,
  model: Text,
  certificateNo: Text,
  place: Text,
  merchantNumber: Text,
  terminalNo: Text,
  acquirer: Text,
  replacedBy: Type.Optional(Text),
};

/** Which merchant's to list. Whoever has a scope names one in it. @throws TillsyncError FIELD_MISSING, NOT_FOUND */
function toMerchantFilter(actor: Actor, merchant: string | undefined): { readonly merchant?: string } {
  if (merchant !== undefined) return { merchant: verifyMerchant(actor, merchant) };
  if (toMerchants(actor) !== undefined) throw new TillsyncError("FIELD_MISSING", { field: "merchant" });
  return {};
}

export const TERMINAL_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    ...{ ...READ, method: "GET", path: "/terminals" },
    summary: "Terminals, in order of TUSN",
    query: Members({
      ...Paging,
      merchant: Type.Optional(MerchantNumber),
      life: Type.Optional(OneOf(LIVES)),
      verdict: Type.Optional(OneOf(VERDICTS)),
    }),
    answer: PageOf(Terminal),
    handle: async ({ context }, { actor, query }) => {
      const { after, limit = DEFAULT_PAGE, merchant, ...filter } = query;
      const [last = ""] = after === undefined ? [] : parseCursor("terminals", after, ["string"]);
      const rows = await listTerminals(context.store, {
        ...{ ...filter, ...toMerchantFilter(actor, merchant), after: last, limit: limit + 1 },
      });
      return toPage("terminals", rows, limit, ({ tusn }) => [tusn], toTerminalAnswer);
    },
  }),
  endpoint({
    ...{ ...READ, method: "GET", path: "/terminals/{tusn}", params },
    summary: "A terminal with all that is known of it",
    answer: TerminalInFull,
    handle: async (services, { actor, params }) => {
      const tusn = await verifyTerminal(services, actor, params.tusn);
      return toTerminalAnswer(await showTerminal(services.context.store, tusn));
    },
  }),
  ...LIFE_CHANGES.map((change) =>
    endpoint({
      ...{ ...ACT, method: "POST", path: `/terminals/{tusn}/${change}`, params, body: Because },
      summary: SUMMARIES[change],
      answer: Members({ tusn: Text, life: OneOf(LIVES), already: Type.Boolean(), ...OutOfService }),
      handle: async (services, { actor, params, body }) => {
        const tusn = await verifyTerminal(services, actor, params.tusn);
        return changeLife(services.context, tusn, change, parseAct(body.reason, actor.name));
      },
    }),
  ),
  endpoint({
    ...{ ...ACT, method: "POST", path: "/terminals/{tusn}/replace", params: Members({ tusn: TusnText }) },
    summary: "Put a registered terminal in the place of this one (TUSN or legacy serial number), for good",
    body: Members({ by: TusnText, reason: Reason }),
    answer: Members({
      ...{ replaced: Text, tusn: Text, merchantNumber: Text, terminalNo: Text, acquirer: Text, place: Text },
      ...OutOfService,
    }),
    handle: async (services, { actor, params, body }) => {
      const tusn = await verifyTerminal(services, actor, body.by);
      await verifyOld(services, actor, params.tusn);
      return replaceTerminal(services.context, params.tusn, tusn, parseAct(body.reason, actor.name));
    },
  }),
  endpoint({
    ...{ ...ACT, method: "POST", path: "/terminals/{tusn}/revoke", params, body: Because },
    summary: "Revoke every certificate of a terminal",
    answer: Members({ tusn: Text, certificates: Whole }),
    handle: async (services, { actor, params, body }) => {
      const tusn = await verifyTerminal(services, actor, params.tusn);
      return revokeTerminal(services.context, tusn, { reason: body.reason, by: actor.name });
    },
  }),
  endpoint({
    ...{ ...ACT, method: "POST", path: "/terminals/{tusn}/proof", params, status: 202 },
    summary: "Have a terminal prove its TUSN as soon as it is connected",
    answer: Members({ tusn: Text }),
    handle: async (services, { actor, params }) => {
      const tusn = await verifyTerminal(services, actor, params.tusn);
      await demandProof(services.context, tusn, toPerson(actor));
      return { tusn };
    },
  }),
  endpoint({
    ...{ ...READ, method: "GET", path: "/terminals/{tusn}/quarantines", params },
    summary: "The quarantines of one terminal, the newest first",
    answer: Members({ items: Type.Array(Members(QUARANTINE)), next: Nullable(Text) }),
    handle: async (services, { actor, params }) => {
      const tusn = await verifyTerminal(services, actor, params.tusn);
      return { items: await showQuarantines(services.context.store, tusn), next: null };
    },
  }),
  endpoint({
    ...{ ...ACT, method: "POST", path: "/terminals/{tusn}/quarantine/release", params, body: Because },
    summary: "Let a terminal in again that somebody has looked at",
    answer: Members({ tusn: Text, why: Text, counter: Type.Optional(Whole) }),
    handle: async (services, { actor, params, body }) => {
      const tusn = await verifyTerminal(services, actor, params.tusn);
      return releaseQuarantine(services.context, tusn, { reason: body.reason, by: actor.name });
    },
  }),
  endpoint({
    ...{ ...READ, reach: "whole", method: "GET", path: "/quarantines" },
    summary: "Terminals of which there may be two, the newest first",
    query: Members({ ...Paging, all: Type.Optional(Type.Boolean({ description: "Those that were released, too" })) }),
    answer: PageOf(Members(QUARANTINE)),
    handle: async ({ context }, { query }) => {
      const { after, limit = DEFAULT_PAGE, all = false } = query;
      const [before] = after === undefined ? [] : parseCursor("quarantines", after, ["number"]);
      const page = { all, limit: limit + 1, ...(before === undefined ? {} : { before }) };
      const rows = await pageQuarantines(context.store, page);
      return toPage(
        "quarantines",
        rows,
        limit,
        ({ id }) => [id],
        ({ view }) => view,
      );
    },
  }),
  endpoint({
    ...{ ...READ, method: "GET", path: "/legacy" },
    summary: "Old stock without a TUSN, in order of serial number",
    query: Members({ ...Paging, merchant: Type.Optional(MerchantNumber) }),
    answer: PageOf(Members(LEGACY)),
    handle: async ({ context }, { actor, query }) => {
      const { after, limit = DEFAULT_PAGE, merchant } = query;
      const [last = ""] = after === undefined ? [] : parseCursor("legacy", after, ["string"]);
      const filter = { ...toMerchantFilter(actor, merchant), after: last, limit: limit + 1 };
      const rows = await listLegacy(context.store, filter);
      return toPage(
        "legacy",
        rows,
        limit,
        ({ serial }) => [serial],
        (row) => row,
      );
    },
  }),
  endpoint({
    ...{ ...READ, method: "GET", path: "/legacy/{serial}", params: Members({ serial: TusnText }) },
    summary: "One of the old stock, with its history",
    answer: Members({ ...LEGACY, history: Happenings }),
    handle: async ({ context }, { actor, params }) => {
      const found = await findLegacyTerminal(context.store, params.serial);
      if (found === undefined || !isInScope(actor, found.merchantNumber)) throw new TillsyncError("NOT_FOUND");
      return found;
    },
  }),
];

/** Whoever has a scope takes nobody else's place away. @throws TillsyncError NOT_FOUND, TUSN_INVALID */
async function verifyOld(services: Services, actor: Actor, serial: string): Promise<void> {
  const legacy = await findLegacyTerminal(services.context.store, serial);
  if (legacy === undefined) await verifyTerminal(services, actor, serial);
  else if (!isInScope(actor, legacy.merchantNumber)) throw new TillsyncError("NOT_FOUND", { terminal: serial });
}
