import { Type } from "typebox";
import { listMerchantChanges, listMerchants, showMerchant } from "../../../../app/queries/merchants.ts";
import { CONTACT_ROLES } from "../../../../domain/records/contact.ts";
import { OWNER_KINDS } from "../../../../domain/records/owner.ts";
import { HISTORY_GROUPS } from "../../../../store/records-schema.ts";
import { parseCursor, toPage } from "../cursor.ts";
import { type Endpoint, endpoint } from "../endpoint.ts";
import { DEFAULT_PAGE } from "../limits.ts";
import { Members, MerchantNumber, Nullable, OneOf, PageOf, Paging, Seconds, Text, Whole } from "../schemas.ts";
import { toMerchants, verifyMerchant } from "../scope.ts";
import { MaskedAccount } from "./terminal-schemas.ts";

const READ = { method: "GET", right: "merchants.read", reach: "scoped", group: "merchants", status: 200 } as const;
const params = Members({ number: MerchantNumber });

export const MERCHANT_FACTS = {
  name: Text,
  shortName: Text,
  licenceNo: Text,
  taxNo: Text,
  uscc: Text,
  mcc: Text,
  principal: Text,
};
export const ContactAnswer = Members({ role: OneOf(CONTACT_ROLES), name: Text, phone: Text, email: Text });

const LINE = {
  number: Text,
  ...MERCHANT_FACTS,
  licenceValidUntil: Nullable(Seconds),
  ownerKind: OneOf(OWNER_KINDS),
  version: Whole,
  updatedAt: Seconds,
  settlement: Members(MaskedAccount),
};

const Binding = Members({
  ...MaskedAccount,
  id: Whole,
  isPrimary: Type.Boolean(),
  state: OneOf(["prepared", "in_force", "ended"]),
  since: Nullable(Seconds),
  until: Nullable(Seconds),
  validFrom: Nullable(Seconds),
  validUntil: Nullable(Seconds),
  replaces: Nullable(Whole),
  changeId: Text,
});

/** Members by name; which ones depends on the group. */
const Facts = Type.Unsafe<object>({ type: "object", additionalProperties: true });

const History = Members({
  id: Whole,
  version: Whole,
  at: Seconds,
  actor: Text,
  changeId: Text,
  group: OneOf(HISTORY_GROUPS),
  before: Facts,
  after: Facts,
});

export const MERCHANT_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    ...{ ...READ, path: "/merchants" },
    summary: "Merchants, in order of number",
    query: Members({ ...Paging, ownerKind: Type.Optional(OneOf(OWNER_KINDS)) }),
    answer: PageOf(Members(LINE)),
    handle: async ({ context }, { actor, query }) => {
      const { after, limit = DEFAULT_PAGE, ownerKind } = query;
      const [last = ""] = after === undefined ? [] : parseCursor("merchants", after, ["string"]);
      const numbers = toMerchants(actor);
      const rows = await listMerchants(context.store, {
        ...{ after: last, limit: limit + 1 },
        ...(numbers === undefined ? {} : { numbers: [...numbers] }),
        ...(ownerKind === undefined ? {} : { ownerKind }),
      });
      return toPage(
        "merchants",
        rows,
        limit,
        ({ number }) => [number],
        (row) => row,
      );
    },
  }),
  endpoint({
    ...{ ...READ, path: "/merchants/{number}", params },
    summary: "A merchant's record with its settlement accounts and terminals",
    tag: "version",
    answer: Members({
      ...LINE,
      contacts: Type.Array(ContactAnswer),
      bindings: Type.Array(Binding),
      terminals: Type.Array(Text),
    }),
    handle: ({ context }, { actor, params }) => showMerchant(context.store, verifyMerchant(actor, params.number)),
  }),
  endpoint({
    ...{ ...READ, path: "/merchants/{number}/history", params },
    summary: "What changed of a merchant's record, the newest first",
    query: Members({ ...Paging, group: Type.Optional(OneOf(HISTORY_GROUPS)) }),
    answer: PageOf(History),
    handle: async ({ context }, { actor, params, query }) => {
      const { after, limit = DEFAULT_PAGE, group } = query;
      const number = verifyMerchant(actor, params.number);
      const [before] = after === undefined ? [] : parseCursor("history", after, ["number"]);
      const rows = await listMerchantChanges(context.store, number, {
        limit: limit + 1,
        ...(group === undefined ? {} : { group }),
        ...(before === undefined ? {} : { before }),
      });
      return toPage(
        "history",
        rows,
        limit,
        ({ id }) => [id],
        (row) => row,
      );
    },
  }),
];
