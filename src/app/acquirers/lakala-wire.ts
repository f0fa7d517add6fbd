import type { KeyObject } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isTextSignature, signText } from "../../../certs/acquirer/rsa.ts";
import { unsigned } from "./answer.ts";
import type { SeenAnswers } from "./seen.ts";

// How Lakala's open platform signs: requests and answers alike over five lines, as LKLAPI-SHA256withRSA.

const SCHEME = "LKLAPI-SHA256withRSA";

export interface LakalaIdentity {
  readonly appid: string;
  readonly serial: string;
  readonly key: KeyObject;
}

export interface Signed {
  readonly appid: string;
  readonly serial: string;
  readonly at: string;
  readonly nonce: string;
  readonly body: string;
}

export function toSignedText({ appid, serial, at, nonce, body }: Signed): string {
  return `${appid}\n${serial}\n${at}\n${nonce}\n${body}\n`;
}

/** The header Authorization. */
export function toAuthorization(
  { appid, serial, key }: LakalaIdentity,
  { at, nonce, body }: { readonly at: number; readonly nonce: string; readonly body: string },
): string {
  const signature = signText(key, toSignedText({ appid, serial, at: String(at), nonce, body }));
  const fields = { appid, serial_no: serial, timestamp: String(at), nonce_str: nonce, signature };
  return `${SCHEME} ${Object.entries(fields)
    .map(([name, value]) => `${name}="${value}"`)
    .join(",")}`;
}

/** @throws TillsyncError ACQUIRER_UNSIGNED unless the platform signed it for this application, lately and for the first time */
export function verifyAnswer(
  headers: IncomingHttpHeaders,
  body: string,
  options: {
    readonly appid: string;
    readonly keys: ReadonlyMap<string, KeyObject>;
    readonly seen: SeenAnswers;
    readonly now: number;
  },
): void {
  const [appid, serial, at, nonce, signature] = ["appid", "serial", "timestamp", "nonce", "signature"].map((name) =>
    String(headers[`lklapi-${name}`] ?? ""),
  ) as [string, string, string, string, string];
  const key = options.keys.get(serial);
  if (signature === "" || key === undefined) throw unsigned(signature === "" ? "signature" : "key");
  if (appid !== options.appid) throw unsigned("appid");
  if (!isTextSignature(key, toSignedText({ appid, serial, at, nonce, body }), signature)) throw unsigned("signature");
  options.seen.take(`${serial} ${nonce} ${at}`, /^\d{1,12}$/.test(at) ? Number(at) : Number.NaN, options.now);
}
