import { Duplex } from "node:stream";
import type { GuardLimits } from "./limits.ts";
import type { GuardCode } from "./packet.ts";
import { PacketScanner } from "./scanner.ts";
import type { StartTimer } from "./timer.ts";

export interface GuardOptions {
  readonly limits: GuardLimits;
  readonly startTimer: StartTimer;
  /** Told once, just before a client is cut for what it sent or did not read. */
  readonly onFault: (code: GuardCode) => void;
}

/**
 * Stands between a client's socket and the broker, which sees only whole packets that passed and never more of them than
 * it asks for. On a fault the socket is destroyed at once.
 */
export class GuardedStream extends Duplex {
  readonly #socket: Duplex;
  readonly #options: GuardOptions;
  readonly #scanner: PacketScanner;
  /** Running while CONNECT or a begun packet is awaited. */
  #cancelPacketTimer: (() => void) | undefined;
  /** Running while bytes wait to be taken by the client. */
  #cancelWriteTimer: (() => void) | undefined;
  #isWanted = true;
  #isHeld = false;
  #waitingBytes = 0;

  constructor(socket: Duplex, options: GuardOptions) {
    super({
      readableHighWaterMark: options.limits.packetBytes,
      writableHighWaterMark: options.limits.waitingBytes,
    });
    this.#socket = socket;
    this.#options = options;
    this.#scanner = new PacketScanner(options.limits);
    this.#startPacketTimer(options.limits.connectMs);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("end", () => this.push(null));
    // A broken connection is ordinary; whoever listens for "close" here learns of it.
    socket.on("error", () => this.destroy());
    socket.on("close", () => this.destroy());
  }

  /** Bytes written to this stream that the client has not taken yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Takes nothing more from the client until `release`; what has come in already may still pass. */
  hold(): void {
    this.#isHeld = true;
    this.#steer();
  }

  release(): void {
    this.#isHeld = false;
    this.#steer();
  }

  override _read(): void {
    this.#isWanted = true;
    this.#steer();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#send(chunk);
    done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)));
    done();
  }

  override _final(done: () => void): void {
    this.#socket.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#stopPacketTimer();
    this.#stopWriteTimer();
    this.#socket.destroy();
    done(error);
  }

  #take(chunk: Buffer): void {
    const { packets, fault } = this.#scanner.scan(chunk);
    if (fault !== undefined) {
      this.#cut(fault);
      return;
    }
    if (packets.length > 0) this.#stopPacketTimer();
    for (const packet of packets) this.#isWanted = this.push(packet);
    this.#steer();
  }

  /** Reads from the socket only while more is wanted. A begun packet has its time only while it is read. */
  #steer(): void {
    if (this.destroyed) return;
    if (this.#isHeld || !this.#isWanted) {
      this.#socket.pause();
      if (this.#scanner.hasConnect) this.#stopPacketTimer();
      return;
    }
    this.#socket.resume();
    const isAwaited = this.#scanner.hasConnect && this.#scanner.isMidPacket;
    if (isAwaited && this.#cancelPacketTimer === undefined) this.#startPacketTimer(this.#options.limits.packetMs);
  }

  #send(bytes: Buffer): void {
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > this.#options.limits.waitingBytes) {
      this.#cut("GUARD_NOT_READING");
      return;
    }
    if (this.#cancelWriteTimer === undefined) this.#startWriteTimer();
    this.#socket.write(bytes, () => this.#onTaken(bytes.length));
  }

  #onTaken(bytes: number): void {
    this.#waitingBytes -= bytes;
    this.#stopWriteTimer();
    if (this.#waitingBytes > 0 && !this.destroyed) this.#startWriteTimer();
  }

  #startPacketTimer(ms: number): void {
    this.#cancelPacketTimer = this.#options.startTimer(ms, () => this.#cut("GUARD_TOO_SLOW"));
  }

  #stopPacketTimer(): void {
    this.#cancelPacketTimer?.();
    this.#cancelPacketTimer = undefined;
  }

  #startWriteTimer(): void {
    const { limits, startTimer } = this.#options;
    this.#cancelWriteTimer = startTimer(limits.writeMs, () => this.#cut("GUARD_NOT_READING"));
  }

  #stopWriteTimer(): void {
    this.#cancelWriteTimer?.();
    this.#cancelWriteTimer = undefined;
  }

  #cut(code: GuardCode): void {
    if (this.destroyed) return;
    this.#options.onFault(code);
    this.destroy();
  }
}
