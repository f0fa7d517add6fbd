import { createCipheriv, createDecipheriv, timingSafeEqual } from "node:crypto";
import { Secret, TOTP as Totp } from "otpauth";
import { concat, toUtf8 } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { isCode, listSteps, TOTP } from "../../domain/accounts/totp.ts";
import type { Context } from "../context.ts";
import type { AccountKeys } from "./account-key.ts";

// Secrets of second factors (RFC 6238), AES-256-GCM under the accounts' key. What is sealed says whose it is: in
// another account's row it does not open.

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** As long as a SHA-1, as RFC 4226 asks for. */
const SECRET_BYTES = 20;
const SEALED_BYTES = NONCE_BYTES + SECRET_BYTES + TAG_BYTES;
const ISSUER = "Tillsync";
const MS = 1_000;

/** Never to be kept: `uri` is the secret itself. */
export interface NewTotp {
  readonly sealed: Uint8Array;
  readonly uri: string;
}

export function createTotp(
  { randomBytes }: Pick<Context, "randomBytes">,
  { totp }: AccountKeys,
  account: string,
): NewTotp {
  const secret = randomBytes(SECRET_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, totp, nonce, { authTagLength: TAG_BYTES }).setAAD(toContext(account));
  const sealed = concat(nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag());
  return { sealed, uri: toGenerator(secret, account).toString() };
}

/**
 * The step that a code is of, if it is right now and comes after `lastStep`; every candidate is compared, in
 * constant time.
 *
 * @throws TillsyncError KEY_FILE_INVALID where the secret does not open, which an unaltered row's does
 */
export function findStep(
  { totp }: AccountKeys,
  account: string,
  sealed: Uint8Array,
  { code, now, lastStep }: { readonly code: string; readonly now: number; readonly lastStep: number },
): number | undefined {
  const generator = toGenerator(openSecret(totp, account, sealed), account);
  const given = Buffer.from(isCode(code) ? code : "-".repeat(TOTP.digits));
  return listSteps(now, lastStep).filter((step) => {
    const right = generator.generate({ timestamp: step * TOTP.stepS * MS });
    return timingSafeEqual(Buffer.from(right), given);
  })[0];
}

function openSecret(key: Uint8Array, account: string, sealed: Uint8Array): Uint8Array {
  try {
    if (sealed.length !== SEALED_BYTES) throw new Error("length");
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(toContext(account)).setAuthTag(sealed.subarray(-TAG_BYTES));
    return concat(decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final());
  } catch {
    throw new TillsyncError("KEY_FILE_INVALID", { what: "does not open a second factor" });
  }
}

function toGenerator(secret: Uint8Array, label: string): Totp {
  const { algorithm, digits, stepS } = TOTP;
  const buffer = new Uint8Array(secret).buffer;
  return new Totp({ issuer: ISSUER, label, algorithm, digits, period: stepS, secret: new Secret({ buffer }) });
}

function toContext(account: string): Uint8Array {
  return toUtf8(`tillsync totp\n${account}`);
}
