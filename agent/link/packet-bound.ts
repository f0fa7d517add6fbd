import { MAX_PACKET_BYTES } from "../../proto/bounds.ts";
import { TillsyncError } from "../../proto/errors.ts";

// MQTT 3.1.1 section 2.2: type and flags in one byte, then the remaining length in one to four.

const PUBLISH = 3;
const MAX_LENGTH_BYTES = 4;

/**
 * Looks at the fixed header of every packet that a broker sends, chunk by chunk, before the MQTT client collects it:
 * what announces more than MAX_PACKET_BYTES, or comes with QoS 2, which nobody asked for, must not be collected at all.
 */
export class PacketBound {
  /** Bytes of the present packet's body still to come. */
  #body = 0;
  #length = 0;
  /** Bytes of the present header so far; 0 before its first one. */
  #header = 0;

  /** @throws TillsyncError GUARD_TOO_LARGE, GUARD_MALFORMED */
  check(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#body > 0) {
        const taken = Math.min(this.#body, chunk.length - at);
        this.#body -= taken;
        at += taken;
      } else {
        this.#takeHeader(chunk[at] as number);
        at += 1;
      }
    }
  }

  #takeHeader(byte: number): void {
    if (this.#header === 0) {
      const qos = (byte >> 1) & 3;
      if (byte >> 4 === PUBLISH && qos > 1) throw new TillsyncError("GUARD_MALFORMED", { qos });
      this.#header = 1;
      this.#length = 0;
      return;
    }
    this.#length += (byte & 0x7f) * 128 ** (this.#header - 1);
    if (this.#length > MAX_PACKET_BYTES) throw new TillsyncError("GUARD_TOO_LARGE", { bytes: this.#length });
    if (byte < 0x80) {
      this.#body = this.#length;
      this.#header = 0;
    } else if (this.#header === MAX_LENGTH_BYTES) {
      throw new TillsyncError("GUARD_MALFORMED");
    } else {
      this.#header += 1;
    }
  }
}
