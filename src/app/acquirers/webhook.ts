import { toHex } from "../../../proto/bytes.ts";
import { TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import { type OnRecord, toMasked } from "../../domain/acquirers/on-record.ts";
import type { Told } from "../../domain/acquirers/order.ts";
import type { Caller, Judged } from "../http-client/caller.ts";
import { type HttpRequest, type Reply, toPath } from "../http-client/client.ts";
import type { Acquirer, SettlementOrder } from "./acquirer.ts";
import {
  demandOrder,
  type Members,
  outside,
  parseMembers,
  readMatch,
  readText,
  toCode,
  toMembers,
  toText,
  toWords,
} from "./answer.ts";
import type { WebhookSettings } from "./settings.ts";
import { toHeaders, verifyAnswer, type WebhookKeys } from "./webhook-wire.ts";

const NONCE_BYTES = 16;
const REFERENCE = /^[0-9A-Za-z._:/-]{0,64}$/;
const [LAST_OK, ABSENT, TOO_MANY, FIRST_SERVER_FAULT] = [299, 404, 429, 500];
const CREDITS = ["", "pending", "proven", "failed"] as const;

export interface WebhookOptions {
  readonly settings: WebhookSettings;
  readonly keys: WebhookKeys;
  readonly caller: Caller;
  /** Seconds. */
  readonly now: () => number;
  readonly randomBytes: (size: number) => Uint8Array;
}

interface Answered {
  readonly status: number;
  readonly members: Members;
}

/** Any acquirer that keeps our own contract (docs/acquirers.md, schemas in docs/acquirers/). */
export class WebhookAcquirer implements Acquirer {
  readonly adapter = "webhook";
  readonly #options: WebhookOptions;

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  async request({ requestNo, merchant, wanted, sealed }: SettlementOrder): Promise<Told> {
    demandOrder(sealed?.scheme === "webhook" && sealed.commitment === wanted.commitment, "sealed");
    const { kind, bank, cnaps, holder, bin, last4, commitment } = wanted;
    const account = { kind, bank, cnaps, holder, bin, last4, commitment };
    const body = {
      ...{ requestNo, merchant: this.#toMerchant(merchant), account },
      sealed: { key: sealed?.key, ciphertext: sealed?.ciphertext },
    };
    const { status, members } = await this.#ask("POST", "/v1/settlement-changes", JSON.stringify(body));
    if (status > LAST_OK) throw toRefusal(status, members);
    return toTold(members, requestNo);
  }

  async follow({ requestNo }: SettlementOrder): Promise<Told> {
    const { status, members } = await this.#ask("GET", `/v1/settlement-changes/${requestNo}`);
    if (status === ABSENT) return { state: "absent" };
    if (status > LAST_OK) throw toRefusal(status, members);
    return toTold(members, requestNo);
  }

  async query(merchant: string): Promise<OnRecord | undefined> {
    const { status, members } = await this.#ask("GET", `/v1/merchants/${this.#toMerchant(merchant)}/settlement`);
    if (status === ABSENT) return undefined;
    if (status > LAST_OK) throw toRefusal(status, members);
    const account = toMembers(members["account"], "account");
    const credit = readText(account, "credit");
    return {
      kind: readMatch(account, "kind", /^(card|account)$/) === "card" ? "card" : "account",
      masked: toMasked(readMatch(account, "masked", /^[0-9*]{4,32}$/)),
      bank: toWords(readText(account, "bank")),
      cnaps: readMatch(account, "cnaps", /^(\d{12})?$/),
      holder: toWords(readText(account, "holder")),
      credit: CREDITS.find((one) => one === credit) ?? "",
      at: this.#options.now(),
    };
  }

  async reverse(order: SettlementOrder): Promise<Told> {
    const { requestNo, merchant, reverses } = order;
    demandOrder(REFERENCE.test(reverses) && reverses !== "", "reverses");
    const body = JSON.stringify({ requestNo, merchant: this.#toMerchant(merchant), reverses });
    const { status, members } = await this.#ask("POST", "/v1/settlement-reversals", body);
    if (status > LAST_OK) throw toRefusal(status, members);
    return toTold(members, requestNo);
  }

  async check(): Promise<void> {
    const { status, members } = await this.#ask("GET", "/v1/status");
    if (status > LAST_OK) throw toRefusal(status, members);
  }

  #toMerchant(merchant: string): string {
    return this.#options.settings.merchants[merchant] ?? merchant;
  }

  #ask(method: HttpRequest["method"], rest: string, body = ""): Promise<Answered> {
    const { settings, keys, caller, now, randomBytes } = this.#options;
    const path = toPath(caller.endpoint, rest);
    let nonce = "";
    return caller.call({
      toRequest: () => {
        nonce = toHex(randomBytes(NONCE_BYTES));
        const headers = toHeaders(settings.keyId, keys, { method, path, at: now(), nonce, body });
        return { method, path, headers, ...(method === "POST" ? { body } : {}) };
      },
      judge: (reply) => this.#judge(reply, nonce),
      // The acquirer knows the number: to repeat is safe.
      repeats: true,
    });
  }

  #judge(reply: Reply, nonce: string): Judged<Answered> {
    const { keys, now } = this.#options;
    const { status, body, isJson } = reply;
    const isFault = status >= FIRST_SERVER_FAULT || status === TOO_MANY;
    try {
      verifyAnswer(keys, reply, { nonce, now: now() });
    } catch (error) {
      // What stands before the acquirer answers for it when it is out of order, and cannot sign.
      if (isFault && toErrorCode(error) === "ACQUIRER_UNSIGNED") return fail(status);
      throw error;
    }
    if (isFault) return fail(status);
    if (status > LAST_OK && status < 400) throw outside("status");
    if (!isJson) throw outside("content type");
    return { answer: { status, members: parseMembers(toText(body)) } };
  }
}

function fail(status: number): Judged<Answered> {
  const error = new TillsyncError("ACQUIRER_FAILED", { what: "status", status });
  return { error, again: true, counts: true };
}

/** @throws TillsyncError ACQUIRER_FAILED where it is outside the contract, or about another order */
function toTold(members: Members, requestNo: string): Told {
  if (readText(members, "requestNo") !== requestNo) throw outside("requestNo");
  const reference = readMatch(members, "reference", REFERENCE);
  const words = toWords(readText(members, "words", 1_024));
  switch (readText(members, "state")) {
    case "auditing":
      return { state: "auditing", reference, words };
    case "succeeded":
      return { state: "succeeded", reference, words };
    case "failed":
      return { state: "failed", reference, code: toCode(readText(members, "code")), words };
    default:
      throw outside("state");
  }
}

function toRefusal(status: number, members: Members): TillsyncError {
  const [acquirer, words] = [toCode(readText(members, "code")), toWords(readText(members, "words", 1_024))];
  return new TillsyncError("ACQUIRER_REFUSED", { status, acquirer, words });
}
