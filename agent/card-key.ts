import type { KeyObject } from "node:crypto";
import { parseCardKey, toRawCardKey } from "../certs/seal.ts";
import { signMessage } from "../certs/signatures.ts";
import { toCardKeyBytes } from "../proto/card-key.ts";
import { PAYLOAD_TYPES } from "../proto/dsse.ts";
import type { Tusn } from "../proto/tusn.ts";

/** The key pair under which a terminal that needs card numbers is sent them (clause 3.5). */
export interface CardKey {
  /** X25519. */
  readonly privateKey: KeyObject;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The device key's word that it is this terminal's. */
  readonly proof: Uint8Array;
}

/** @throws TillsyncError KEY_INVALID unless the text is an X25519 private key, PKCS#8 in PEM */
export function openCardKey(pem: string, tusn: Tusn, deviceKey: KeyObject): CardKey {
  const privateKey = parseCardKey(pem);
  const publicKey = toRawCardKey(privateKey);
  const proof = signMessage(deviceKey, PAYLOAD_TYPES.cardKey, toCardKeyBytes(tusn, publicKey));
  return { privateKey, publicKey, proof };
}
