import type { Server, TLSSocket } from "node:tls";
import { toTusn } from "../../../../certs/x509/identity.ts";
import type { Tusn } from "../../../../proto/tusn.ts";
import { MAX_SOCKETS_PER_TERMINAL } from "./limits.ts";

/** The open connections of each terminal, by what their certificates say. */
export interface TerminalConnections {
  /** Destroys every one of the terminal's. */
  cut(tusn: Tusn): void;
}

/** Where a terminal opens more than its share, its oldest one goes. A certificate that names no terminal gets no connection. */
export function watchConnections(server: Server): TerminalConnections {
  const byTusn = new Map<Tusn, Set<TLSSocket>>();
  server.on("secureConnection", (socket) => {
    const tusn = readTusn(socket);
    if (tusn === undefined) {
      socket.destroy();
      return;
    }
    const own = byTusn.get(tusn) ?? new Set();
    byTusn.set(tusn, own.add(socket));
    socket.once("close", () => {
      own.delete(socket);
      if (own.size === 0 && byTusn.get(tusn) === own) byTusn.delete(tusn);
    });
    const [oldest] = own;
    if (own.size > MAX_SOCKETS_PER_TERMINAL) oldest?.destroy();
  });
  return {
    cut: (tusn) => {
      for (const socket of byTusn.get(tusn) ?? []) socket.destroy();
    },
  };
}

function readTusn(socket: TLSSocket): Tusn | undefined {
  const certificate = socket.getPeerX509Certificate();
  try {
    return certificate === undefined ? undefined : toTusn(certificate);
  } catch {
    return undefined;
  }
}
