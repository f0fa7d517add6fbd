import { type KeyObject, sign, verify } from "node:crypto";
import { toUtf8 } from "../../proto/bytes.ts";
import { PAYLOAD_TYPES, toPreAuthEncoding } from "../../proto/dsse.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { toPublicKey } from "../keys.ts";
import { parseMetadata, toRoleKeys, toTufKey } from "../trust/metadata.ts";
import { MAX_DOCUMENT_BYTES, readJson } from "./format.ts";
import { base64, choice, demand, hex, list, record } from "./shape.ts";

// What the service signs for people to keep is a DSSE envelope in JSON: attestations of terminals, receipts of changes.
// The key is the one that signs trust timestamps, and what it signs here begins with "DSSEv1 ", where metadata begins
// with "{": no bytes are ever both.

const DOCUMENT_TYPES = [PAYLOAD_TYPES.attestation, PAYLOAD_TYPES.receipt] as const;
export type DocumentType = (typeof DOCUMENT_TYPES)[number];

const MAX_SIGNATURES = 4;
const SIGNATURE_BYTES = 64;
/** Base64 of the largest document, and what stands around it. */
export const MAX_SIGNED_DOCUMENT_BYTES = Math.ceil(MAX_DOCUMENT_BYTES / 3) * 4 + 4_096;

const ENVELOPE = record({
  payload: base64(MAX_SIGNED_DOCUMENT_BYTES),
  payloadType: choice(DOCUMENT_TYPES),
  signatures: list(record({ keyid: hex(32), sig: base64() }), MAX_SIGNATURES),
});

/** A signature of the service's over a document, and the id of the key as the root has it. */
export interface ServiceSignature {
  readonly keyId: string;
  readonly value: Uint8Array;
}

/** @param onlineKey the key that signs timestamps */
export function signDocument(onlineKey: KeyObject, type: DocumentType, payload: Uint8Array): ServiceSignature {
  const value = sign(null, toPreAuthEncoding(type, payload), onlineKey);
  return { keyId: toTufKey(toPublicKey(onlineKey)).id, value };
}

/** The envelope of a document in its canonical bytes. */
export function toEnvelopeFile(type: DocumentType, payload: Uint8Array, { keyId, value }: ServiceSignature) {
  const envelope = {
    payloadType: type,
    payload: Buffer.from(payload).toString("base64"),
    signatures: [{ keyid: keyId, sig: Buffer.from(value).toString("base64") }],
  };
  return toUtf8(`${JSON.stringify(envelope)}\n`);
}

/** The envelope of an attestation in its canonical bytes. @param onlineKey the key that signs timestamps */
export function signAttestation(onlineKey: KeyObject, payload: Uint8Array): Uint8Array {
  const type = PAYLOAD_TYPES.attestation;
  return toEnvelopeFile(type, payload, signDocument(onlineKey, type, payload));
}

/** Which signed document a file means to be, whatever it is; undefined where it means to be none. */
export function findDocumentType(bytes: Uint8Array): DocumentType | undefined {
  const text = Buffer.from(bytes);
  if (bytes[0] !== 0x7b || !text.includes('"payloadType"')) return undefined;
  return text.includes(`"${PAYLOAD_TYPES.receipt}"`) ? PAYLOAD_TYPES.receipt : PAYLOAD_TYPES.attestation;
}

/**
 * The document's bytes, once a key signed them that the root gives the role timestamp.
 *
 * @param root in its exact bytes, trusted already
 * @returns the bytes, and the id of that key as the root has it
 * @throws TillsyncError ATTESTATION_INVALID, also for a document of another type; BYTES_TOO_LARGE
 */
export function openEnvelope(
  bytes: Uint8Array,
  root: Uint8Array,
  type: DocumentType,
): { readonly payload: Uint8Array; readonly keyId: string } {
  if (bytes.length > MAX_SIGNED_DOCUMENT_BYTES) {
    throw new TillsyncError("BYTES_TOO_LARGE", { most: MAX_SIGNED_DOCUMENT_BYTES });
  }
  const { payload, payloadType, signatures } = ENVELOPE(readJson(bytes), "envelope");
  demand(payloadType === type, "payloadType: another kind of document");
  const encoding = toPreAuthEncoding(type, payload);
  const { keys } = toRoleKeys(parseMetadata("root", root), "timestamp");
  // One key is enough, whatever the role's threshold: the service has one.
  const signer = signatures.find(({ keyid, sig }) => {
    const key = keys.get(keyid);
    return key !== undefined && sig.length === SIGNATURE_BYTES && verify(null, encoding, key.key, sig);
  });
  demand(signer !== undefined, "signature: not by the service that the trusted root names");
  demand(signatures.length === 1, "signatures");
  return { payload, keyId: signer?.keyid ?? "" };
}
