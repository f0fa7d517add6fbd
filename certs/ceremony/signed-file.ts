import { type KeyObject, sign, verify } from "node:crypto";
import { type ApproverKey, toPublicKey } from "../keys.ts";
import { toCanonicalBytes } from "../trust/json.ts";
import { type Metadata, toTufKey } from "../trust/metadata.ts";

export type FileSignature = Metadata["signatures"][number];

/** A metadata file: `signed` with the signatures there are, in the form that `toMetadataBytes` has. */
export function toSignedBytes(signed: object, signatures: readonly FileSignature[]): Uint8Array {
  const list = signatures.map(({ keyId, value }) => ({ keyid: keyId, sig: Buffer.from(value).toString("hex") }));
  return Buffer.from(`${JSON.stringify({ signatures: list, signed }, null, 1)}\n`);
}

/** The file with this key's signature besides those of `known` that hold; all others are dropped. */
export function withSignature(file: Metadata, known: readonly ApproverKey[], key: KeyObject): Uint8Array {
  const bytes = toCanonicalBytes(file.signed);
  const { id } = toTufKey(toPublicKey(key));
  const others = toHolding(file, known).filter(({ keyId }) => keyId !== id);
  return toSignedBytes(file.signed, [...others, { keyId: id, value: sign(null, bytes, key) }]);
}

/** The signatures that hold, one for each of these keys at most. */
export function toHolding({ signed, signatures }: Metadata, known: readonly ApproverKey[]): readonly FileSignature[] {
  const bytes = toCanonicalBytes(signed);
  return toDistinct(known).flatMap((key) => {
    const { id } = toTufKey(key);
    const holding = signatures.find(({ keyId, value }) => keyId === id && verify(null, bytes, key.key, value));
    return holding === undefined ? [] : [holding];
  });
}

function toDistinct(keys: readonly ApproverKey[]): readonly ApproverKey[] {
  return [...new Map(keys.map((key) => [key.id, key])).values()];
}
