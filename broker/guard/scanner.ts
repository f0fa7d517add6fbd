import { findHeaderFault, type GuardCode, isWellFormed } from "./packet.ts";

/** Of memory for a packet's first bytes; it grows with what arrives, never with what is announced. */
const FIRST_BUFFER_BYTES = 1_024;
/** The remaining length takes at most four bytes (clause 2.2.3). */
const MAX_HEADER_BYTES = 5;

/** Largest whole packet with its fixed header, in bytes: the first one, and every later one. */
export interface ScanLimits {
  readonly connectBytes: number;
  readonly packetBytes: number;
}

export interface Scan {
  /** Whole packets that passed, in order. */
  readonly packets: readonly Buffer[];
  /** Where it is there nothing more may be taken from the connection. */
  readonly fault?: GuardCode;
}

/**
 * Cuts a client's bytes into MQTT packets and checks each one. The verdict depends on the bytes alone, not on how the
 * network split them. Never throws, whatever the bytes.
 */
export class PacketScanner {
  readonly #limits: ScanLimits;
  #header: readonly number[] = [];
  /** Size of the packet at hand; 0 until its header is whole. */
  #total = 0;
  #packet: Buffer = Buffer.alloc(0);
  #filled = 0;
  #hasConnect = false;
  #fault: GuardCode | undefined;

  constructor(limits: ScanLimits) {
    this.#limits = limits;
  }

  /** Whether CONNECT has been scanned whole. */
  get hasConnect(): boolean {
    return this.#hasConnect;
  }

  /** Whether a packet has begun and is not complete. */
  get isMidPacket(): boolean {
    return this.#header.length > 0;
  }

  /** After a fault every further call repeats it and takes nothing. */
  scan(chunk: Buffer): Scan {
    const packets: Buffer[] = [];
    let offset = 0;
    while (this.#fault === undefined && offset < chunk.length) {
      offset = this.#total === 0 ? this.#takeHeaderByte(chunk, offset) : this.#takeBody(chunk, offset);
      if (this.#total > 0 && this.#filled === this.#total) this.#finishPacket(packets);
    }
    return this.#fault === undefined ? { packets } : { packets, fault: this.#fault };
  }

  #takeHeaderByte(chunk: Buffer, offset: number): number {
    const byte = chunk.readUInt8(offset);
    this.#header = [...this.#header, byte];
    this.#fault = this.#header.length === 1 ? findHeaderFault(byte, !this.#hasConnect) : this.#takeLengthByte(byte);
    return offset + 1;
  }

  #takeLengthByte(byte: number): GuardCode | undefined {
    if (byte >= 0x80) return this.#header.length === MAX_HEADER_BYTES ? "GUARD_MALFORMED" : undefined;
    const digits = this.#header.slice(1);
    // A last digit of 0 after others says nothing: the same length has a shorter form.
    if (byte === 0 && digits.length > 1) return "GUARD_MALFORMED";
    const remaining = digits.reduceRight((length, digit) => length * 0x80 + (digit & 0x7f), 0);
    const total = this.#header.length + remaining;
    if (total > (this.#hasConnect ? this.#limits.packetBytes : this.#limits.connectBytes)) return "GUARD_TOO_LARGE";
    this.#beginPacket(total);
    return undefined;
  }

  #beginPacket(total: number): void {
    this.#total = total;
    this.#packet = Buffer.allocUnsafe(Math.min(total, FIRST_BUFFER_BYTES));
    this.#packet.set(this.#header);
    this.#filled = this.#header.length;
  }

  #takeBody(chunk: Buffer, offset: number): number {
    const end = Math.min(chunk.length, offset + this.#total - this.#filled);
    const filled = this.#filled + end - offset;
    if (filled > this.#packet.length) this.#grow(filled);
    chunk.copy(this.#packet, this.#filled, offset, end);
    this.#filled = filled;
    return end;
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafe(Math.min(this.#total, Math.max(needed, 2 * this.#packet.length)));
    this.#packet.copy(grown, 0, 0, this.#filled);
    this.#packet = grown;
  }

  #finishPacket(packets: Buffer[]): void {
    if (isWellFormed(this.#packet, this.#header.length)) packets.push(this.#packet);
    else this.#fault = "GUARD_MALFORMED";
    this.#hasConnect = true;
    this.#header = [];
    this.#total = 0;
  }
}
