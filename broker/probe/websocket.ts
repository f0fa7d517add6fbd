import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { TillsyncError } from "../../proto/errors.ts";

// RFC 6455 as far as a client needs it that sends small binary messages.

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const MAX_ANSWER_BYTES = 16_384;
const MAX_FRAME_BYTES = 65_536;
const BINARY = 0x82;
const MASKED = 0x80;
const CLOSE = 0x8;
const MASK_BYTES = 4;

/**
 * Asks the server behind the socket for MQTT over WebSocket.
 *
 * @throws TillsyncError ACCESS_DENIED where it does not switch to it
 */
export async function openWebSocket(socket: Duplex, host: string, path: string, signal: AbortSignal): Promise<Duplex> {
  const key = randomBytes(16).toString("base64");
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    ...["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: mqtt"],
    `Sec-WebSocket-Key: ${key}`,
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  const { head, rest } = await readHead(socket, signal);
  const accept = createHash("sha1").update(`${key}${GUID}`).digest("base64");
  const isSwitched = /^HTTP\/1\.1 101 /.test(head) && head.toLowerCase().includes(accept.toLowerCase());
  if (!isSwitched)
    throw new TillsyncError("ACCESS_DENIED", { status: Number(/^HTTP\/1\.\d (\d{3})/.exec(head)?.[1] ?? 0) });
  return new WebSocketStream(socket, rest);
}

async function readHead(
  socket: Duplex,
  signal: AbortSignal,
): Promise<{ readonly head: string; readonly rest: Buffer }> {
  let bytes = Buffer.alloc(0);
  const ended = once(socket, "close", { signal });
  ended.catch(() => undefined);
  while (bytes.length <= MAX_ANSWER_BYTES) {
    const chunk: unknown = socket.read();
    if (chunk instanceof Buffer) bytes = Buffer.concat([bytes, chunk]);
    const end = bytes.indexOf("\r\n\r\n");
    if (end !== -1) return { head: bytes.toString("latin1", 0, end + 4), rest: bytes.subarray(end + 4) };
    if (socket.destroyed) break;
    if (chunk === null) await Promise.race([once(socket, "readable", { signal }), ended]);
  }
  throw new TillsyncError("ACCESS_DENIED");
}

/** The bytes within the messages, both ways. */
class WebSocketStream extends Duplex {
  readonly #socket: Duplex;
  #rest: Buffer;

  constructor(socket: Duplex, rest: Buffer) {
    super();
    this.#socket = socket;
    this.#rest = rest;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("end", () => this.push(null));
    socket.on("error", () => this.destroy());
    socket.on("close", () => this.destroy());
    this.#take(Buffer.alloc(0));
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const mask = randomBytes(MASK_BYTES);
    const masked = chunk.map((byte, at) => byte ^ (mask[at % MASK_BYTES] ?? 0));
    const length =
      chunk.length < 126 ? [MASKED | chunk.length] : [MASKED | 126, chunk.length >> 8, chunk.length & 0xff];
    this.#socket.write(Buffer.concat([Buffer.from([BINARY, ...length]), mask, masked]));
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const frame = toFrame(this.#rest);
      if (frame === undefined) break;
      this.#rest = this.#rest.subarray(frame.end);
      if (frame.opcode === CLOSE) this.destroy();
      else if (frame.opcode < CLOSE) this.push(frame.payload);
    }
    if (this.#rest.length > 2 * MAX_FRAME_BYTES) this.destroy();
  }
}

/** The first frame, where it is whole; servers never mask theirs. */
function toFrame(bytes: Buffer) {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  const start = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < start) return undefined;
  const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  const end = start + length;
  return bytes.length < end
    ? undefined
    : { opcode: bytes.readUInt8(0) & 0x0f, payload: bytes.subarray(start, end), end };
}
