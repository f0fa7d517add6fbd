import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from "node:crypto";
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { CARD_KEY_BYTES, MAX_SEALED_BYTES } from "../proto/bounds.ts";
import { concat, isEqual, SALT_BYTES, toDigest, toUtf8 } from "../proto/bytes.ts";
import { toCardKeyBytes } from "../proto/card-key.ts";
import type { Recipient } from "../proto/delivery.ts";
import type { Directive } from "../proto/directive.ts";
import { PAYLOAD_TYPES } from "../proto/dsse.ts";
import { TillsyncError } from "../proto/errors.ts";
import type { Binding } from "../proto/profile.ts";
import { toCommitment } from "../proto/settlement.ts";
import type { Tusn } from "../proto/tusn.ts";
import { verifyMessage } from "./signatures.ts";
import { checkRsaKey } from "./x509/rsa-key.ts";

// A card number as only one terminal can read it: HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256),
// HKDF-SHA256 and AES-256-GCM (clause 3.5). It is no signature: what makes it worth anything is the signed commitment.

const INFO = toUtf8("tillsync card number v1");
/** Of a raw X25519 public key in a SubjectPublicKeyInfo (RFC 8410). */
const SPKI_PREFIX = Buffer.from("302a300506032b656e032100", "hex");
const NUMBER = /^\d{8,32}$/;

/** What a commitment is opened with. */
export interface Opening {
  /** ASCII digits. */
  readonly number: string;
  /** 16 random bytes. */
  readonly salt: Uint8Array;
}

/** What is sealed is good for this terminal and this commitment only. */
export interface SealedFor {
  readonly tusn: Tusn;
  readonly commitment: Uint8Array;
}

/**
 * Seals a number to a terminal's card key, which `verifyRecipient` has vouched for.
 *
 * @throws TillsyncError SEAL_INVALID where the opening is not that of the commitment, or the key can keep no secret
 */
export async function sealCardNumber(
  cardKey: Uint8Array,
  { number, salt }: Opening,
  { tusn, commitment }: SealedFor,
): Promise<Uint8Array> {
  demand(NUMBER.test(number) && salt.length === SALT_BYTES, "opening");
  demand(isEqual(toCommitment(number, salt), commitment), "commitment");
  demand(isSoundKey(cardKey), "card_key");
  const suite = createSuite();
  const recipientPublicKey = await suite.kem.deserializePublicKey(cardKey);
  const { enc, ct } = await suite.seal(
    { recipientPublicKey, info: INFO },
    concat(salt, toUtf8(number)),
    toAssociatedData({ tusn, commitment }),
  );
  return concat(new Uint8Array(enc), new Uint8Array(ct));
}

/**
 * The card number that was approved. The last four digits, which people read and typed before they signed, must be
 * those of the number: whoever made the binding could have committed to another one.
 *
 * @throws TillsyncError SEAL_INVALID unless it opens under this key for this terminal and is what the binding tells
 */
export async function openCardNumber(
  privateKey: KeyObject,
  sealed: Uint8Array,
  { tusn, binding }: { readonly tusn: Tusn; readonly binding: Binding },
): Promise<string> {
  const { commitment, bin, last4 } = binding;
  demand(sealed.length > CARD_KEY_BYTES && sealed.length <= MAX_SEALED_BYTES, "length");
  const opened = await open(privateKey, sealed, toAssociatedData({ tusn, commitment }));
  const [salt, digits] = [opened.subarray(0, SALT_BYTES), opened.subarray(SALT_BYTES)];
  const number = Buffer.from(digits).toString("latin1");
  demand(NUMBER.test(number) && isEqual(toCommitment(number, salt), commitment), "commitment");
  demand(number.startsWith(bin) && number.endsWith(last4), "digits");
  return number;
}

/**
 * Whether a card key is the one of the terminal that a directive names: its device key says so.
 *
 * @throws TillsyncError SEAL_INVALID
 */
export function verifyRecipient(recipient: Recipient, directive: Pick<Directive, "tusn" | "deviceKey">): void {
  const { deviceKey, cardKey, proof } = recipient;
  demand(isEqual(toDigest(deviceKey), directive.deviceKey), "device_key");
  demand(isSoundKey(cardKey), "card_key");
  try {
    const key = checkRsaKey(createPublicKey({ key: Buffer.from(deviceKey), format: "der", type: "spki" }));
    verifyMessage(key, PAYLOAD_TYPES.cardKey, toCardKeyBytes(directive.tusn, cardKey), proof);
  } catch (cause) {
    throw new TillsyncError("SEAL_INVALID", { part: "proof" }, cause);
  }
}

/** A new X25519 private key. */
export function createCardKey(): KeyObject {
  return generateKeyPairSync("x25519").privateKey;
}

/** The public half, 32 bytes. */
export function toRawCardKey(key: KeyObject): Uint8Array {
  const spki = (key.type === "public" ? key : createPublicKey(key)).export({ type: "spki", format: "der" });
  return spki.subarray(SPKI_PREFIX.length);
}

/** @throws TillsyncError KEY_INVALID unless the text is an unencrypted X25519 private key, PKCS#8 in PEM */
export function parseCardKey(pem: string): KeyObject {
  const key = readPrivateKey(pem);
  if (key.asymmetricKeyType !== "x25519") throw new TillsyncError("KEY_INVALID", { expected: "x25519" });
  return key;
}

/** The one suite: nothing about it is negotiated. */
export function createSuite(): CipherSuite {
  return new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
}

/** The commitment has one length, so that the two parts can be told apart. */
function toAssociatedData({ tusn, commitment }: SealedFor): Uint8Array {
  return concat(toUtf8(tusn), commitment);
}

async function open(privateKey: KeyObject, sealed: Uint8Array, associatedData: Uint8Array): Promise<Uint8Array> {
  const [enc, ct] = [sealed.slice(0, CARD_KEY_BYTES), sealed.slice(CARD_KEY_BYTES)];
  const suite = createSuite();
  try {
    const raw = Buffer.from(String(privateKey.export({ format: "jwk" }).d), "base64url");
    const recipientKey = await suite.kem.deserializePrivateKey(raw);
    return new Uint8Array(await suite.open({ recipientKey, enc, info: INFO }, ct, associatedData));
  } catch (cause) {
    throw new TillsyncError("SEAL_INVALID", { part: "sealed" }, cause);
  }
}

/**
 * With a point of small order every private key agrees on the secret 0, which whoever reads along knows too (RFC 7748,
 * section 6.1). OpenSSL refuses to agree on it, whatever key is tried.
 */
function isSoundKey(cardKey: Uint8Array): boolean {
  if (cardKey.length !== CARD_KEY_BYTES) return false;
  try {
    const key = Buffer.from(concat(SPKI_PREFIX, cardKey));
    const publicKey = createPublicKey({ key, format: "der", type: "spki" });
    return diffieHellman({ privateKey: createCardKey(), publicKey }).length > 0;
  } catch {
    return false;
  }
}

function readPrivateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new TillsyncError("KEY_INVALID", {}, cause);
  }
}

function demand(holds: boolean, part: string): void {
  if (!holds) throw new TillsyncError("SEAL_INVALID", { part });
}
