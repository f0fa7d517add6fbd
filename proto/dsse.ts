import { concat, toUtf8 } from "./bytes.ts";

/** DSSE payload types: a signature made for one kind of message is never good for another. */
export const PAYLOAD_TYPES = {
  statement: "application/vnd.tillsync.statement.v1",
  hello: "application/vnd.tillsync.hello.v1",
  report: "application/vnd.tillsync.report.v1",
  cardKey: "application/vnd.tillsync.card-key.v1",
  request: "application/vnd.tillsync.request.v1",
  proof: "application/vnd.tillsync.proof.v1",
  attestation: "application/vnd.tillsync.attestation.v1+json",
  receipt: "application/vnd.tillsync.receipt.v1+json",
} as const;
export type PayloadType = (typeof PAYLOAD_TYPES)[keyof typeof PAYLOAD_TYPES];

/** DSSE v1 pre-authentication encoding: `DSSEv1 SP len(type) SP type SP len(body) SP body`, lengths in decimal bytes. */
export function toPreAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = toUtf8(payloadType);
  return concat(toUtf8(`DSSEv1 ${type.length} `), type, toUtf8(` ${payload.length} `), payload);
}
