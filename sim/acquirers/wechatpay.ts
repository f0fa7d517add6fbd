import { constants, type KeyObject, privateDecrypt, randomBytes, sign, verify } from "node:crypto";
import type { Account, Books } from "./books.ts";
import { type Incoming, Nonces, type Outgoing, parseAuthorization, Refusal, type Scheme } from "./scheme.ts";

// WeChat Pay for partners, as far as `modify-settlement` goes.

const SCHEME = "WECHATPAY2-SHA256-RSA2048";
const PATH =
  /^\/v3\/apply4sub\/sub_merchants\/(\d+)\/(?:(modify-settlement)|(settlement)|application\/([0-9A-Za-z]+))$/;
const CREDITS = { pending: "VERIFYING", proven: "VERIFY_SUCCESS", failed: "VERIFY_FAIL" } as const;
const MAX_A_DAY = 5;

export interface WechatPayOptions {
  readonly mchid: string;
  readonly serial: string;
  /** Of the service provider. */
  readonly partnerKey: KeyObject;
  readonly platformSerial: string;
  readonly platformKey: KeyObject;
  /** Signs what is signed wrongly. */
  readonly otherKey: KeyObject;
  readonly books: Books;
}

export class WechatPayScheme implements Scheme {
  readonly #options: WechatPayOptions;
  readonly #nonces = new Nonces();
  readonly #asked = new Map<string, number>();

  constructor(options: WechatPayOptions) {
    this.#options = options;
  }

  handle(request: Incoming): Outgoing {
    this.#verify(request);
    const [, merchant = "", change, account, reference = ""] = PATH.exec(request.path) ?? [];
    if (change !== undefined && request.method === "POST") return this.#change(merchant, request);
    if (account !== undefined && request.method === "GET") return this.#account(merchant);
    if (reference !== "" && request.method === "GET") return this.#application(merchant, reference);
    throw new Refusal(404, "NOT_FOUND", "no such interface");
  }

  toRefusal({ status, code, words }: Refusal): Outgoing {
    return { status, body: JSON.stringify({ code, message: words }) };
  }

  sign(_request: Incoming, { body }: Outgoing, at: number, wrongly: boolean): Readonly<Record<string, string>> {
    const { platformKey, platformSerial, otherKey } = this.#options;
    const nonce = randomBytes(16).toString("hex");
    const text = `${at}\n${nonce}\n${body}\n`;
    return {
      "wechatpay-timestamp": String(at),
      "wechatpay-nonce": nonce,
      "wechatpay-serial": platformSerial,
      "wechatpay-signature": sign("sha256", Buffer.from(text), wrongly ? otherKey : platformKey).toString("base64"),
      "wechatpay-signature-type": SCHEME,
    };
  }

  #verify({ method, path, headers, body }: Incoming): void {
    const { mchid, serial, partnerKey } = this.#options;
    const given = parseAuthorization(headers.authorization, SCHEME);
    const text = `${method}\n${path}\n${given["timestamp"]}\n${given["nonce_str"]}\n${body}\n`;
    const signature = Buffer.from(given["signature"] ?? "", "base64");
    const isOurs = given["mchid"] === mchid && given["serial_no"] === serial && headers["user-agent"] !== undefined;
    if (!isOurs || !verify("sha256", Buffer.from(text), partnerKey, signature)) throw new Refusal(401, "SIGN_ERROR");
    this.#nonces.take(given["nonce_str"] ?? "", given["timestamp"] ?? "", "SIGN_ERROR");
  }

  #change(merchant: string, { headers, body }: Incoming): Outgoing {
    const { books, platformSerial } = this.#options;
    const asked = JSON.parse(body);
    if (headers["wechatpay-serial"] !== platformSerial) throw new Refusal(400, "PARAM_ERROR", "serial");
    if (!/^ACCOUNT_TYPE_(PRIVATE|BUSINESS)$/.test(asked.account_type)) throw new Refusal(400, "PARAM_ERROR", "type");
    if (asked.bank_address_code?.length !== 6) throw new Refusal(400, "PARAM_ERROR", "bank_address_code");
    const number = this.#open(asked.account_number, "account_number");
    if (!/^\d{8,32}$/.test(number)) throw new Refusal(400, "PARAM_ERROR", "account_number");
    const times = (this.#asked.get(merchant) ?? 0) + 1;
    if (times > MAX_A_DAY) throw new Refusal(429, "FREQUENCY_LIMITED", "five a day");
    this.#asked.set(merchant, times);
    const account: Account = {
      kind: asked.account_type === "ACCOUNT_TYPE_PRIVATE" ? "card" : "account",
      bank: asked.account_bank,
      cnaps: asked.bank_branch_id,
      holder: this.#open(asked.account_name, "account_name"),
      number,
    };
    // It knows no number of the asker's: each request is another application.
    const { reference } = books.open(`${merchant}-${times}`, merchant, account);
    return { status: 200, body: JSON.stringify({ application_no: reference }) };
  }

  #account(merchant: string): Outgoing {
    const account = this.#options.books.accounts.get(merchant);
    if (account === undefined) throw new Refusal(404, "RESOURCE_NOT_EXISTS");
    const { credit = "proven" } = account;
    return { status: 200, body: JSON.stringify({ ...toPublic(account), verify_result: CREDITS[credit] }) };
  }

  #application(merchant: string, reference: string): Outgoing {
    const change = this.#options.books.findByReference(reference);
    if (change?.merchant !== merchant) throw new Refusal(404, "RESOURCE_NOT_EXISTS");
    const results = { auditing: "AUDITING", succeeded: "AUDIT_SUCCESS", failed: "AUDIT_FAIL" } as const;
    const why = change.words === "" ? {} : { verify_fail_reason: change.words };
    const holder = `*${change.account.holder.slice(1)}`;
    const shown = { ...toPublic(change.account), account_name: holder, verify_result: results[change.state], ...why };
    return { status: 200, body: JSON.stringify(shown) };
  }

  #open(ciphertext: string, name: string): string {
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const key = this.#options.platformKey;
    try {
      return privateDecrypt({ key, padding, oaepHash: "sha1" }, Buffer.from(ciphertext, "base64")).toString("utf8");
    } catch {
      throw new Refusal(400, "PARAM_ERROR", name);
    }
  }
}

function toPublic({ kind, bank, cnaps, number }: Account): object {
  return {
    account_type: kind === "card" ? "ACCOUNT_TYPE_PRIVATE" : "ACCOUNT_TYPE_BUSINESS",
    account_bank: bank,
    bank_branch_id: cnaps,
    account_number: `${number.slice(0, 2)}*************${number.slice(-2)}`,
  };
}
