import { createDecipheriv, type KeyObject, randomBytes, sign, verify } from "node:crypto";
import type { Account, Books } from "./books.ts";
import { type Incoming, Nonces, type Outgoing, parseAuthorization, Refusal, type Scheme } from "./scheme.ts";

// Lakala's open platform, as far as public code shows it: the envelope of version 2, changeMer and queryContract. The paths
// of what no public code shows are those of the test settings.

const SCHEME = "LKLAPI-SHA256withRSA";
const STATES = { auditing: "MANUAL_AUDIT", succeeded: "WAIT_FOR_CONTACT", failed: "INNER_CHECK_REJECTED" } as const;

export interface LakalaOptions {
  readonly appid: string;
  readonly serial: string;
  readonly partnerKey: KeyObject;
  readonly platformSerial: string;
  readonly platformKey: KeyObject;
  readonly otherKey: KeyObject;
  readonly sm4Key: Uint8Array;
  readonly books: Books;
}

type Data = Readonly<Record<string, string>>;

export class LakalaScheme implements Scheme {
  readonly #options: LakalaOptions;
  readonly #nonces = new Nonces();
  /** Merchants by the serial numbers of their terminals. */
  readonly #terminals = new Map<string, string>();

  constructor(options: LakalaOptions) {
    this.#options = options;
  }

  handle(request: Incoming): Outgoing {
    this.#verify(request);
    const interfaces: Readonly<Record<string, (body: string) => object>> = {
      "/api/v2/mms/openApi/changeMer": (body) => this.#change(this.#open(body)),
      "/api/v2/mms/openApi/queryContract": (body) => this.#contract(toData(body)),
      "/sim/account": (body) => this.#account(toData(body)),
      "/sim/terminal": (body) => this.#terminal(toData(body)),
      "/sim/bind": (body) => this.#bind(toData(body), true),
      "/sim/unbind": (body) => this.#bind(toData(body), false),
    };
    const act = interfaces[request.path];
    if (act === undefined || request.method !== "POST") throw new Refusal(404, "GW0004", "no such interface");
    return { status: 200, body: JSON.stringify({ retCode: "000000", retMsg: "OK", respData: act(request.body) }) };
  }

  toRefusal({ status, code, words }: Refusal): Outgoing {
    const body = code.startsWith("GW") ? { code, message: words } : { retCode: code, retMsg: words };
    return { status: status === 404 || status >= 500 ? status : 200, body: JSON.stringify(body) };
  }

  sign(_request: Incoming, { body }: Outgoing, at: number, wrongly: boolean): Readonly<Record<string, string>> {
    const { appid, platformKey, platformSerial, otherKey } = this.#options;
    const nonce = randomBytes(6).toString("hex");
    const text = `${appid}\n${platformSerial}\n${at}\n${nonce}\n${body}\n`;
    return {
      "lklapi-appid": appid,
      "lklapi-serial": platformSerial,
      "lklapi-timestamp": String(at),
      "lklapi-nonce": nonce,
      "lklapi-signature": sign("sha256", Buffer.from(text), wrongly ? otherKey : platformKey).toString("base64"),
    };
  }

  #verify({ headers, body }: Incoming): void {
    const { appid, serial, partnerKey } = this.#options;
    const given = parseAuthorization(headers.authorization, SCHEME);
    const text = `${given["appid"]}\n${given["serial_no"]}\n${given["timestamp"]}\n${given["nonce_str"]}\n${body}\n`;
    const signature = Buffer.from(given["signature"] ?? "", "base64");
    const isOurs = given["appid"] === appid && given["serial_no"] === serial;
    if (!isOurs || !verify("sha256", Buffer.from(text), partnerKey, signature)) throw new Refusal(401, "GW0001");
    this.#nonces.take(given["nonce_str"] ?? "", given["timestamp"] ?? "", "GW0001");
  }

  #open(body: string): Data {
    try {
      const decipher = createDecipheriv("sm4-ecb", this.#options.sm4Key, null);
      return toData(Buffer.concat([decipher.update(body, "base64"), decipher.final()]).toString("utf8"));
    } catch {
      throw new Refusal(200, "OP10001", "the request cannot be opened");
    }
  }

  #change(data: Data): object {
    const { books } = this.#options;
    const { reqId = "", merCupNo = "", orderNo = "", orgCode = "", acctNo = "" } = data;
    if (!books.accounts.has(merCupNo)) throw new Refusal(200, "OP10404", "no such merchant");
    if (!/^\d{8,32}$/.test(acctNo)) throw new Refusal(200, "OP10002", "acctNo");
    const account: Account = {
      kind: data["acctTypeCode"] === "58" ? "card" : "account",
      bank: data["openningBankName"] ?? "",
      cnaps: data["openningBankCode"] ?? "",
      holder: data["acctName"] ?? "",
      number: acctNo,
    };
    const { reference } = books.open(reqId, merCupNo, account);
    return { orgCode, orderNo, contractId: reference };
  }

  #contract({ contractId = "", orderNo = "", orgCode = "" }: Data): object {
    const change = this.#options.books.findByReference(contractId);
    if (change === undefined) throw new Refusal(200, "OP10405", "no such contract");
    return { orgCode, orderNo, contractId, contractStatus: STATES[change.state], contractMemo: change.words };
  }

  #account({ merCupNo = "" }: Data): object {
    const account = this.#options.books.accounts.get(merCupNo);
    if (account === undefined) return {};
    return {
      merCupNo,
      acctNo: `${account.number.slice(0, 6)}******${account.number.slice(-4)}`,
      acctName: account.holder,
      acctTypeCode: account.kind === "card" ? "58" : "57",
      openningBankCode: account.cnaps,
      openningBankName: account.bank,
    };
  }

  #terminal({ devSerialNo = "" }: Data): object {
    const merCupNo = this.#terminals.get(devSerialNo) ?? "";
    return { devSerialNo, merCupNo, termNo: merCupNo === "" ? "" : "D0000001" };
  }

  #bind({ devSerialNo = "", merCupNo = "" }: Data, isBind: boolean): object {
    const bound = this.#terminals.get(devSerialNo);
    if (bound !== undefined && bound !== merCupNo) throw new Refusal(200, "OP10500", "bound to another merchant");
    if (isBind) this.#terminals.set(devSerialNo, merCupNo);
    else this.#terminals.delete(devSerialNo);
    return {};
  }
}

function toData(body: string): Data {
  const { reqId, reqData } = JSON.parse(body);
  return { ...reqData, reqId };
}
