import { constants } from "node:crypto";
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
import { toAddressName } from "./rate-limit.ts";

export interface ServerOptions {
  /** Private key of the server and its certificate, in PEM. */
  readonly key: string;
  readonly certificate: string;
  /** PEM of the authority whose certificates clients may show; without it none is asked for. */
  readonly clientAuthority?: string;
  /** Whether a client that shows no good certificate of that authority is refused before it can ask for anything. */
  readonly demandsClient?: boolean;
  /** Connections at once, in all and from one address; the limits above where absent. */
  readonly sockets?: number;
  readonly socketsPerAddress?: number;
  /** Milliseconds; the limits above where absent. */
  readonly handshakeMs?: number;
  readonly headersMs?: number;
  readonly requestMs?: number;
  readonly keepAliveMs?: number;
}

/** An HTTPS server and every socket that it has, those in their handshake too. */
export interface HttpsServer {
  readonly server: Server;
  /** Stops listening and cuts every connection; resolves when none is left. */
  close(): Promise<void>;
}

/**
 * HTTPS over TLS 1.3 only. Node's own bounds hold a slow client for minutes and count no sockets; these do not. Where
 * clients may show certificates, one that does not chain to the authority is let through as if there were none, unless
 * one is demanded: a route that needs one has to ask whether the connection is `authorized`. No session is resumed then,
 * so that each connection shows its certificate.
 *
 * @throws TillsyncError CONFIG_INVALID where key and certificate cannot be used
 */
export function createHttpsServer(options: ServerOptions, listener: RequestListener): HttpsServer {
  const { sockets: maxSockets = MAX_SOCKETS, socketsPerAddress = MAX_SOCKETS_PER_ADDRESS } = options;
  const server = create(options, listener);
  server.maxConnections = maxSockets;
  server.maxHeadersCount = MAX_HEADERS;
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_SOCKET;
  server.timeout = SILENT_MS;
  const sockets = new Set<Socket>();
  const counts = new Map<string, number>();
  server.on("connection", (socket: Socket) => {
    const address = toAddressName(socket.remoteAddress ?? "");
    const count = (counts.get(address) ?? 0) + 1;
    counts.set(address, count);
    sockets.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      const left = (counts.get(address) ?? 1) - 1;
      if (left === 0) counts.delete(address);
      else counts.set(address, left);
    });
    if (count > socketsPerAddress) socket.destroy();
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
  const { key, certificate, clientAuthority, demandsClient = false, keepAliveMs = KEEP_ALIVE_MS } = options;
  const { handshakeMs = HANDSHAKE_MS, headersMs = HEADERS_MS, requestMs = REQUEST_MS } = options;
  try {
    return createServer(
      {
        key,
        cert: certificate,
        minVersion: "TLSv1.3",
        ...(clientAuthority === undefined ? {} : toClientOptions(clientAuthority, demandsClient)),
        handshakeTimeout: handshakeMs,
        headersTimeout: headersMs,
        requestTimeout: requestMs,
        keepAliveTimeout: keepAliveMs,
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

/** Without tickets a session could only be resumed from a store of sessions, which there is none of. */
function toClientOptions(ca: string, isDemanded: boolean) {
  return { ca, requestCert: true, rejectUnauthorized: isDemanded, secureOptions: constants.SSL_OP_NO_TICKET };
}
