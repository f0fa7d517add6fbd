import { Type } from "typebox";
import {
  MAX_BANK_NAME,
  MAX_HOLDER_NAME,
  MAX_MERCHANT_NAME,
  MAX_SHORT_NAME,
} from "../../../../../proto/identifiers/name.ts";
import { BINDING_KINDS } from "../../../../../proto/profile.ts";
import { CHANGE_KINDS, CHANGE_STATES, REASON_CODES } from "../../../../domain/changes/change.ts";
import { MAX_VALID_UNTIL } from "../../../../domain/changes/content.ts";
import { DEFERRALS } from "../../../../domain/changes/deferral.ts";
import { EVIDENCE_KINDS, TASK_KINDS } from "../../../../domain/changes/pack.ts";
import { NOTICE_CHANNELS, TOLD_EVENTS } from "../../../../domain/notices/plan.ts";
import { CONTACT_ROLES, MAX_CONTACTS } from "../../../../domain/records/contact.ts";
import { Digest, Members, MerchantNumber, Nullable, OneOf, Reason, Seconds, Text, Whole } from "../schemas.ts";
import { ContactAnswer, MERCHANT_FACTS } from "./merchants.ts";
import { Deployment, MaskedAccount } from "./terminal-schemas.ts";

// What comes in and goes out about changes. Identifiers are judged by their own rules, with codes of their own.

const MAX_SEALED_CHARACTERS = 8_192;
const toLine = (maxLength: number) => Type.String({ maxLength });
const Identifier = Type.String({ maxLength: 32, pattern: "^[0-9A-Za-z]*$" });

/** Null where nobody knows it any more. */
const LicenceEnd = Nullable(Type.Integer({ minimum: 0, maximum: MAX_VALID_UNTIL, description: "Seconds since 1970" }));

const Patch = Members({
  name: Type.Optional(toLine(2 * MAX_MERCHANT_NAME)),
  shortName: Type.Optional(toLine(2 * MAX_SHORT_NAME)),
  licenceNo: Type.Optional(Identifier),
  taxNo: Type.Optional(Identifier),
  uscc: Type.Optional(Identifier),
  mcc: Type.Optional(Identifier),
  principal: Type.Optional(toLine(2 * MAX_HOLDER_NAME)),
  licenceValidUntil: Type.Optional(LicenceEnd),
  contacts: Type.Optional(
    Type.Array(
      Members({
        role: OneOf(CONTACT_ROLES),
        name: toLine(2 * MAX_HOLDER_NAME),
        phone: Type.String({ maxLength: 20 }),
        email: Type.String({ maxLength: 254 }),
      }),
      { maxItems: MAX_CONTACTS },
    ),
  ),
});

const Settlement = Members({
  kind: OneOf(BINDING_KINDS),
  bank: toLine(2 * MAX_BANK_NAME),
  cnaps: Type.String({ pattern: "^[0-9]{12}$" }),
  holder: toLine(2 * MAX_HOLDER_NAME),
  bin: Type.String({ pattern: "^([0-9]{6}|[0-9]{8})?$", description: "Of a card; empty for an account" }),
  last4: Type.String({ pattern: "^[0-9]{4}$" }),
  commitment: Type.Unsafe<string>({ ...Digest, description: "SHA-256 over salt and number; never the number itself" }),
  validFrom: Nullable(Seconds),
  validUntil: Nullable(Seconds),
});

const Sealed = Type.String({ minLength: 1, maxLength: MAX_SEALED_CHARACTERS, pattern: "^[0-9A-Za-z+/=]+$" });

export const Content = Members({
  patch: Type.Optional(Patch),
  settlement: Type.Optional(Settlement),
  bindingId: Type.Optional(Type.Integer({ minimum: 1 })),
  sealed: Type.Optional(Sealed),
  sealedBefore: Type.Optional(Sealed),
});

export const NewChangeBody = Members({
  merchant: MerchantNumber,
  kind: OneOf(CHANGE_KINDS),
  reasonCode: OneOf(REASON_CODES),
  reason: Reason,
  isRecovery: Type.Optional(Type.Boolean({ description: "The present account is forgotten" })),
  content: Content,
});

