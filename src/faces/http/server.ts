import { once } from "node:events";
import type { RequestListener, Server } from "node:http";
import { createServer } from "node:https";
import type { Socket } from "node:net";
import { TillsyncError } from "../../../proto/errors.ts";
import {
  CHECK_MS,
  HANDSHAKE_MS,
  HEADERS_MS,
  KEEP_ALIVE_MS,
  MAX_HEADER_BYTES,
  MAX_HEADERS,
  MAX_REQUESTS_PER_SOCKET,
  MAX_SOCKETS,
  MAX_SOCKETS_PER_ADDRESS,
  REQUEST_MS,
  SILENT_MS,
} from "./limits.ts";

export interface ServerOptions {
  /** Private key of the server and its certificate, in PEM. */
  readonly key: string;
  readonly certificate: string;
  /** Milliseconds; the limits above where absent. */
  readonly handshakeMs?: number;
  readonly headersMs?: number;
  readonly requestMs?: number;
}

/** An HTTPS server and every socket that it has, those in their handshake too. */
export interface HttpsServer {
  readonly server: Server;
  /** Stops listening and cuts every connection; resolves when none is left. */
  close(): Promise<void>;
}

/**
 * HTTPS over TLS 1.3 only, without client certificates: who asks is told by a signature on the request. Node's own
 * bounds hold a slow client for minutes and count no sockets; these do not.
 *
 * @throws TillsyncError CONFIG_INVALID where key and certificate cannot be used
 */
export function createHttpsServer(options: ServerOptions, listener: RequestListener): HttpsServer {
  const server = create(options, listener);
  server.maxConnections = MAX_SOCKETS;
  server.maxHeadersCount = MAX_HEADERS;
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_SOCKET;
  server.timeout = SILENT_MS;
  const sockets = new Set<Socket>();
  const counts = new Map<string, number>();
  server.on("connection", (socket: Socket) => {
    const address = socket.remoteAddress ?? "";
    const count = (counts.get(address) ?? 0) + 1;
    counts.set(address, count);
    sockets.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      const left = (counts.get(address) ?? 1) - 1;
      if (left === 0) counts.delete(address);
      else counts.set(address, left);
    });
    if (count > MAX_SOCKETS_PER_ADDRESS) socket.destroy();
  });
  // Node tells of a handshake that failed or timed out, and leaves the socket open.
  server.on("tlsClientError", (_error, socket: Socket) => socket.destroy());
  return {
    server,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** @throws TillsyncError PORT_IN_USE, CONFIG_INVALID */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  try {
    const listening = once(server, "listening");
    server.listen(port, host);
    await listening;
  } catch (cause) {
    const isTaken = cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
    throw new TillsyncError(isTaken ? "PORT_IN_USE" : "CONFIG_INVALID", { host, port }, cause);
  }
  const address = server.address();
  return address === null || typeof address === "string" ? 0 : address.port;
}

function create(options: ServerOptions, listener: RequestListener): Server {
  const { key, certificate } = options;
  const { handshakeMs = HANDSHAKE_MS, headersMs = HEADERS_MS, requestMs = REQUEST_MS } = options;
  try {
    return createServer(
      {
        key,
        cert: certificate,
        minVersion: "TLSv1.3",
        handshakeTimeout: handshakeMs,
        headersTimeout: headersMs,
        requestTimeout: requestMs,
        keepAliveTimeout: KEEP_ALIVE_MS,
        connectionsCheckingInterval: CHECK_MS,
        maxHeaderSize: MAX_HEADER_BYTES,
        noDelay: true,
      },
      listener,
    );
  } catch (cause) {
    throw new TillsyncError("CONFIG_INVALID", { setting: "server certificate" }, cause);
  }
}
