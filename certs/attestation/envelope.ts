import { type KeyObject, sign, verify } from "node:crypto";
import { toUtf8 } from "../../proto/bytes.ts";
import { PAYLOAD_TYPES, toPreAuthEncoding } from "../../proto/dsse.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { toPublicKey } from "../keys.ts";
import { parseMetadata, toRoleKeys, toTufKey } from "../trust/metadata.ts";
import { MAX_ATTESTATION_BYTES, readJson } from "./format.ts";
import { base64, choice, demand, hex, list, record } from "./shape.ts";

// A signed attestation is a DSSE envelope in JSON. The key is the one that signs trust timestamps, and what it signs here
// begins with "DSSEv1 ", where metadata begins with "{": no bytes are ever both.

const MAX_SIGNATURES = 4;
const SIGNATURE_BYTES = 64;
/** Base64 of the largest attestation, and what stands around it. */
export const MAX_SIGNED_ATTESTATION_BYTES = Math.ceil(MAX_ATTESTATION_BYTES / 3) * 4 + 4_096;

const ENVELOPE = record({
  payload: base64(MAX_SIGNED_ATTESTATION_BYTES),
  payloadType: choice([PAYLOAD_TYPES.attestation]),
  signatures: list(record({ keyid: hex(32), sig: base64() }), MAX_SIGNATURES),
});

/** The envelope of an attestation in its canonical bytes. @param onlineKey the key that signs timestamps */
export function signAttestation(onlineKey: KeyObject, payload: Uint8Array): Uint8Array {
  const sig = sign(null, toPreAuthEncoding(PAYLOAD_TYPES.attestation, payload), onlineKey);
  const envelope = {
    payloadType: PAYLOAD_TYPES.attestation,
    payload: Buffer.from(payload).toString("base64"),
    signatures: [{ keyid: toTufKey(toPublicKey(onlineKey)).id, sig: sig.toString("base64") }],
  };
  return toUtf8(`${JSON.stringify(envelope)}\n`);
}

/** Whether a file means to be a signed attestation, whatever it is. */
export function isSignedAttestation(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7b && Buffer.from(bytes).includes('"payloadType"');
}

/**
 * The attestation's bytes, once a key signed them that the root gives the role timestamp.
 *
 * @param root in its exact bytes, trusted already
 * @returns the bytes, and the id of that key as the root has it
 * @throws TillsyncError ATTESTATION_INVALID, BYTES_TOO_LARGE
 */
export function openEnvelope(
  bytes: Uint8Array,
  root: Uint8Array,
): { readonly payload: Uint8Array; readonly keyId: string } {
  if (bytes.length > MAX_SIGNED_ATTESTATION_BYTES) {
    throw new TillsyncError("BYTES_TOO_LARGE", { most: MAX_SIGNED_ATTESTATION_BYTES });
  }
  const { payload, signatures } = ENVELOPE(readJson(bytes), "envelope");
  const encoding = toPreAuthEncoding(PAYLOAD_TYPES.attestation, payload);
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
