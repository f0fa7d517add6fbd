import { checkChoice, checkText } from "../../proto/check.ts";
import { parseFlatJson } from "../../proto/flat-json.ts";
import type { Binding } from "../../proto/profile.ts";

// The request by which Lakala's open platform changes a merchant's settlement account (changeMer). It is made where the
// number is, so that the service never sees it; what else stands in it the service tells, and the binding.

/** How Lakala calls the two numbers that a merchant may have there. */
export const MERCHANT_MEMBERS = ["merInnerNo", "merCupNo"] as const;

/** What the service knows of such a request; texts may be empty from `clearingBank` on. */
export interface ChangeFacts {
  /** Ours: the request's id and order number. */
  readonly request: string;
  /** Code of the organisation that Lakala has us under. */
  readonly organisation: string;
  readonly member: (typeof MERCHANT_MEMBERS)[number];
  /** The merchant's number there. */
  readonly merchant: string;
  /** Where Lakala is to tell of it: demanded by it, answered by nobody here. */
  readonly callback: string;
  /** Bank code that payments are cleared under; the branch's own where empty. */
  readonly clearingBank: string;
  readonly settlePeriod: string;
  /** When it was made, milliseconds since 1970. */
  readonly timestamp: string;
}

const MEMBERS = [
  "request",
  "organisation",
  "member",
  "merchant",
  "callback",
  "clearingBank",
  "settlePeriod",
  "timestamp",
] as const;
const ID = /^[0-9A-Za-z._-]{1,32}$/;
const URL_TEXT = /^https?:\/\/[\x21-\x7e]{1,500}$/;
const ACCOUNT_TYPES = { account: "57", card: "58" } as const;

/** @throws TillsyncError BYTES_TOO_LARGE, FIELD_INVALID, FIELD_MISSING, SENSITIVE_DATA */
export function parseChangeFacts(bytes: Uint8Array): ChangeFacts {
  const facts = parseFlatJson(bytes, MEMBERS);
  return {
    request: checkText(facts.request, /^[0-9A-Za-z_-]{8,32}$/, "request"),
    organisation: checkText(facts.organisation, ID, "organisation"),
    member: checkChoice(facts.member, MERCHANT_MEMBERS, "member"),
    merchant: checkText(facts.merchant, ID, "merchant"),
    callback: checkText(facts.callback, URL_TEXT, "callback"),
    clearingBank: checkText(facts.clearingBank, /^(\d{12})?$/, "clearingBank"),
    settlePeriod: checkText(facts.settlePeriod, /^[0-9A-Z]{0,8}$/, "settlePeriod"),
    timestamp: checkText(facts.timestamp, /^\d{13}$/, "timestamp"),
  };
}

/** As a file for `tillsync-sign acquirer-seal --facts`. */
export function toChangeFactsJson(facts: ChangeFacts): string {
  return `${JSON.stringify(facts, [...MEMBERS], 2)}\n`;
}

/** The request in plain: it holds the number, and is sealed at once. */
export function toChangeBody(facts: ChangeFacts, binding: Binding, number: string): string {
  const { request, organisation, member, merchant, callback, clearingBank, settlePeriod, timestamp } = facts;
  return JSON.stringify({
    ver: "1.0.0",
    timestamp,
    reqId: request,
    reqData: {
      version: "1.0",
      orderNo: request,
      orgCode: organisation,
      [member]: merchant,
      openningBankCode: binding.cnaps,
      openningBankName: binding.bank,
      clearingBankCode: clearingBank === "" ? binding.cnaps : clearingBank,
      acctNo: number,
      acctName: binding.holder,
      acctTypeCode: ACCOUNT_TYPES[binding.kind],
      ...(settlePeriod === "" ? {} : { settlePeriod }),
      retUrl: callback,
    },
  });
}
