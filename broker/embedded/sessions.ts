import type { Client } from "aedes";
import type { Tusn } from "../../proto/tusn.ts";
import type { BusHandlers } from "../bus.ts";
import type { EmbeddedLimits } from "./limits.ts";
import type { Log } from "./log.ts";
import type { Session } from "./session.ts";

/**
 * All connections by terminal. A terminal has one connection that counts, the last one that the broker took; `connected`
 * and `disconnected` are told in turn, whatever the order in which sockets close.
 */
export class Sessions {
  readonly #handlers: Pick<BusHandlers, "connected" | "disconnected" | "takenOver">;
  readonly #log: Log;
  readonly #limits: Pick<EmbeddedLimits, "terminalSessions">;
  readonly #byClient = new Map<Client, Session>();
  /** Those of a terminal, oldest first, that are not cut. */
  readonly #byTusn = new Map<Tusn, Set<Session>>();
  readonly #current = new Map<Tusn, Session>();
  /** By a connection that is being accepted, the one that counted until then. */
  readonly #claimed = new WeakMap<Session, Session>();
  /** Those of `#current` that were told as connected. */
  readonly #told = new Set<Session>();

  constructor(
    handlers: Pick<BusHandlers, "connected" | "disconnected" | "takenOver">,
    log: Log,
    limits: Pick<EmbeddedLimits, "terminalSessions">,
  ) {
    this.#handlers = handlers;
    this.#log = log;
    this.#limits = limits;
  }

  of(client: Client | null): Session | undefined {
    return client === null ? undefined : this.#byClient.get(client);
  }

  /** A connection has passed its TLS handshake. Where its terminal has too many, the oldest without CONNECT is cut. */
  open(client: Client, session: Session): void {
    this.#makeRoom(session.tusn);
    this.#byClient.set(client, session);
    this.#byTusn.set(session.tusn, this.#ofTerminal(session.tusn).add(session));
    client.conn.once("close", () => {
      this.#byClient.delete(client);
      this.#end(session);
    });
  }

  /** Its CONNECT will be accepted. What it takes over from is noted now, for the broker itself may end that first. */
  claim(client: Client): void {
    const session = this.of(client);
    const older = session === undefined ? undefined : this.#current.get(session.tusn);
    if (session !== undefined && older?.isOpen()) this.#claimed.set(session, older);
  }

  /** Its CONNECT was accepted: it takes over from an older connection of the same terminal. */
  begin(client: Client): void {
    const session = this.of(client);
    if (session === undefined || !session.isOpen()) return;
    const current = this.#current.get(session.tusn);
    if (current !== undefined) this.#cut(current);
    this.#current.set(session.tusn, session);
    const older = current ?? this.#claimed.get(session);
    if (older === undefined) return;
    this.#log("bus.taken_over", { tusn: session.tusn });
    // Last, for whoever is told may cut the newer one, too.
    this.#handlers.takenOver(older.peer, session.peer);
  }

  subscribe(client: Client, filters: readonly string[]): void {
    const session = this.of(client);
    session?.subscribe(filters);
    this.#tell(session);
  }

  unsubscribe(client: Client, filters: readonly string[]): void {
    const session = this.of(client);
    session?.unsubscribe(filters);
    this.#tell(session);
  }

  /** The connection by which a terminal can be sent to. */
  ready(tusn: Tusn): Session | undefined {
    const session = this.#current.get(tusn);
    return session !== undefined && this.#told.has(session) && session.isOpen() ? session : undefined;
  }

  connected(): readonly Tusn[] {
    return [...this.#told].map((session) => session.tusn);
  }

  /** Cuts every connection of a terminal, those included whose CONNECT is still awaited. */
  drop(tusn: Tusn): void {
    for (const session of this.#ofTerminal(tusn)) this.#cut(session);
  }

  dropAll(): void {
    for (const session of this.#byClient.values()) this.#cut(session);
  }

  #ofTerminal(tusn: Tusn): Set<Session> {
    return this.#byTusn.get(tusn) ?? new Set();
  }

  #makeRoom(tusn: Tusn): void {
    const { terminalSessions } = this.#limits;
    const open = [...this.#ofTerminal(tusn)].filter((session) => session.isOpen());
    const surplus = open.find((session) => this.#current.get(tusn) !== session);
    if (open.length < terminalSessions || surplus === undefined) return;
    this.#log("bus.session_surplus", { tusn, bound: terminalSessions });
    this.#cut(surplus);
  }

  #cut(session: Session): void {
    session.drop();
    this.#end(session);
  }

  #end(session: Session): void {
    const own = this.#ofTerminal(session.tusn);
    own.delete(session);
    if (own.size === 0) this.#byTusn.delete(session.tusn);
    if (this.#current.get(session.tusn) === session) this.#current.delete(session.tusn);
    if (this.#told.delete(session)) this.#handlers.disconnected(session.tusn);
  }

  #tell(session: Session | undefined): void {
    if (session === undefined || this.#current.get(session.tusn) !== session) return;
    const wasTold = this.#told.has(session);
    if (session.isReady() === wasTold) return;
    if (wasTold) {
      this.#told.delete(session);
      this.#handlers.disconnected(session.tusn);
    } else {
      this.#told.add(session);
      this.#handlers.connected(session.tusn);
    }
  }
}
