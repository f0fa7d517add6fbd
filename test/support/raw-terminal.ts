import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { loadCertificates } from "./certificates.ts";
import type { Address } from "./mqtt-terminal.ts";

/** A bare TLS connection by which a test sends any bytes it likes. */
export interface RawTerminal {
  readonly socket: TLSSocket;
  /** All bytes that came back so far. */
  received(): Buffer;
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
}

const opened = new Set<TLSSocket>();

/** Connects with the given key and certificate; the server may still refuse the certificate after the handshake. */
export function openRaw(address: Address, options: ConnectionOptions): RawTerminal {
  const socket = connect({ ...address, ...options });
  opened.add(socket);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  return { socket, received: () => Buffer.concat(chunks), closed };
}

/** As `openRaw`, trusting the test authority. */
export async function openTrusting(
  address: Address,
  credentials: { readonly key?: string; readonly certificate?: string },
  options: ConnectionOptions = {},
): Promise<RawTerminal> {
  const { authority } = await loadCertificates();
  return openRaw(address, {
    ca: authority.certificate,
    ...(credentials.key === undefined ? {} : { key: credentials.key }),
    ...(credentials.certificate === undefined ? {} : { cert: credentials.certificate }),
    ...options,
  });
}

/** Ends every connection that a test has left open. */
export function endRaw(): void {
  for (const socket of opened) socket.destroy();
  opened.clear();
}
