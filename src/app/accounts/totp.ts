import { createCipheriv, createDecipheriv, timingSafeEqual } from "node:crypto";
import { Secret, TOTP as Totp } from "otpauth";
import { concat, toUtf8 } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { isCode, listSteps, TOTP } from "../../domain/accounts/totp.ts";
import type { Context } from "../context.ts";
import type { AccountKey, AccountKeys } from "./account-key.ts";

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
  { current }: AccountKeys,
  account: string,
): NewTotp {
  const secret = randomBytes(SECRET_BYTES);
  const sealed = sealSecret(current, account, secret, randomBytes(NONCE_BYTES));
  return { sealed, uri: toGenerator(secret, account).toString() };
}

/**
 * The same secret under the current key; the very same bytes where it is under it.
 *
 * @throws TillsyncError KEY_FILE_INVALID where no key opens it
 */
export function resealTotp(
  { randomBytes }: Pick<Context, "randomBytes">,
  keys: AccountKeys,
  account: string,
  sealed: Uint8Array,
): Uint8Array {
  if (isOpenedBy(keys.current, account, sealed)) return sealed;
  return sealSecret(keys.current, account, openSecret(keys, account, sealed), randomBytes(NONCE_BYTES));
}

/** Whether a secret is sealed under this key. */
export function isOpenedBy(key: AccountKey, account: string, sealed: Uint8Array): boolean {
  return tryOpen(key, account, sealed) !== undefined;
}

/**
 * The step that a code is of, if it is right now and comes after `lastStep`; every candidate is compared, in
 * constant time.
 *
 * @throws TillsyncError KEY_FILE_INVALID where the secret does not open, which an unaltered row's does
 */
export function findStep(
  keys: AccountKeys,
  account: string,
  sealed: Uint8Array,
  { code, now, lastStep }: { readonly code: string; readonly now: number; readonly lastStep: number },
): number | undefined {
  const generator = toGenerator(openSecret(keys, account, sealed), account);
  const given = Buffer.from(isCode(code) ? code : "-".repeat(TOTP.digits));
  return listSteps(now, lastStep).filter((step) => {
    const right = generator.generate({ timestamp: step * TOTP.stepS * MS });
    return timingSafeEqual(Buffer.from(right), given);
  })[0];
}

function sealSecret({ totp }: AccountKey, account: string, secret: Uint8Array, nonce: Uint8Array): Uint8Array {
  const cipher = createCipheriv(CIPHER, totp, nonce, { authTagLength: TAG_BYTES }).setAAD(toContext(account));
  return concat(nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag());
}

function openSecret({ held }: AccountKeys, account: string, sealed: Uint8Array): Uint8Array {
  for (const key of held) {
    const secret = tryOpen(key, account, sealed);
    if (secret !== undefined) return secret;
  }
  throw new TillsyncError("KEY_FILE_INVALID", { what: "does not open a second factor" });
}

function tryOpen({ totp }: AccountKey, account: string, sealed: Uint8Array): Uint8Array | undefined {
  try {
    if (sealed.length !== SEALED_BYTES) throw new Error("length");
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(CIPHER, totp, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(toContext(account)).setAuthTag(sealed.subarray(-TAG_BYTES));
    return concat(decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final());
  } catch {
    return undefined;
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
