import { toDigest, toUtf8 } from "../proto/bytes.ts";

const KEY_BYTES = 16;

/**
 * The terminal master key that a simulated terminal and the simulated acquirer share. For demonstration only: whoever
 * knows the TUSN knows the key. A real one is injected in a secure room and never leaves the terminal.
 */
export function toSimulatedTmk(tusn: string): Uint8Array {
  return toDigest(toUtf8(`tillsync demonstration terminal master key ${tusn}`)).subarray(0, KEY_BYTES);
}

/** The SN key by which a simulated terminal proves its TUSN. For demonstration only, as the key above. */
export function toSimulatedSnKey(tusn: string): Uint8Array {
  return toDigest(toUtf8(`tillsync demonstration SN key ${tusn}`)).subarray(0, KEY_BYTES);
}
