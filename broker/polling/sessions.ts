import { randomBytes } from "node:crypto";
import { isEqual, toHex } from "../../proto/bytes.ts";
import { SESSION_BYTES } from "../../proto/polling.ts";
import type { Tusn } from "../../proto/tusn.ts";
import type { Admission, BusHandlers, Peer } from "../bus.ts";
import type { StartTimer } from "../guard/timer.ts";
import { type PollingLimits, toNextPoll } from "./limits.ts";
import { Mailbox } from "./mailbox.ts";

export interface SessionsOptions {
  readonly limits: PollingLimits;
  readonly startTimer: StartTimer;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Evenly drawn from [0, 1). */
  readonly random: () => number;
}

/** A terminal that polls, from its hello until it misses its next poll, or another session takes its place. */
export class PollingSession {
  /** What the terminal names it by: good only together with the certificate that it was opened under. */
  readonly id = toHex(randomBytes(SESSION_BYTES));
  readonly peer: Peer;
  readonly admission: Admission;
  readonly mailbox = new Mailbox();
  isOpen = true;
  /** Milliseconds since 1970. */
  activeUntil = 0;
  cancelMissed: () => void = () => undefined;

  constructor(peer: Peer, admission: Admission) {
    this.peer = peer;
    this.admission = admission;
  }
}

/** Sessions by terminal, one of each at most. Tells in turn who can be sent to and who cannot any more. */
export class PollingSessions {
  readonly #options: SessionsOptions;
  readonly #handlers: Pick<BusHandlers, "connected" | "disconnected">;
  readonly #byTusn = new Map<Tusn, PollingSession>();

  constructor(options: SessionsOptions, handlers: Pick<BusHandlers, "connected" | "disconnected">) {
    this.#options = options;
    this.#handlers = handlers;
  }

  /** Whether one more terminal can poll, or this one does. */
  hasRoom(tusn: Tusn): boolean {
    return this.#byTusn.has(tusn) || this.#byTusn.size < this.#options.limits.terminals;
  }

  of(tusn: Tusn): PollingSession | undefined {
    return this.#byTusn.get(tusn);
  }

  /** Undefined where it is no session of this terminal, or was opened under another certificate. */
  find({ tusn, fingerprint }: Peer, id: string | undefined): PollingSession | undefined {
    const session = this.#byTusn.get(tusn);
    if (session === undefined || session.id !== id) return undefined;
    return isEqual(session.peer.fingerprint, fingerprint) ? session : undefined;
  }

  open(peer: Peer, admission: Admission): PollingSession {
    this.end(peer.tusn);
    const session = new PollingSession(peer, admission);
    this.#byTusn.set(peer.tusn, session);
    this.touch(session);
    if (admission === "full") this.#handlers.connected(peer.tusn);
    return session;
  }

  /** Something is under way: the terminal is to ask again soon. */
  activate(session: PollingSession): void {
    session.activeUntil = this.#options.now() + this.#options.limits.activeMs;
  }

  /** The terminal was heard. Gives the seconds after which it is to ask again. */
  touch(session: PollingSession): number {
    const { limits, startTimer, now, random } = this.#options;
    const isActive = now() < session.activeUntil;
    const nextS = toNextPoll(isActive ? Math.min(limits.activePollS, limits.pollS) : limits.pollS, random());
    session.cancelMissed();
    if (session.isOpen) {
      session.cancelMissed = startTimer(nextS * 1_000 + limits.graceMs, () => this.end(session.peer.tusn));
    }
    return nextS;
  }

  /** What waits in it is lost. */
  end(tusn: Tusn): void {
    const session = this.#byTusn.get(tusn);
    if (session === undefined) return;
    session.isOpen = false;
    session.cancelMissed();
    this.#byTusn.delete(tusn);
    if (session.admission === "full") this.#handlers.disconnected(tusn);
  }

  /** TUSNs of those that can be sent to. */
  connected(): readonly Tusn[] {
    return [...this.#byTusn.values()].filter(({ admission }) => admission === "full").map(({ peer }) => peer.tusn);
  }

  endAll(): void {
    for (const tusn of [...this.#byTusn.keys()]) this.end(tusn);
  }
}
