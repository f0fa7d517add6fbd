import type { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from "node:tls";
import { toTusn } from "../../certs/x509/identity.ts";
import { toDigest } from "../../proto/bytes.ts";
import { TillsyncError, toErrorCode } from "../../proto/errors.ts";
import type { Peer } from "../bus.ts";
import { Arrivals } from "./arrivals.ts";
import type { Log } from "./log.ts";

const CRL_BEGINNING = "-----BEGIN X509 CRL-----\n";

export interface ServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Private key of the server, its certificate, and that of the private authority: PEM. No other authority counts. */
  readonly key: string;
  readonly certificate: string;
  readonly authority: string;
  readonly connections: number;
  readonly arrivalsPerAddress: number;
  readonly handshakeMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  readonly onTerminal: (arrival: Arrival) => void;
}

/** A connection of a terminal whose certificate the private authority issued and which is valid now. */
export interface Arrival {
  readonly socket: TLSSocket;
  readonly peer: Peer;
  /** Last valid moment of the certificate, in milliseconds since 1970. */
  readonly validTo: number;
  /** To be told when its CONNECT is accepted: it does not count against its address any more. */
  readonly settle: () => void;
}

export interface TlsServer {
  readonly port: number;
  /** A fresh secure context that refuses certificates on the list, and with it the end of every session ticket. */
  refuse(revoked: string): void;
  /** Stops listening and destroys every socket, those still in their handshake too. */
  close(): Promise<void>;
}

/**
 * Listens with mutual TLS 1.3.
 *
 * @throws TillsyncError PORT_IN_USE, CONFIG_INVALID where key, certificates, host or port cannot be used
 */
export async function openServer(options: ServerOptions): Promise<TlsServer> {
  const server = create(options);
  server.maxConnections = options.connections;
  const sockets = new Set<Socket>();
  const arrivals = new Arrivals(options.arrivalsPerAddress);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    enter(socket, arrivals, options);
  });
  server.on("drop", () => options.log("bus.connection_dropped", { bound: options.connections }));
  server.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
    // With a certificate that does not verify, Node tells the reason on the socket only.
    const reason = socket.authorizationError ?? error.code ?? "unknown";
    options.log("bus.handshake_refused", { reason: String(reason), remote: socket.remoteAddress ?? "" });
    // Node tells of a handshake that timed out and leaves the socket open.
    socket.destroy();
  });
  server.on("secureConnection", (socket) => admit(socket, arrivals, options));
  await listen(server, options);
  server.on("error", (error: NodeJS.ErrnoException) => options.log("bus.server_failed", { reason: error.code ?? "" }));
  return {
    port: toPort(server),
    refuse: (revoked) => renew(server, options, revoked),
    close: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function create(options: ServerOptions): Server {
  try {
    return createServer({
      ...toContext(options),
      requestCert: true,
      rejectUnauthorized: true,
      handshakeTimeout: options.handshakeMs,
      noDelay: true,
    });
  } catch (cause) {
    throw new TillsyncError("CONFIG_INVALID", { setting: "bus certificates" }, cause);
  }
}

function renew(server: Server, options: ServerOptions, crl: string): void {
  try {
    // An empty text would be taken for no list at all, and let everybody in again.
    if (!crl.startsWith(CRL_BEGINNING)) throw new TillsyncError("FIELD_MISSING", { field: "crl" });
    server.setSecureContext({ ...toContext(options), crl });
  } catch (cause) {
    throw new TillsyncError("CONFIG_INVALID", { setting: "revocation list" }, cause);
  }
}

function toContext({ key, certificate, authority }: ServerOptions): SecureContextOptions {
  return { key, cert: certificate, ca: authority, minVersion: "TLSv1.3", sessionIdContext: "tillsync-bus" };
}

async function listen(server: Server, { host, port }: ServerOptions): Promise<void> {
  try {
    const listening = once(server, "listening");
    server.listen(port, host);
    await listening;
  } catch (cause) {
    const isTaken = cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
    throw new TillsyncError(isTaken ? "PORT_IN_USE" : "CONFIG_INVALID", { host, port }, cause);
  }
}

/** A socket that has closed already has no remote port, and takes no place. */
function enter(socket: Socket, arrivals: Arrivals, options: ServerOptions): void {
  const { remoteAddress: remote = "", remotePort } = socket;
  if (remotePort === undefined) return;
  if (arrivals.enter(remote, remotePort)) {
    socket.once("close", () => arrivals.leave(remote, remotePort));
    return;
  }
  options.log("bus.address_full", { remote, bound: options.arrivalsPerAddress });
  socket.destroy();
}

function admit(socket: TLSSocket, arrivals: Arrivals, options: ServerOptions): void {
  const { remoteAddress = "", remotePort = 0 } = socket;
  try {
    const { tusn, fingerprint, validTo } = verifyTerminal(socket.getPeerX509Certificate(), options.now());
    const peer = { tusn, fingerprint, remote: remoteAddress };
    options.onTerminal({ peer, validTo, socket, settle: () => arrivals.leave(remoteAddress, remotePort) });
  } catch (error) {
    options.log("bus.certificate_refused", { code: toErrorCode(error), remote: socket.remoteAddress ?? "" });
    socket.destroy();
  }
}

/** A resumed TLS session skips OpenSSL's check of the dates: a certificate may have expired since. */
function verifyTerminal(certificate: X509Certificate | undefined, now: number) {
  if (certificate === undefined) throw new TillsyncError("CERTIFICATE_INVALID");
  const validTo = Date.parse(certificate.validTo);
  const isCurrent = Date.parse(certificate.validFrom) <= now && now <= validTo;
  if (!isCurrent) throw new TillsyncError("CERTIFICATE_INVALID");
  return { tusn: toTusn(certificate), fingerprint: toDigest(certificate.raw), validTo };
}

function toPort(server: Server): number {
  const address = server.address();
  return address === null || typeof address === "string" ? 0 : address.port;
}
