import { encode } from "./codec.ts";
import { tillsync } from "./gen/tillsync.js";
import type { Tusn } from "./tusn.ts";

/** What a device key signs to vouch for the X25519 key of its terminal (clause 3.5). */
export function toCardKeyBytes(tusn: Tusn, cardKey: Uint8Array): Uint8Array {
  return encode(tillsync.CardKey, { tusn, cardKey });
}
