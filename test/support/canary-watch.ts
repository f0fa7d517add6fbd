import { subscribe } from "node:diagnostics_channel";
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { relative } from "node:path";
import { TLSSocket } from "node:tls";
import { afterAll, expect } from "vitest";
import { type Direction, look, lookAtPart, takeFound, toLine } from "./canary-look.ts";
import { isWhereItBelongs, LINES } from "./canary-places.ts";
import { toTold } from "./canary-search.ts";

// Run by vitest before each test file. From here on everything that goes through a socket or a pipe of this process is
// looked at for card numbers as plain text: MQTT, polling, acquirers, mail, webhooks, the faces, and what child processes
// say. Nothing is changed on its way.

const ASKED = "http.server.request.start";

watchSockets();
watchRequests();

afterAll(() => {
  const file = relative(process.cwd(), expect.getState().testPath ?? "");
  const leaks = takeFound().filter(({ where }) => !isWhereItBelongs(LINES, `${file}: ${where}`));
  if (leaks.length > 0) throw new Error(toTold("card numbers were seen", leaks.map(toLine)));
});

function watchSockets(): void {
  const { _write: write, _writev: writev, push } = Socket.prototype;
  Socket.prototype._write = function (this: Socket, part, encoding, done) {
    lookAtSocket(this, "out", toBytes(part, encoding));
    write.call(this, part, encoding, done);
  };
  Socket.prototype._writev = function (this: Socket, parts, done) {
    for (const { chunk, encoding } of parts) lookAtSocket(this, "out", toBytes(chunk, encoding));
    writev?.call(this, parts, done);
  };
  Socket.prototype.push = function (this: Socket, part, encoding) {
    lookAtSocket(this, "in", toBytes(part, encoding));
    return push.call(this, part, encoding);
  };
}

/** A server of HTTP reads past the socket. */
function watchRequests(): void {
  const { push } = IncomingMessage.prototype;
  IncomingMessage.prototype.push = function (this: IncomingMessage, part, encoding) {
    const bytes = toBytes(part, encoding);
    const kind = this.statusCode === null ? "a request" : "an answer";
    if (bytes !== undefined) lookAtPart(`the body of ${kind} over HTTP`, this, "in", bytes);
    return push.call(this, part, encoding);
  };
  subscribe(ASKED, (message) => {
    if (!(message instanceof Object) || !("request" in message)) return;
    const { request } = message;
    if (!(request instanceof IncomingMessage)) return;
    look("the head of a request over HTTP", [request.url ?? "", ...request.rawHeaders].join("\n"));
  });
}

function lookAtSocket(socket: Socket, direction: Direction, bytes: Uint8Array | undefined): void {
  if (bytes === undefined) return;
  const kind = socket instanceof TLSSocket ? "a socket under TLS" : toKind(socket);
  lookAtPart(`${direction} through ${kind}`, socket, direction, bytes);
}

/** Pipes to child processes are sockets without addresses. */
function toKind(socket: Socket): string {
  return socket.remotePort === undefined && socket.localPort === undefined ? "a pipe" : "a socket";
}

/** Undefined for the end of a stream. */
function toBytes(part: unknown, encoding: BufferEncoding | undefined): Uint8Array | undefined {
  if (typeof part === "string") return Buffer.from(part, Buffer.isEncoding(encoding ?? "") ? encoding : "utf8");
  return part instanceof Uint8Array ? part : undefined;
}
