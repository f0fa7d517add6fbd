import { TillsyncError } from "../../proto/errors.ts";

/** Walks over bytes from front to back and never past their end. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** @throws TillsyncError ISO_MALFORMED where fewer bytes are left */
  take(count: number): Uint8Array {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new TillsyncError("ISO_MALFORMED", { what: "cut short", at: this.#at });
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  /** @throws TillsyncError ISO_MALFORMED where bytes are left */
  verifyEnd(): void {
    if (this.#at !== this.#bytes.length) throw new TillsyncError("ISO_MALFORMED", { what: "trailing", at: this.#at });
  }
}
