import { toDigest, toUtf8 } from "../proto/bytes.ts";

const TMK_BYTES = 16;

/**
 * The terminal master key that a simulated terminal and the simulated acquirer share. For demonstration only: whoever
 * knows the TUSN knows the key. A real one is injected in a secure room and never leaves the terminal.
 */
export function toSimulatedTmk(tusn: string): Uint8Array {
  return toDigest(toUtf8(`tillsync demonstration terminal master key ${tusn}`)).subarray(0, TMK_BYTES);
}
