import { createPublicKey, type KeyObject, sign } from "node:crypto";
import asn1 from "node-forge/lib/asn1.js";
import {
  type Asn1,
  joinDer,
  parseDer,
  toBits,
  toDer,
  toForgeBytes,
  toNull,
  toOctets,
  toOid,
  toPem,
  toSequence,
  toSet,
  toTagged,
  toTaggedBytes,
  toWhole,
} from "../../certs/x509/der.ts";

/** What a certification request says, and how it is signed; right where nothing is said. */
export interface RequestFields {
  readonly commonName?: string;
  readonly uris?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly version?: number;
  readonly algorithm?: string;
  readonly hash?: string;
  /** Whose public key it names, where that is not the key that signs. */
  readonly publicKey?: KeyObject;
}

const UTF8 = (text: string) =>
  asn1.create(asn1.Class.UNIVERSAL, asn1.Type.UTF8, false, toForgeBytes(Buffer.from(text)));

/** A certification request (RFC 2986) in DER, made by hand so that it may be wrong in any way. */
export function createRequest(key: KeyObject, fields: RequestFields = {}): Uint8Array {
  const { commonName, uris = [], dnsNames = [], version = 0 } = fields;
  const { algorithm = "1.2.840.113549.1.1.11", hash = "sha256", publicKey = createPublicKey(key) } = fields;
  const names = [
    ...uris.map((uri) => toTaggedBytes(6, Buffer.from(uri))),
    ...dnsNames.map((name) => toTaggedBytes(2, Buffer.from(name))),
  ];
  const info = toDer(
    toSequence(
      toWhole(version),
      toSequence(...(commonName === undefined ? [] : [toSet(toSequence(toOid("2.5.4.3"), UTF8(commonName)))])),
      parseDer(publicKey.export({ type: "spki", format: "der" })),
      toTagged(0, ...(names.length === 0 ? [] : [toExtensionRequest(names)])),
    ),
  );
  const signature = sign(hash, info, key);
  return joinDer(info, toDer(toSequence(toOid(algorithm), toNull())), toDer(toBits(signature)));
}

export function createRequestPem(key: KeyObject, fields: RequestFields = {}): string {
  return toPem("CERTIFICATE REQUEST", createRequest(key, fields));
}

function toExtensionRequest(names: readonly Asn1[]): Asn1 {
  const extension = toSequence(toOid("2.5.29.17"), toOctets(toDer(toSequence(...names))));
  return toSequence(toOid("1.2.840.113549.1.9.14"), toSet(toSequence(extension)));
}
