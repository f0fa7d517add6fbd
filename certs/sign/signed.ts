import { isEqual } from "../../proto/bytes.ts";
import { readInput } from "./release-input.ts";

/** A signed file, and how it is put together with what others signed of the same meanwhile. */
export interface Signed {
  readonly bytes: Uint8Array;
  readonly signer: string;
  /** @throws TillsyncError where the other file is about something else, or none */
  merge(other: Uint8Array): Uint8Array;
}

/**
 * What to write over a file that was read as `shown`. People think for minutes: whoever signed the same file in that time
 * keeps his signature. Whatever else stands there by now gives way.
 */
export function toLatest({ bytes, merge }: Signed, path: string, shown: Uint8Array): Uint8Array {
  try {
    const present = readInput(path);
    return isEqual(present, shown) ? bytes : merge(present);
  } catch {
    return bytes;
  }
}
