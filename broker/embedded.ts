import { Aedes, type Client } from "aedes";
import { MAX_PACKET_BYTES } from "../proto/bounds.ts";
import { TillsyncError } from "../proto/errors.ts";
import type { Bus, BusHandlers, Peer } from "./bus.ts";
import { admitInTime } from "./embedded/admit.ts";
import { watchExpiry } from "./embedded/expiry.ts";
import { createHooks } from "./embedded/hooks.ts";
import { Inbox } from "./embedded/inbox.ts";
import { EMBEDDED_LIMITS, type EmbeddedLimits } from "./embedded/limits.ts";
import type { Log } from "./embedded/log.ts";
import { MessageRate } from "./embedded/rate.ts";
import { type Arrival, openServer } from "./embedded/server.ts";
import { Session, toPacketBytes } from "./embedded/session.ts";
import { Sessions } from "./embedded/sessions.ts";
import { createSilentEmitter } from "./embedded/silent-emitter.ts";
import { GuardedStream } from "./guard/stream.ts";
import { type StartTimer, startTimer } from "./guard/timer.ts";

export interface EmbeddedBusOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** PEM: private key of the server, its certificate, and the certificate of the private authority. */
  readonly key: string;
  readonly certificate: string;
  readonly authority: string;
  readonly log: Log;
  readonly limits?: EmbeddedLimits;
  readonly startTimer?: StartTimer;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export interface EmbeddedBus extends Bus {
  /** The port that is listened on. */
  readonly port: number;
}

/**
 * The bus as an MQTT 3.1.1 broker in this process, over mutual TLS 1.3: aedes speaks the protocol, the guard stands in
 * front of it, the access policy decides, and nothing is routed or kept.
 *
 * @throws TillsyncError PORT_IN_USE, CONFIG_INVALID
 */
export async function openEmbeddedBus(options: EmbeddedBusOptions, handlers: BusHandlers): Promise<EmbeddedBus> {
  const { log, limits = EMBEDDED_LIMITS, now = Date.now } = options;
  const timers = options.startTimer ?? startTimer;
  const sessions = new Sessions(handlers, log, limits);
  const inbox = new Inbox({
    receive: (message) => handlers.receive(message),
    receiveMs: limits.receiveMs,
    startTimer: timers,
    rate: new MessageRate({ ...limits, now, onHeld: (tusn) => log("bus.messages_held", { tusn }) }),
  });
  const admitBound = { admitMs: limits.admitMs, startTimer: timers };
  const admit = (peer: Peer) => admitInTime((asked) => handlers.admit(asked), peer, admitBound);
  const aedes = await openAedes(sessions, admit, limits, log);

  const onTerminal = ({ socket, peer, validTo, settle }: Arrival) => {
    const { tusn } = peer;
    const onFault = (code: string) => log("bus.connection_cut", { code, tusn });
    const stream = new GuardedStream(socket, { limits: limits.guard, startTimer: timers, onFault });
    const onExpired = () => {
      log("bus.certificate_expired", { tusn });
      stream.destroy();
    };
    stream.once("close", watchExpiry(validTo, { now, startTimer: timers, onExpired }));
    const client = aedes.handle(stream);
    const session = new Session(peer, stream, client, inbox, limits);
    client.once("connected", () => {
      settle();
      session.release();
    });
    sessions.open(client, session);
  };
  const { connections, arrivalsPerAddress, handshakeMs } = limits;
  const bounds = { connections, arrivalsPerAddress, handshakeMs };
  const server = await openServer({ ...options, ...bounds, now, onTerminal }).catch(async (error: unknown) => {
    await closeAedes(aedes);
    throw error;
  });

  let closing: Promise<void> | undefined;
  const close = async () => {
    sessions.dropAll();
    await server.close();
    await inbox.drain();
    await closeAedes(aedes);
  };

  return {
    port: server.port,
    send: (tusn, kind, payload) => {
      if (closing !== undefined) throw new TillsyncError("BUS_CLOSED");
      const bytes = toPacketBytes(tusn, kind, payload);
      if (bytes > MAX_PACKET_BYTES) throw new TillsyncError("BYTES_TOO_LARGE", { bytes, bound: MAX_PACKET_BYTES });
      return sessions.ready(tusn)?.send(kind, payload) ?? false;
    },
    connected: () => sessions.connected(),
    disconnect: (tusn) => sessions.drop(tusn),
    refuse: (revoked) => server.refuse(revoked),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

async function openAedes(
  sessions: Sessions,
  admit: BusHandlers["admit"],
  limits: EmbeddedLimits,
  log: Log,
): Promise<Aedes> {
  const hooks = createHooks((client) => sessions.of(client), admit, log);
  const aedes = await Aedes.createBroker({
    ...hooks,
    authenticate: (client, username, password, done) => {
      sessions.claim(client);
      hooks.authenticate(client, username, password, done);
    },
    mq: createSilentEmitter(),
    // The guard's own time limits come first.
    connectTimeout: 2 * limits.guard.connectMs,
    drainTimeout: 2 * limits.guard.writeMs,
  });
  aedes.on("client", (client) => sessions.begin(client));
  aedes.on("subscribe", (subscriptions, client) =>
    sessions.subscribe(
      client,
      subscriptions.map(({ topic }) => topic),
    ),
  );
  aedes.on("unsubscribe", (filters, client) => sessions.unsubscribe(client, filters));
  const onFailure = (client: Client, error: Error) => {
    // Refusals of the access policy are in the log already; what aedes itself says is constant text.
    if (error instanceof TillsyncError) return;
    log("bus.connection_failed", { tusn: sessions.of(client)?.tusn ?? "", reason: error.message });
  };
  aedes.on("clientError", onFailure);
  aedes.on("connectionError", onFailure);
  // EventEmitter throws what nobody listens for.
  (aedes as NodeJS.EventEmitter).on("error", () => log("bus.aedes_failed", { code: "INTERNAL" }));
  return aedes;
}

function closeAedes(aedes: Aedes): Promise<void> {
  return new Promise((resolve) => {
    aedes.close(() => resolve());
  });
}
