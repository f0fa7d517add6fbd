import { createHmac } from "node:crypto";
import { type StartTimer, startTimer } from "../../../broker/guard/timer.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { exchange, toEndpoint, toPath } from "../http-client/client.ts";
import { parseKeyFile, readPublicFile, readSecretFile } from "../key-files.ts";
import type { SendNotice } from "./sender.ts";
import type { WebhookSettings } from "./settings.ts";

const MAX_ANSWER_BYTES = 4_096;
const SECRET = /^[0-9a-f]{64,256}$/;

/**
 * Posts a notice as JSON. The header `Tillsync-Signature` is `t=SECONDS,v1=HEX`, HMAC-SHA256 over `SECONDS.BODY`; `Tillsync-Notice`
 * names the notice, which is the same when it comes again. Any status from 200 to 299 is taken as delivered.
 *
 * @param now seconds
 * @throws TillsyncError CONFIG_INVALID; DATA_FOLDER_INVALID where a file of the settings cannot be used
 */
export function openWebhook(settings: WebhookSettings, now: () => number, timer: StartTimer = startTimer): SendNotice {
  const { name, url, secretFile, caFile } = settings;
  const secret = parseKeyFile(secretFile, readSecretFile(secretFile).trim(), parseSecret);
  const ca = caFile === undefined ? undefined : readPublicFile(caFile);
  const endpoint = toEndpoint(url, `notices.${name}.url`, ca);
  return async ({ id, content }) => {
    const body = JSON.stringify({ id, ...JSON.parse(content) });
    const at = now();
    const headers = {
      "tillsync-notice": String(id),
      "tillsync-signature": `t=${at},v1=${toSignature(secret, at, body)}`,
    };
    const request = { method: "POST", path: toPath(endpoint, ""), headers, body } as const;
    const options = { code: "NOTICE_FAILED", maxAnswerBytes: MAX_ANSWER_BYTES, startTimer: timer } as const;
    const { status } = await exchange(endpoint, request, options);
    if (status < 200 || status > 299) throw new TillsyncError("NOTICE_FAILED", { channel: "webhook", status });
  };
}

/** Hexadecimal. */
export function toSignature(secret: Uint8Array, at: number, body: string): string {
  return createHmac("sha256", secret).update(`${at}.${body}`).digest("hex");
}

function parseSecret(text: string): Uint8Array {
  if (!SECRET.test(text)) throw new TillsyncError("KEY_INVALID", { expected: "32 bytes or more in hexadecimal" });
  return Buffer.from(text, "hex");
}
