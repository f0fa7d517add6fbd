import { DIGEST_BYTES } from "../../../proto/bytes.ts";
import { checkLine, checkText } from "../../../proto/check.ts";
import { parseFlatJson } from "../../../proto/flat-json.ts";

export const MAX_REASON_CHARACTERS = 200;
const HEX_DIGITS = 2 * DIGEST_BYTES;
const DEVICE_KEY = new RegExp(`^[0-9a-f]{${HEX_DIGITS}}$`);
const MERCHANT = /^\d{15}$/;

/** What a person asks for about a terminal, in bytes that he signed. */
export interface UnbindingBody {
  /** SHA-256 of the SubjectPublicKeyInfo that it has now. */
  readonly deviceKey: Uint8Array;
  readonly reason: string;
  /** Number of the merchant that it goes to; empty where it stays. */
  readonly merchant: string;
}

/** A request as it came, and what signed it. */
export interface SignedEvidence {
  /** The header `authorization`. */
  readonly authorization: string;
  readonly method: string;
  readonly path: string;
  readonly body: Uint8Array;
}

/**
 * `{"deviceKey": 64 hexadecimal digits, "reason": a line}` with or without `"merchant": 15 digits`.
 *
 * @throws TillsyncError BYTES_TOO_LARGE, FIELD_INVALID, FIELD_MISSING, SENSITIVE_DATA
 */
export function parseUnbindingBody(bytes: Uint8Array): UnbindingBody {
  const isMoving = /"merchant"\s*:/.test(Buffer.from(bytes).toString("latin1"));
  const {
    deviceKey,
    reason,
    merchant = "",
  } = isMoving
    ? parseFlatJson(bytes, ["deviceKey", "reason", "merchant"])
    : { ...parseFlatJson(bytes, ["deviceKey", "reason"]), merchant: undefined };
  return {
    deviceKey: parseDeviceKey(deviceKey),
    reason: checkLine(reason, MAX_REASON_CHARACTERS, "reason"),
    merchant: isMoving ? checkText(merchant, MERCHANT, "merchant") : "",
  };
}

/** The body of an admission: `{"deviceKey": 64 hexadecimal digits}`. @throws TillsyncError as `parseUnbindingBody` */
export function parseAdmissionBody(bytes: Uint8Array): Uint8Array {
  return parseDeviceKey(parseFlatJson(bytes, ["deviceKey"]).deviceKey);
}

/** The request as it is kept: whoever has the policy can verify it at any later time. */
export function toEvidence({ authorization, method, path, body }: SignedEvidence): string {
  return JSON.stringify({ authorization, body: Buffer.from(body).toString("base64"), method, path });
}

function parseDeviceKey(text: string): Uint8Array {
  return Buffer.from(checkText(text, DEVICE_KEY, "deviceKey"), "hex");
}
