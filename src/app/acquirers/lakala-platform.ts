import type { KeyObject } from "node:crypto";
import { toHex } from "../../../proto/bytes.ts";
import { TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import type { Caller, Judged } from "../http-client/caller.ts";
import { type Reply, toPath } from "../http-client/client.ts";
import { type Members, outside, parseMembers, readText, toCode, toMembers, toText, toWords } from "./answer.ts";
import { toAuthorization, verifyAnswer } from "./lakala-wire.ts";
import { SeenAnswers } from "./seen.ts";
import type { LakalaPaths, LakalaSettings } from "./settings.ts";

const NONCE_BYTES = 6;
const REQUEST_BYTES = 16;
const SECOND_MS = 1_000;
const OK = 200;
const FIRST_SERVER_FAULT = 500;
const DONE = "000000";
/** Of the gateway, which answers in its own form: it is busy, or could not read the signature. Nothing was done. */
const GATEWAY = /^GW/;

export interface LakalaOptions {
  readonly settings: LakalaSettings;
  readonly key: KeyObject;
  readonly platformKeys: ReadonlyMap<string, KeyObject>;
  readonly caller: Caller;
  /** Seconds. */
  readonly now: () => number;
  readonly randomBytes: (size: number) => Uint8Array;
}

/** What the platform says: its code, its words, and what it is about. */
export interface LakalaAnswer {
  readonly isDone: boolean;
  readonly code: string;
  readonly words: string;
  readonly data: Members;
}

/** Signed requests to Lakala's open platform, in the envelope of its interfaces of version 2. */
export class LakalaPlatform {
  readonly options: LakalaOptions;
  readonly #seen = new SeenAnswers();

  constructor(options: LakalaOptions) {
    this.options = options;
  }

  /**
   * @param data what the request is about, in plain: no account number
   * @throws TillsyncError ACQUIRER_FAILED, ACQUIRER_UNSIGNED; NOT_FOUND where our account may not use this
   */
  ask(name: keyof LakalaPaths, data: Members): Promise<LakalaAnswer> {
    const { now, randomBytes } = this.options;
    const envelope = () => ({
      ver: "1.0.0",
      timestamp: String(now() * SECOND_MS),
      reqId: toHex(randomBytes(REQUEST_BYTES)),
      reqData: { version: "1.0", ...data },
    });
    return this.#send(name, () => JSON.stringify(envelope()), true);
  }

  /** Passes on a request that was sealed off the service. @throws TillsyncError as above */
  pass(name: keyof LakalaPaths, ciphertext: string): Promise<LakalaAnswer> {
    return this.#send(name, () => ciphertext, false);
  }

  /** The merchant as the platform calls it. @throws TillsyncError NOT_FOUND */
  toMerchant(merchant: string): Members {
    const { code, merchants, member, organisation } = this.options.settings;
    const number = merchants[merchant];
    if (number === undefined) throw new TillsyncError("NOT_FOUND", { acquirer: code, merchant });
    return { orgCode: organisation, [member]: number };
  }

  #send(name: keyof LakalaPaths, toBody: () => string, repeats: boolean): Promise<LakalaAnswer> {
    const { settings, key, caller, now, randomBytes } = this.options;
    const path = settings.paths[name];
    if (path === "") throw new TillsyncError("NOT_FOUND", { acquirer: settings.code, path: name });
    return caller.call({
      toRequest: () => {
        const body = toBody();
        const signed = { at: now(), nonce: toHex(randomBytes(NONCE_BYTES)), body };
        const { appid, serial } = settings;
        const authorization = toAuthorization({ appid, serial, key }, signed);
        return { method: "POST", path: toPath(caller.endpoint, path), headers: { authorization }, body };
      },
      judge: (reply) => this.#judge(reply),
      repeats,
    });
  }

  #judge({ status, headers, body, isJson }: Reply): Judged<LakalaAnswer> {
    const { settings, platformKeys: keys, now } = this.options;
    const text = toText(body);
    const isFault = status >= FIRST_SERVER_FAULT;
    try {
      verifyAnswer(headers, text, { appid: settings.appid, keys, seen: this.#seen, now: now() });
    } catch (error) {
      // What stands before the platform answers for it when it is out of order, and cannot sign.
      if (isFault && toErrorCode(error) === "ACQUIRER_UNSIGNED") return fail(status, {});
      throw error;
    }
    if (status !== OK) return fail(status, {});
    if (!isJson) throw outside("content type");
    const members = parseMembers(text);
    // The gateway says `code` and `message` whatever the interface.
    const code = toCode(readText(members, "retCode") || readText(members, "code"));
    if (code === "") throw outside("retCode");
    if (GATEWAY.test(code)) return fail(status, { acquirer: code, sent: false });
    const words = toWords(readText(members, "retMsg", 1_024) || readText(members, "message", 1_024));
    return { answer: { isDone: code === DONE, code, words, data: toMembers(members["respData"] ?? {}, "respData") } };
  }
}

function fail(status: number, facts: Readonly<Record<string, string | boolean>>): Judged<LakalaAnswer> {
  const error = new TillsyncError("ACQUIRER_FAILED", { what: "status", status, ...facts });
  return { error, again: true, counts: facts["sent"] !== false };
}
