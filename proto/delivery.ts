import { MAX_DELIVERY_BYTES, MAX_PATH_HASHES, MAX_RELEASE_FILE_BYTES, MAX_SIGNATURES, MAX_UINT32 } from "./bounds.ts";
import { DIGEST_BYTES, NONCE_BYTES } from "./bytes.ts";
import { check, checkLength, checkLine, checkRange } from "./check.ts";
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
}

/** A release on its way from builder to approvers to service (clause 4.4); `bases[i]` is what `directives[i]` replaces. */
export interface ReleaseFile {
  readonly statement: Uint8Array;
  readonly signatures: readonly Signature[];
  readonly directives: readonly Uint8Array[];
  readonly bases: readonly Uint8Array[];
  readonly reason: string;
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
  };
}

export function toReleaseFileBytes(file: ReleaseFile): Uint8Array {
  return encode(tillsync.ReleaseFile, {
    ...file,
    signatures: [...file.signatures],
    directives: [...file.directives],
    bases: [...file.bases],
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
  };
}

function parseSignatures(messages: readonly object[]): readonly Signature[] {
  check(messages.length <= MAX_SIGNATURES, "signatures");
  // A decoded sub-message carries its defaults, which the generated type of a field does not tell.
  return (messages as readonly tillsync.Signature[]).map((message) => ({
    keyId: checkLength(message.keyId, [DIGEST_BYTES], "signature.key_id"),
    value: checkLength(message.value, [SIGNATURE_BYTES], "signature.value"),
  }));
}
