import { Type } from "typebox";
import { MERCHANT_MEMBERS } from "../../../../../certs/acquirer/lakala-body.ts";
import { TillsyncError } from "../../../../../proto/errors.ts";
import { ADAPTERS } from "../../../../app/acquirers/acquirer.ts";
import { checkAcquirer } from "../../../../app/acquirers/check.ts";
import { toChangeFacts } from "../../../../app/acquirers/facts.ts";
import { CHANNELS } from "../../../../app/acquirers/manual/checklists.ts";
import type { AcquirerSettings } from "../../../../app/acquirers/settings.ts";
import { viewRecord } from "../../../../app/acquirers/view.ts";
import type { RecordFinding } from "../../../../domain/acquirers/on-record.ts";
import { type Endpoint, endpoint } from "../endpoint.ts";
import { Members, MerchantNumber, OneOf, PageOf, RequestNumber, Text } from "../schemas.ts";
import { verifyMerchant } from "../scope.ts";
import { RecordAnswer, toRecordAnswer } from "./order-schemas.ts";
import { MaskedAccount, toMasked } from "./terminal-schemas.ts";

const group = "acquirers";
const READ = { method: "GET", right: "changes.read", group, status: 200 } as const;
const FINDINGS = [
  "wanted",
  "pending",
  "unusable",
  "indistinct",
  "before",
  "other",
  "none",
] as const satisfies RecordFinding[];
const LINE = { acquirer: Text, adapter: OneOf(ADAPTERS) };
/** What it says is judged where it is used. */
const Code = Type.String({ minLength: 1, maxLength: 32 });
const params = Members({ number: MerchantNumber, acquirer: Code });

export const ACQUIRER_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    ...{ ...READ, reach: "whole", path: "/acquirers" },
    summary: "The acquirers that are set up",
    answer: PageOf(Members({ ...LINE, channel: Type.Optional(OneOf(CHANNELS)) })),
    handle: async ({ acquiring }) => ({ items: acquiring.settings.map(toLine), next: null }),
  }),
  endpoint({
    ...{ method: "POST", path: "/acquirers/check", right: "changes.release", reach: "whole", group, status: 200 },
    ...{ changes: true, asksOutside: true },
    summary: "Reach every acquirer and verify a signed answer of each: `OK`, or the code of what went wrong",
    answer: PageOf(Members({ ...LINE, result: Text })),
    handle: async ({ acquiring }) => ({
      items: await Promise.all(Array.from(acquiring.acquirers, ([code, one]) => checkAcquirer(code, one))),
      next: null,
    }),
  }),
  endpoint({
    ...{ ...READ, reach: "scoped", path: "/merchants/{number}/acquirers/{acquirer}", asksOutside: true },
    summary: "The account that an acquirer has on record for a merchant, beside ours",
    params,
    answer: Members({
      ...{ acquirer: Text, merchant: Text, ours: Members(MaskedAccount), theirs: Type.Optional(RecordAnswer) },
      finding: OneOf(FINDINGS),
    }),
    handle: async ({ context, acquiring }, { actor, params }) => {
      const merchant = verifyMerchant(actor, params.number);
      const acquirer = acquiring.acquirers.get(params.acquirer);
      if (acquirer === undefined) throw new TillsyncError("NOT_FOUND", { what: "acquirer" });
      const { ours, theirs, ...view } = await viewRecord(context, params.acquirer, acquirer, merchant);
      return { ...view, ours: toMasked(ours), theirs: theirs === undefined ? undefined : toRecordAnswer(theirs) };
    },
  }),
  endpoint({
    ...{ ...READ, reach: "scoped", path: "/merchants/{number}/acquirers/{acquirer}/facts", params },
    summary: "What `tillsync-sign acquirer-seal --facts` takes, of an acquirer that takes whole requests sealed",
    query: Members({ request: RequestNumber }),
    answer: Members({
      ...{ request: Text, organisation: Text, member: OneOf(MERCHANT_MEMBERS), merchant: Text, callback: Text },
      ...{ clearingBank: Text, settlePeriod: Text },
      timestamp: Type.String({ description: "When it was made: milliseconds since 1970-01-01T00:00:00Z" }),
    }),
    handle: async ({ context, acquiring }, { actor, params, query }) => {
      const merchant = verifyMerchant(actor, params.number);
      const settings = acquiring.settings.find(({ code }) => code === params.acquirer);
      if (settings === undefined) throw new TillsyncError("NOT_FOUND", { what: "acquirer" });
      return toChangeFacts(settings, { merchant, request: query.request }, context.now());
    },
  }),
];

/** Neither keys nor where it is: whoever reads the list need not know. */
function toLine(settings: AcquirerSettings) {
  const { code, adapter } = settings;
  return { acquirer: code, adapter, ...(adapter === "manual" ? { channel: settings.channel } : {}) };
}
