import { constants, type KeyObject, publicEncrypt } from "node:crypto";
import { toHex, toUtf8 } from "../../../proto/bytes.ts";
import { TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import { compareRecord, type OnRecord, toMasked } from "../../domain/acquirers/on-record.ts";
import type { Told } from "../../domain/acquirers/order.ts";
import type { Caller, Judged } from "../http-client/caller.ts";
import { type HttpRequest, type Reply, toPath } from "../http-client/client.ts";
import type { Acquirer, SettlementOrder } from "./acquirer.ts";
import { demandOrder, type Members, outside, parseMembers, readText, toCode, toText, toWords } from "./answer.ts";
import { SeenAnswers } from "./seen.ts";
import type { WechatPaySettings } from "./settings.ts";
import { toAuthorization, verifyAnswer } from "./wechatpay-wire.ts";

const APPLICATION = /^[0-9A-Za-z_-]{1,64}$/;
const NONCE_BYTES = 16;
const [OK, LAST_OK, UNAUTHORIZED, ABSENT, TOO_MANY, FIRST_SERVER_FAULT] = [200, 299, 401, 404, 429, 500];
const ACCOUNT_TYPES = { card: "ACCOUNT_TYPE_PRIVATE", account: "ACCOUNT_TYPE_BUSINESS" } as const;
/** Refusals that end by themselves: the day's five changes, or too many requests. */
const PASSING = /^(RATELIMIT_EXCEED(ED)?|FREQUENCY_LIMIT(ED)?_?EXCEED(ED)?|FREQUENCY_LIMITED|SYSTEM_ERROR)$/;
const CREDITS: Readonly<Record<string, OnRecord["credit"]>> = {
  VERIFYING: "pending",
  VERIFY_SUCCESS: "proven",
  VERIFY_FAIL: "failed",
};
/** What WeChat Pay demands every client to call itself. */
const USER_AGENT = "tillsync";

export interface WechatPayOptions {
  readonly settings: WechatPaySettings;
  readonly key: KeyObject;
  readonly platformKeys: ReadonlyMap<string, KeyObject>;
  readonly caller: Caller;
  /** Seconds. */
  readonly now: () => number;
  readonly randomBytes: (size: number) => Uint8Array;
}

interface Answered {
  readonly status: number;
  readonly members: Members;
}

/**
 * WeChat Pay for partners: `modify-settlement` of the merchants under a service provider. It takes no number of ours, so
 * that an order whose answer was lost is looked for in the record, and asked for again in the end: to set the same account
 * twice is one change, and costs one of the five that it takes a day.
 */
export class WechatPayAcquirer implements Acquirer {
  readonly adapter = "wechatpay";
  readonly #options: WechatPayOptions;
  readonly #seen = new SeenAnswers();

  constructor(options: WechatPayOptions) {
    this.#options = options;
  }

  async request(order: SettlementOrder): Promise<Told> {
    const body = this.#toBody(order);
    const { status, members } = await this.#ask("POST", `${this.#toPath(order.merchant)}/modify-settlement`, {
      body,
      serial: order.sealed?.key ?? "",
    });
    if (status > LAST_OK) throw toRefusal(status, members);
    const reference = readText(members, "application_no");
    if (!APPLICATION.test(reference)) throw outside("application_no");
    return { state: "auditing", reference, words: "" };
  }

  async follow(order: SettlementOrder): Promise<Told> {
    const { reference, wanted, before } = order;
    if (reference === "") {
      const found = compareRecord(await this.query(order.merchant), wanted, before);
      const isThere = found === "wanted" || found === "pending" || found === "unusable";
      return isThere ? { state: "succeeded", reference: "", words: "" } : { state: "unknown" };
    }
    demandOrder(APPLICATION.test(reference), "reference");
    const { status, members } = await this.#ask("GET", `${this.#toPath(order.merchant)}/application/${reference}`);
    if (status === ABSENT) return { state: "absent" };
    if (status > LAST_OK) throw toRefusal(status, members);
    switch (readText(members, "verify_result")) {
      case "AUDITING":
        return { state: "auditing", reference, words: "" };
      case "AUDIT_SUCCESS":
        return { state: "succeeded", reference, words: "" };
      case "AUDIT_FAIL":
        return {
          state: "failed",
          ...{ reference, code: "AUDIT_FAIL" },
          words: toWords(readText(members, "verify_fail_reason", 1_024)),
        };
      default:
        throw outside("verify_result");
    }
  }

  async query(merchant: string): Promise<OnRecord | undefined> {
    const { status, members } = await this.#ask("GET", `${this.#toPath(merchant)}/settlement`);
    if (status === ABSENT) return undefined;
    if (status > LAST_OK) throw toRefusal(status, members);
    const bank = readText(members, "account_bank");
    return {
      kind: toKind(readText(members, "account_type")),
      masked: toMasked(readText(members, "account_number", 64)),
      bank: toWords(bank),
      cnaps: toCnaps(readText(members, "bank_branch_id"), bank, this.#options.settings.banks),
      holder: "",
      credit: CREDITS[readText(members, "verify_result")] ?? "",
      at: this.#options.now(),
    };
  }

  /** Asks for the account of the first merchant that is mapped, whatever it is: that it answers and signs is enough. */
  async check(): Promise<void> {
    const [merchant] = Object.keys(this.#options.settings.merchants);
    demandOrder(merchant !== undefined, "merchants");
    await this.query(merchant ?? "");
  }

  #toBody({ merchant, wanted, sealed }: SettlementOrder): string {
    const { banks, areas } = this.#options.settings;
    const bank = banks[wanted.cnaps.slice(0, 3)];
    const area = areas[merchant] ?? areas["*"];
    demandOrder(sealed?.scheme === "wechatpay" && sealed.commitment === wanted.commitment, "sealed");
    const platformKey = this.#options.platformKeys.get(sealed?.key ?? "");
    if (platformKey === undefined) throw new TillsyncError("FIELD_INVALID", { field: "sealed" });
    demandOrder(bank !== undefined, "banks");
    demandOrder(area !== undefined, "areas");
    return JSON.stringify({
      modify_mode: "MODIFY_MODE_ASYNC",
      account_type: ACCOUNT_TYPES[wanted.kind],
      account_bank: bank,
      bank_address_code: area,
      bank_name: wanted.bank,
      bank_branch_id: wanted.cnaps,
      account_number: sealed?.ciphertext,
      account_name: sealHolder(platformKey, wanted.holder),
    });
  }

  #toPath(merchant: string): string {
    const { code, merchants } = this.#options.settings;
    const sub = merchants[merchant];
    if (sub === undefined) throw new TillsyncError("NOT_FOUND", { acquirer: code, merchant });
    return toPath(this.#options.caller.endpoint, `/v3/apply4sub/sub_merchants/${sub}`);
  }

  #ask(
    method: HttpRequest["method"],
    path: string,
    { body, serial }: { readonly body: string; readonly serial: string } = { body: "", serial: "" },
  ): Promise<Answered> {
    const { settings, key, caller, now, randomBytes } = this.#options;
    return caller.call({
      toRequest: () => {
        const toSign = { method, path, body, at: now(), nonce: toHex(randomBytes(NONCE_BYTES)).toUpperCase() };
        const headers = {
          authorization: toAuthorization({ mchid: settings.mchid, serial: settings.serial, key }, toSign),
          "user-agent": USER_AGENT,
          ...(serial === "" ? {} : { "wechatpay-serial": serial }),
        };
        return { method, path, headers, ...(body === "" ? {} : { body }) };
      },
      judge: (reply) => this.#judge(reply),
      repeats: method === "GET",
    });
  }

  #judge({ status, headers, body, isJson }: Reply): Judged<Answered> {
    const { platformKeys: keys, now } = this.#options;
    const isFault = status >= FIRST_SERVER_FAULT || status < OK || (status > LAST_OK && status < 400);
    const text = toText(body);
    try {
      verifyAnswer(headers, text, { keys, seen: this.#seen, now: now() });
    } catch (error) {
      // What stands before the platform answers for it when it is out of order, and cannot sign.
      if (isFault && toErrorCode(error) === "ACQUIRER_UNSIGNED") return fail(status, true);
      throw error;
    }
    if (isFault) return fail(status, true);
    const members = text === "" ? {} : isJson ? parseMembers(text) : undefined;
    if (members === undefined) throw outside("content type");
    if (status === TOO_MANY || status === UNAUTHORIZED || PASSING.test(readText(members, "code"))) {
      return fail(status, false, members);
    }
    return { answer: { status, members } };
  }
}

