import { Type } from "typebox";
import { check } from "../../../../../proto/check.ts";
import { BINDING_KINDS } from "../../../../../proto/profile.ts";
import type { ChecklistLine } from "../../../../app/acquirers/manual/tick.ts";
import { toOnRecord } from "../../../../app/acquirers/orders.ts";
import { MAX_EVIDENCE_BYTES } from "../../../../app/verifiers/record.ts";
import type { OnRecord } from "../../../../domain/acquirers/on-record.ts";
import { type BindingFacts, ORDER_STATES } from "../../../../domain/acquirers/order.ts";
import { type AcquirerOrderRow, ORDER_PURPOSES } from "../../../../store/acquirers-schema.ts";
import { MAX_JSON_BYTES } from "../limits.ts";
import { Members, Nullable, OneOf, Reason, Seconds, Text, Whole } from "../schemas.ts";
import { MaskedAccount, toMasked } from "./terminal-schemas.ts";

// What is told of acquirers' records and of orders to them: never what was sealed, nor anything a number could be tried against.

const MAX_NOTE = 100;
/** Base64 writes three bytes, or the one or two that are left, as four characters. */
const MAX_EVIDENCE_CHARACTERS = 4 * Math.ceil(MAX_EVIDENCE_BYTES / 3);
/** Of the body that takes a step as done: its evidence, and beside it as much as any other body may hold. */
export const MAX_STEP_BYTES = MAX_EVIDENCE_CHARACTERS + MAX_JSON_BYTES;

/** All that people write stands in the body: an address is logged by whatever lies between. */
export const StepBody = Members({
  reason: Reason,
  note: Type.Optional(Type.String({ maxLength: MAX_NOTE })),
  evidence: Type.Optional(
    Type.String({
      description: `Any file of at most ${MAX_EVIDENCE_BYTES} bytes: in base64 (RFC 4648, section 4), padded, in one line`,
    }),
  ),
});

/**
 * Bytes from base64 in the one way in which it is written.
 *
 * @throws TillsyncError FIELD_INVALID
 */
export function parseBase64(text: string, field: string): Uint8Array {
  const bytes = Buffer.from(text, "base64");
  check(bytes.length > 0 && bytes.toString("base64") === text, field);
  return bytes;
}

/** What an acquirer's record shows, which may be less than ours; empty where it does not tell. */
export const RecordAnswer = Members({
  ...MaskedAccount,
  kind: OneOf([...BINDING_KINDS, ""]),
  credit: Type.Unsafe<OnRecord["credit"]>({
    ...OneOf(["", "pending", "proven", "failed"]),
    description: "What came of the acquirer's own trial payment into the account; empty where it makes or tells none",
  }),
  at: Seconds,
});

const ORDER = {
  requestNo: Text,
  change: Text,
  purpose: OneOf(ORDER_PURPOSES),
  acquirer: Text,
  merchant: Text,
  state: OneOf(ORDER_STATES),
  reference: Text,
  code: Text,
  words: Text,
  requests: Whole,
  follows: Whole,
  dueAt: Nullable(Seconds),
  overdueAt: Nullable(Seconds),
  createdAt: Seconds,
  updatedAt: Seconds,
};

export const Order = Members(ORDER);

export const ChecklistAnswer = Type.Array(
  Members({
    ...{ id: Text, part: OneOf(["request", "confirm"]), zh: Text, en: Text },
    notes: OneOf(["", "case", "account"]),
    hasEvidence: Type.Boolean({ description: "Whether evidence has to come with it" }),
    done: Type.Optional(Members({ person: Text, at: Seconds, noted: Text, evidence: Text })),
  }),
);

export const OrderInFull = Members({
  ...ORDER,
  reverses: Text,
  wanted: Members(MaskedAccount),
  before: Type.Optional(Members(MaskedAccount)),
  shown: Type.Optional(RecordAnswer),
  /** Empty where the acquirer is not asked by people. */
  checklist: ChecklistAnswer,
});

export function toRecordAnswer({ masked, ...record }: OnRecord) {
  return { ...record, number: masked };
}

export function toOrderAnswer(row: AcquirerOrderRow, checklist: readonly ChecklistLine[]) {
  const shown = toOnRecord(row);
  return {
    ...row,
    wanted: toAccount(row.wanted),
    before: row.before === "" ? undefined : toAccount(row.before),
    shown: shown === undefined ? undefined : toRecordAnswer(shown),
    checklist,
  };
}

function toAccount(text: string) {
  const facts: BindingFacts = JSON.parse(text);
  return toMasked(facts);
}
