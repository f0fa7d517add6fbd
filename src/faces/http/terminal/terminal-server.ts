import type { Server } from "node:tls";
import type { Bus, BusHandlers } from "../../../../broker/bus.ts";
import { startTimer } from "../../../../broker/guard/timer.ts";
import { MAX_POLL_S, POLLING_LIMITS, type PollingLimits } from "../../../../broker/polling/limits.ts";
import { Polling } from "../../../../broker/polling/polling.ts";
import type { SessionsOptions } from "../../../../broker/polling/sessions.ts";
import { TillsyncError } from "../../../../proto/errors.ts";
import type { Context } from "../../../app/context.ts";
import { openHttpFace } from "../app.ts";
import { createRateLimit } from "../rate-limit.ts";
import type { ServerOptions } from "../server.ts";
import { type TerminalConnections, watchConnections } from "./connections.ts";
import { KEEP_ALIVE_MS, MAX_SOCKETS, MAX_SOCKETS_PER_ADDRESS, REQUEST_MS, TERMINAL_RATE } from "./limits.ts";
import { refuseRevoked } from "./refuse.ts";
import { addTerminalRoutes } from "./routes.ts";

export interface TerminalServerOptions extends Pick<Context, "log" | "now">, ServerOptions {
  /** Certificate of the private authority, in PEM: the only one that counts. */
  readonly authority: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** What is to be other than POLLING_LIMITS. */
  readonly limits?: Partial<PollingLimits>;
  readonly startTimer?: SessionsOptions["startTimer"];
  /** Evenly drawn from [0, 1). */
  readonly random?: () => number;
}

export interface TerminalServer extends Bus {
  /** The port that is listened on. */
  readonly port: number;
}

/**
 * Opens the face where terminals poll that cannot keep a connection to the broker: a second way in for the same messages,
 * over mutual TLS 1.3.
 *
 * @throws TillsyncError PORT_IN_USE, CONFIG_INVALID
 */
export async function openTerminalServer(
  options: TerminalServerOptions,
  handlers: BusHandlers,
): Promise<TerminalServer> {
  const { authority: clientAuthority, now } = options;
  const limits = { ...POLLING_LIMITS, ...options.limits };
  if (!(limits.pollS >= 1 && limits.pollS <= MAX_POLL_S)) {
    throw new TillsyncError("CONFIG_INVALID", { setting: "pollS", atMost: MAX_POLL_S });
  }
  const polling = new Polling(
    {
      limits,
      startTimer: options.startTimer ?? startTimer,
      now: () => now() * 1_000,
      random: options.random ?? Math.random,
    },
    handlers,
  );
  const tls = { ...options, clientAuthority, demandsClient: true };
  const bounds = { sockets: MAX_SOCKETS, socketsPerAddress: MAX_SOCKETS_PER_ADDRESS, keepAliveMs: KEEP_ALIVE_MS };
  const http = {
    requestMs: REQUEST_MS,
    ...bounds,
    ...tls,
    challenge: "Mutual",
    isTold: (status: number) => status >= 400,
  };
  const rate = createRateLimit(TERMINAL_RATE, now);
  let opened: { readonly server: Server; readonly connections: TerminalConnections } | undefined;
  const face = await openHttpFace(http, (app) => {
    const server = app.server as unknown as Server;
    opened = { server, connections: watchConnections(server) };
    addTerminalRoutes(app, { polling, rate, now });
  });
  if (opened === undefined) throw new TillsyncError("INTERNAL");
  const { server, connections } = opened;

  let closing: Promise<void> | undefined;
  const close = async () => {
    const stored = polling.close();
    await face.close();
    await stored;
  };
  return {
    port: face.port,
    send: (tusn, kind, payload) => polling.send(tusn, kind, payload),
    connected: () => polling.connected(),
    disconnect: (tusn) => {
      polling.disconnect(tusn);
      connections.cut(tusn);
    },
    refuse: (revoked) => refuseRevoked(server, tls, revoked),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}