/** `sent` false: the platform says itself that it did nothing. */
function fail(status: number, isOpen: boolean, members: Members = {}): Judged<Answered> {
  const code = toCode(readText(members, "code"));
  const facts = {
    what: "status",
    status,
    ...(code === "" ? {} : { acquirer: code }),
    ...(isOpen ? {} : { sent: false }),
  };
  return { error: new TillsyncError("ACQUIRER_FAILED", facts), again: status !== UNAUTHORIZED, counts: isOpen };
}

function toRefusal(status: number, members: Members): TillsyncError {
  const [code, words] = [toCode(readText(members, "code")), toWords(readText(members, "message", 1_024))];
  return new TillsyncError("ACQUIRER_REFUSED", { status, acquirer: code, words });
}

/** The holder is no secret of ours, but WeChat Pay takes it sealed only. */
function sealHolder(key: KeyObject, holder: string): string {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  return publicEncrypt({ key, padding, oaepHash: "sha1" }, toUtf8(holder)).toString("base64");
}

function toKind(type: string): OnRecord["kind"] {
  if (type === ACCOUNT_TYPES.card) return "card";
  return type === ACCOUNT_TYPES.account ? "account" : "";
}

/** The branch's code where it tells one, else the bank's by its name. */
function toCnaps(branch: string, bank: string, banks: Readonly<Record<string, string>>): string {
  if (/^\d{12}$/.test(branch)) return branch;
  return Object.entries(banks).find(([, name]) => name === bank)?.[0] ?? "";
}
