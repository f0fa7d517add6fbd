import type { Tusn } from "../../proto/tusn.ts";

interface Connection {
  readonly number: number;
  isConnected: boolean;
  isGreeted: boolean;
  /** It has said that its trust metadata is another than ours, and none was handed to it since. */
  lacksTrust: boolean;
  /** It has said that its trust is stale, though it is the very metadata that we hold. */
  isStale: boolean;
  /** Newest trust root that it said it holds; undefined before its hello. */
  rootVersion: number | undefined;
}

/** What a hello tells of the trust that its terminal holds. */
export interface GreetedTrust {
  readonly lacksTrust: boolean;
  readonly rootVersion: number;
  /** On the very metadata that we hold: it refuses whatever it is sent, until a hello tells that it is fresh. */
  readonly isStale?: boolean;
}

/**
 * Which terminals may be sent directives: those that are connected, have said on this very connection what they hold, and
 * lack no trust metadata, nor are stale on what they have. Subscription and hello come in either order.
 */
export class Presence {
  readonly #connections = new Map<Tusn, Connection>();
  #last = 0;

  /** Number of the terminal's present connection; what comes by it is to be told with it. No number is used twice. */
  connection(tusn: Tusn): number {
    return this.#open(tusn).number;
  }

  connected(tusn: Tusn): void {
    this.#open(tusn).isConnected = true;
  }

  /** Its hello is stored; one that came by a connection that ended since says nothing of the present one. */
  greeted(tusn: Tusn, connection: number, greeting: GreetedTrust): void {
    const present = this.#connections.get(tusn);
    if (present?.number !== connection) return;
    present.isGreeted = true;
    present.lacksTrust = greeting.lacksTrust;
    present.rootVersion = greeting.rootVersion;
    present.isStale = greeting.isStale ?? false;
  }

  /** Newest trust root that the terminal said, on this connection, that it holds. */
  rootVersion(tusn: Tusn): number | undefined {
    return this.#connections.get(tusn)?.rootVersion;
  }

  /** Trust metadata was handed to the bus for it. */
  trusted(tusn: Tusn): void {
    const present = this.#connections.get(tusn);
    if (present !== undefined) present.lacksTrust = false;
  }

  disconnected(tusn: Tusn): void {
    this.#connections.delete(tusn);
  }

  isReady(tusn: Tusn): boolean {
    const present = this.#connections.get(tusn);
    return present !== undefined && isReady(present);
  }

  ready(): readonly Tusn[] {
    return this.#select(isReady);
  }

  /** Whether trust metadata is all that it still needs. */
  lacksTrust(tusn: Tusn): boolean {
    const present = this.#connections.get(tusn);
    return present !== undefined && isLackingTrust(present);
  }

  lackingTrust(): readonly Tusn[] {
    return this.#select(isLackingTrust);
  }

  #open(tusn: Tusn): Connection {
    const present = this.#connections.get(tusn);
    if (present !== undefined) return present;
    this.#last += 1;
    const opened: Connection = {
      ...{ number: this.#last, isConnected: false, isGreeted: false },
      ...{ lacksTrust: false, isStale: false, rootVersion: undefined },
    };
    this.#connections.set(tusn, opened);
    return opened;
  }

  #select(holds: (connection: Connection) => boolean): readonly Tusn[] {
    return [...this.#connections].filter(([, connection]) => holds(connection)).map(([tusn]) => tusn);
  }
}

function isReady({ isConnected, isGreeted, lacksTrust, isStale }: Connection): boolean {
  return isConnected && isGreeted && !lacksTrust && !isStale;
}

function isLackingTrust({ isConnected, lacksTrust }: Connection): boolean {
  return isConnected && lacksTrust;
}
