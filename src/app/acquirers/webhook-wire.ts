import { createHmac, type KeyObject, sign, timingSafeEqual, verify } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { toDigest, toHex, toUtf8 } from "../../../proto/bytes.ts";
import { MAX_SKEW_S, unsigned } from "./answer.ts";

// How requests and answers of our own contract are signed (docs/acquirers.md). An answer's signature covers the nonce of the
// request, so that it answers nothing else.

const CONTEXT = "tillsync-acquirer-v1";

export type WebhookKeys =
  | { readonly algorithm: "hmac-sha256"; readonly secret: Uint8Array }
  | { readonly algorithm: "ed25519"; readonly privateKey: KeyObject; readonly answerKey: KeyObject };

export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  /** Seconds. */
  readonly at: number;
  readonly nonce: string;
  readonly body: string;
}

export function toRequestText({ method, path, at, nonce, body }: SignedRequest): string {
  return `${CONTEXT}\nrequest\n${method}\n${path}\n${at}\n${nonce}\n${toHex(toDigest(toUtf8(body)))}\n`;
}

export function toAnswerText(status: number, at: string, nonce: string, body: Uint8Array): string {
  return `${CONTEXT}\nanswer\n${status}\n${at}\n${nonce}\n${toHex(toDigest(body))}\n`;
}

/** The four headers of a signed request. */
export function toHeaders(keyId: string, keys: WebhookKeys, request: SignedRequest): Readonly<Record<string, string>> {
  return {
    "tillsync-key": keyId,
    "tillsync-timestamp": String(request.at),
    "tillsync-nonce": request.nonce,
    "tillsync-signature": signText(keys, toRequestText(request)),
  };
}

/** @throws TillsyncError ACQUIRER_UNSIGNED unless the acquirer signed it lately, as the answer to this nonce */
export function verifyAnswer(
  keys: WebhookKeys,
  answer: { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Uint8Array },
  { nonce, now }: { readonly nonce: string; readonly now: number },
): void {
  const at = String(answer.headers["tillsync-timestamp"] ?? "");
  const signature = Buffer.from(String(answer.headers["tillsync-signature"] ?? ""), "base64");
  if (!isSignature(keys, toAnswerText(answer.status, at, nonce, answer.body), signature)) throw unsigned("signature");
  if (!/^\d{1,12}$/.test(at) || Math.abs(now - Number(at)) > MAX_SKEW_S) throw unsigned("time");
}

function signText(keys: WebhookKeys, text: string): string {
  if (keys.algorithm === "hmac-sha256") return createHmac("sha256", keys.secret).update(text).digest("base64");
  return sign(null, toUtf8(text), keys.privateKey).toString("base64");
}

function isSignature(keys: WebhookKeys, text: string, signature: Uint8Array): boolean {
  if (keys.algorithm === "ed25519") return verify(null, toUtf8(text), keys.answerKey, signature);
  const expected = createHmac("sha256", keys.secret).update(text).digest();
  return expected.length === signature.length && timingSafeEqual(expected, signature);
}
