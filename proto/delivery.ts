import {
  CARD_KEY_BYTES,
  MAX_DELIVERY_BYTES,
  MAX_DEVICE_KEY_BYTES,
  MAX_DEVICE_SIGNATURE_BYTES,
  MAX_PATH_HASHES,
  MAX_RELEASE_FILE_BYTES,
  MAX_SEALED_BYTES,
  MAX_SIGNATURES,
  MAX_UINT32,
} from "./bounds.ts";
import { DIGEST_BYTES, NONCE_BYTES } from "./bytes.ts";
import { check, checkAtMost, checkLength, checkLine, checkRange } from "./check.ts";
import { decode, encode } from "./codec.ts";
import { tillsync } from "./gen/tillsync.js";
import { toRedacted } from "./redaction.ts";

const SIGNATURE_BYTES = 64;
const MAX_REASON_CHARACTERS = 500;

/** One approver's Ed25519 signature over a statement (clause 4.2). */
export interface Signature {
  /** SHA-256 of the raw public key. */
  readonly keyId: Uint8Array;
  readonly value: Uint8Array;
}

/** What a terminal is sent: opaque signed bytes with their proof (clause 5.2). */
export interface Delivery {
  readonly statement: Uint8Array;
  readonly signatures: readonly Signature[];
  readonly index: number;
  readonly path: readonly Uint8Array[];
  readonly directive: Uint8Array;
  /** Chosen by the service, given back in reports. */
  readonly nonce: Uint8Array;
  /** The card number, readable by the terminal only (clause 3.5); empty where it needs none. */
  readonly sealed: Uint8Array;
}

/** The terminal of leaf `index` needs the card number, and how it is to be sealed (clause 3.5). */
export interface Recipient {
  readonly index: number;
  /** SubjectPublicKeyInfo in DER. */
  readonly deviceKey: Uint8Array;
  /** X25519 public key. */
  readonly cardKey: Uint8Array;
  /** The device key's signature over the card key. */
  readonly proof: Uint8Array;
}

/** The card number for the terminal of leaf `index`. */
export interface Sealed {
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** A release on its way from builder to approvers to service (clause 4.4); `bases[i]` is what `directives[i]` replaces. */
export interface ReleaseFile {
  readonly statement: Uint8Array;
  readonly signatures: readonly Signature[];
  readonly directives: readonly Uint8Array[];
  readonly bases: readonly Uint8Array[];
  readonly reason: string;
  /** By rising index, as are `sealed`; at most one of each per leaf. */
  readonly recipients: readonly Recipient[];
  readonly sealed: readonly Sealed[];
}

export function toDeliveryBytes(delivery: Delivery): Uint8Array {
  return encode(tillsync.Delivery, { ...delivery, signatures: [...delivery.signatures], path: [...delivery.path] });
}

/** @throws TillsyncError BYTES_TOO_LARGE, BYTES_NOT_CANONICAL, FIELD_INVALID */
export function parseDelivery(bytes: Uint8Array): Delivery {
  const message = decode(tillsync.Delivery, bytes, MAX_DELIVERY_BYTES);
  check(message.path.length <= MAX_PATH_HASHES, "delivery.path");
  return {
    statement: message.statement,
    signatures: parseSignatures(message.signatures),
    index: checkRange(message.index, 0, MAX_UINT32, "delivery.index"),
    path: message.path.map((hash) => checkLength(hash, [DIGEST_BYTES], "delivery.path")),
    directive: message.directive,
    nonce: checkLength(message.nonce, [NONCE_BYTES], "delivery.nonce"),
    sealed: checkAtMost(message.sealed, MAX_SEALED_BYTES, "delivery.sealed"),
  };
}

export function toReleaseFileBytes(file: ReleaseFile): Uint8Array {
  return encode(tillsync.ReleaseFile, {
    ...file,
    signatures: [...file.signatures],
    directives: [...file.directives],
    bases: [...file.bases],
    recipients: [...file.recipients],
    sealed: [...file.sealed],
  });
}

/** @throws TillsyncError BYTES_TOO_LARGE, BYTES_NOT_CANONICAL, FIELD_INVALID */
export function parseReleaseFile(bytes: Uint8Array): ReleaseFile {
  const message = decode(tillsync.ReleaseFile, bytes, MAX_RELEASE_FILE_BYTES);
  check(message.directives.length >= 1 && message.directives.length === message.bases.length, "release_file.bases");
  checkLine(message.reason, MAX_REASON_CHARACTERS, "release_file.reason");
  // It is stored and shown as it stands.
  check(toRedacted(message.reason) === message.reason, "release_file.reason");
  return {
    statement: message.statement,
    signatures: parseSignatures(message.signatures),
    directives: message.directives,
    bases: message.bases,
    reason: message.reason,
    recipients: parseRecipients(message.recipients, message.directives.length),
    sealed: parseSealed(message.sealed, message.directives.length),
  };
}

function parseRecipients(messages: readonly object[], leaves: number): readonly Recipient[] {
  const recipients = (messages as readonly tillsync.Recipient[]).map((message) => ({
    index: message.index,
    deviceKey: checkAtMost(message.deviceKey, MAX_DEVICE_KEY_BYTES, "recipient.device_key"),
    cardKey: checkLength(message.cardKey, [CARD_KEY_BYTES], "recipient.card_key"),
    proof: checkAtMost(message.proof, MAX_DEVICE_SIGNATURE_BYTES, "recipient.proof"),
  }));
  checkIndexes(recipients, leaves, "release_file.recipients");
  return recipients;
}

function parseSealed(messages: readonly object[], leaves: number): readonly Sealed[] {
  const sealed = (messages as readonly tillsync.Sealed[]).map((message) => ({
    index: message.index,
    bytes: checkAtMost(message.bytes, MAX_SEALED_BYTES, "sealed.bytes"),
  }));
  checkIndexes(sealed, leaves, "release_file.sealed");
  return sealed;
}

/** Rising, so that no leaf is there twice, and each of a leaf that there is. */
function checkIndexes(parts: readonly { readonly index: number }[], leaves: number, field: string): void {
  let last = -1;
  for (const { index } of parts) {
    check(index > last && index < leaves, field);
    last = index;
  }
}

function parseSignatures(messages: readonly object[]): readonly Signature[] {
  check(messages.length <= MAX_SIGNATURES, "signatures");
  // A decoded sub-message carries its defaults, which the generated type of a field does not tell.
  return (messages as readonly tillsync.Signature[]).map((message) => ({
    keyId: checkLength(message.keyId, [DIGEST_BYTES], "signature.key_id"),
    value: checkLength(message.value, [SIGNATURE_BYTES], "signature.value"),
  }));
}
