import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { toUtf8 } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { checkRsaKey } from "../x509/rsa-key.ts";

// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2), which WeChat Pay and Lakala sign requests and answers with.

/** In base64. */
export function signText(privateKey: KeyObject, text: string): string {
  return sign("sha256", toUtf8(text), privateKey).toString("base64");
}

/** Whether the signature, in base64, is this key's over the text. */
export function isTextSignature(publicKey: KeyObject, text: string, signature: string): boolean {
  return verify("sha256", toUtf8(text), publicKey, Buffer.from(signature, "base64"));
}

/**
 * The public key of an acquirer's platform, from a public key or a certificate in PEM.
 *
 * @throws TillsyncError KEY_INVALID unless it is RSA of 2,048 bits or more
 */
export function parsePlatformKey(pem: string): KeyObject {
  if (/PRIVATE/.test(pem)) throw new TillsyncError("KEY_INVALID", { expected: "a public key" });
  return checkRsaKey(read(pem));
}

function read(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new TillsyncError("KEY_INVALID", { expected: "a public key or certificate in PEM" }, cause);
  }
}