export const AmendmentBody = Members({
  reasonCode: Type.Optional(OneOf(REASON_CODES)),
  reason: Type.Optional(Reason),
  content: Type.Optional(Content),
});

const CHANGE = {
  id: Text,
  merchant: Text,
  kind: OneOf(CHANGE_KINDS),
  state: OneOf(CHANGE_STATES),
  revision: Whole,
  requester: Text,
  reasonCode: OneOf(REASON_CODES),
  reason: Text,
  createdAt: Seconds,
  updatedAt: Seconds,
  code: Text,
};

/** A change in a list, and what is told of it once it was altered. */
export const Change = Members(CHANGE);

const AccountAnswer = Members({ ...MaskedAccount, validFrom: Nullable(Seconds), validUntil: Nullable(Seconds) });
const PatchAnswer = Members({
  ...Object.fromEntries(Object.keys(MERCHANT_FACTS).map((name) => [name, Type.Optional(Text)])),
  licenceValidUntil: Type.Optional(Nullable(Seconds)),
  contacts: Type.Optional(Type.Array(ContactAnswer)),
});

export const Attachment = Members({
  digest: Digest,
  kind: OneOf(EVIDENCE_KINDS),
  name: Text,
  type: Text,
  size: Whole,
  actor: Text,
  at: Seconds,
});

const Order = Members({
  requestNo: Text,
  purpose: Text,
  state: Text,
  reference: Text,
  code: Text,
  words: Text,
});

/** Delivered, waiting for `dueAt`, or given up: neither of the two is there then. */
const Notice = Members({
  event: OneOf(TOLD_EVENTS),
  channel: OneOf(NOTICE_CHANNELS),
  recipient: Text,
  attempts: Whole,
  dueAt: Nullable(Seconds),
  deliveredAt: Nullable(Seconds),
  code: Text,
});

const { tusn, state, code, updatedAt } = Deployment.properties;

export const ChangeInFull = Members({
  ...CHANGE,
  baseVersion: Whole,
  isRecovery: Type.Boolean(),
  content: Members({
    patch: Type.Optional(PatchAnswer),
    settlement: Type.Optional(AccountAnswer),
    bindingId: Type.Optional(Whole),
    isSealed: Type.Boolean(),
  }),
  digest: Digest,
  pack: Text,
  feeFen: Whole,
  releaseId: Text,
  submittedAt: Nullable(Seconds),
  publishedAt: Nullable(Seconds),
  endedAt: Nullable(Seconds),
  attachments: Type.Array(Attachment),
  tasks: Type.Array(
    Members({ kind: OneOf(TASK_KINDS), createdAt: Seconds, doneAt: Nullable(Seconds), doneBy: Text, note: Text }),
  ),
  orders: Type.Array(Order),
  terminals: Type.Array(Members({ tusn, state, code, updatedAt })),
  notices: Type.Array(Notice),
  events: Type.Array(Members({ at: Seconds, event: Text, state: OneOf(CHANGE_STATES), actor: Text, comment: Text })),
});

const Finding = Members({
  weight: OneOf(["refused", "deferred", "noted"]),
  code: Text,
  what: Text,
  until: Type.Optional(Seconds),
});

const Value = Type.Unsafe<unknown>({ description: "A text, a list of contacts, an account; null for none" });

export const PreviewAnswer = Members({
  change: Change,
  pack: Text,
  feeFen: Whole,
  from: Seconds,
  differences: Type.Array(Members({ field: Text, before: Value, after: Value })),
  findings: Type.Array(Finding),
  terminals: Type.Optional(
    Members({
      reached: Whole,
      skipped: Type.Array(Members({ tusn: Text, reason: Text, verdict: Type.Optional(Text) })),
      superseding: Type.Array(Text),
      deferred: Type.Array(Members({ tusn: Text, reason: OneOf(DEFERRALS), lastSeen: Nullable(Seconds) })),
    }),
  ),
});
