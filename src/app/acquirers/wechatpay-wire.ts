import type { KeyObject } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isTextSignature, signText } from "../../../certs/acquirer/rsa.ts";
import { unsigned } from "./answer.ts";
import type { SeenAnswers } from "./seen.ts";

// How WeChat Pay's API v3 signs: requests as WECHATPAY2-SHA256-RSA2048, answers by the platform's key.

const SCHEME = "WECHATPAY2-SHA256-RSA2048";

export interface WechatPayIdentity {
  readonly mchid: string;
  /** Of the certificate that belongs to the key. */
  readonly serial: string;
  readonly key: KeyObject;
}

export interface ToSign {
  readonly method: string;
  /** With its query, without the host. */
  readonly path: string;
  readonly body: string;
  /** Seconds. */
  readonly at: number;
  readonly nonce: string;
}

/** The five lines that a request's signature covers. */
export function toRequestText({ method, path, body, at, nonce }: ToSign): string {
  return `${method}\n${path}\n${at}\n${nonce}\n${body}\n`;
}

/** The header Authorization. */
export function toAuthorization({ mchid, serial, key }: WechatPayIdentity, toSign: ToSign): string {
  const fields = {
    mchid,
    nonce_str: toSign.nonce,
    signature: signText(key, toRequestText(toSign)),
    timestamp: String(toSign.at),
    serial_no: serial,
  };
  return `${SCHEME} ${Object.entries(fields)
    .map(([name, value]) => `${name}="${value}"`)
    .join(",")}`;
}

/** The three lines that an answer's signature covers. */
export function toAnswerText(at: string, nonce: string, body: string): string {
  return `${at}\n${nonce}\n${body}\n`;
}

/** @throws TillsyncError ACQUIRER_UNSIGNED unless one of the platform's keys signed it, lately and for the first time */
export function verifyAnswer(
  headers: IncomingHttpHeaders,
  body: string,
  {
    keys,
    seen,
    now,
  }: { readonly keys: ReadonlyMap<string, KeyObject>; readonly seen: SeenAnswers; readonly now: number },
): void {
  const [at, nonce, serial, signature] = ["timestamp", "nonce", "serial", "signature"].map((name) =>
    String(headers[`wechatpay-${name}`] ?? ""),
  ) as [string, string, string, string];
  const key = keys.get(serial);
  if (signature === "" || key === undefined) throw unsigned(signature === "" ? "signature" : "key");
  if (!isTextSignature(key, toAnswerText(at, nonce, body), signature)) throw unsigned("signature");
  seen.take(`${serial} ${nonce} ${at}`, /^\d{1,12}$/.test(at) ? Number(at) : Number.NaN, now);
}
