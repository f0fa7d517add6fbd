import { MAX_PACKET_BYTES } from "../../proto/bounds.ts";
import { type ErrorCode, TillsyncError, toErrorCode } from "../../proto/errors.ts";
import type { UploadMessage } from "../../proto/polling.ts";
import type { DownKind } from "../../proto/topics.ts";
import type { Tusn } from "../../proto/tusn.ts";
import type { Bus, BusHandlers, Peer } from "../bus.ts";
import { inTime } from "./in-time.ts";
import type { Content } from "./mailbox.ts";
import { type PollingSession, PollingSessions, type SessionsOptions } from "./sessions.ts";

/** A terminal whose upload is being stored is told to come again after this; and where too many poll, after that. */
const UPLOADING_S = 1;
const FULL_S = 60;

/** What an upload is answered. */
export interface Uploaded {
  /** The session that the terminal is in from now on. */
  readonly session: string;
  /** For each message, why it has to come again; empty where it has not. */
  readonly codes: readonly (ErrorCode | "")[];
  readonly nextPollS: number;
}

/** What waits for a terminal. */
export interface Waiting extends Content {
  readonly nextPollS: number;
}

/**
 * The bus for terminals that poll (clause 5.10), whoever carries what they ask: they upload what they would publish, and
 * what would be sent to them waits in a mailbox. A terminal is connected from its hello until it misses its next poll.
 */
export class Polling implements Pick<Bus, "send" | "connected" | "disconnect" | "close"> {
  readonly #options: SessionsOptions;
  readonly #handlers: BusHandlers;
  readonly #sessions: PollingSessions;
  /** What is being stored or admitted, one upload of each terminal at most. */
  readonly #uploads = new Map<Tusn, Promise<unknown>>();
  /** Terminals that were cut off while they were being admitted. */
  readonly #cut = new Set<Tusn>();
  #isClosed = false;

  constructor(options: SessionsOptions, handlers: BusHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#sessions = new PollingSessions(options, handlers);
  }

  /**
   * Resolves when every message is stored, found worthless, or has a code. A hello opens a session where there is none.
   *
   * @throws TillsyncError HELLO_MISSING, RATE_LIMITED, BUS_CLOSED; ADMISSION_TOO_SLOW, and whatever admission is refused with
   */
  async upload(peer: Peer, id: string | undefined, messages: readonly UploadMessage[]): Promise<Uploaded> {
    const { tusn } = peer;
    if (this.#isClosed) throw new TillsyncError("BUS_CLOSED");
    if (this.#uploads.has(tusn)) throw new TillsyncError("RATE_LIMITED", { seconds: UPLOADING_S });
    const upload = this.#upload(peer, id, messages);
    this.#uploads.set(tusn, upload);
    try {
      return await upload;
    } finally {
      this.#uploads.delete(tusn);
      this.#cut.delete(tusn);
    }
  }

  /**
   * @param tags of contents that the terminal says it has
   * @throws TillsyncError HELLO_MISSING
   */
  desired(peer: Peer, id: string | undefined, tags: readonly string[]): Waiting {
    const session = this.#sessions.find(peer, id);
    if (session === undefined) throw new TillsyncError("HELLO_MISSING");
    return { ...session.mailbox.take(tags), nextPollS: this.#sessions.touch(session) };
  }

  send(tusn: Tusn, kind: DownKind, payload: Uint8Array): boolean {
    if (this.#isClosed) throw new TillsyncError("BUS_CLOSED");
    const bytes = payload.length;
    if (bytes > MAX_PACKET_BYTES) throw new TillsyncError("BYTES_TOO_LARGE", { bytes, bound: MAX_PACKET_BYTES });
    const session = this.#sessions.of(tusn);
    if (session?.admission !== "full" || !session.mailbox.put(kind, payload)) return false;
    if (kind === "directive" || kind === "challenge") this.#sessions.activate(session);
    return true;
  }

  connected(): readonly Tusn[] {
    return this.#sessions.connected();
  }

  disconnect(tusn: Tusn): void {
    if (this.#uploads.has(tusn)) this.#cut.add(tusn);
    this.#sessions.end(tusn);
  }

  /** Resolves when no upload is being stored. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sessions.endAll();
    await Promise.allSettled(this.#uploads.values());
  }

  async #upload(peer: Peer, id: string | undefined, messages: readonly UploadMessage[]): Promise<Uploaded> {
    const known = this.#sessions.find(peer, id);
    if (known === undefined && messages[0]?.kind !== "hello") throw new TillsyncError("HELLO_MISSING");
    const session = known ?? (await this.#open(peer));
    this.#sessions.activate(session);
    const codes = await this.#receive(session, messages);
    return { session: session.id, codes, nextPollS: this.#sessions.touch(session) };
  }

  async #open(peer: Peer): Promise<PollingSession> {
    const { limits, startTimer } = this.#options;
    const { tusn } = peer;
    this.#checkRoom(tusn);
    const bound = { ms: limits.admitMs, code: "ADMISSION_TOO_SLOW", startTimer } as const;
    const admission = await inTime(this.#handlers.admit(peer), bound);
    // What was decided meanwhile may be another answer than the one that was given.
    if (this.#isClosed || this.#cut.has(tusn)) throw new TillsyncError("BUS_CLOSED");
    this.#checkRoom(tusn);
    const older = this.#sessions.of(tusn);
    const session = this.#sessions.open(peer, admission);
    // Last, for whoever is told may end the newer one, too.
    if (older !== undefined) this.#handlers.takenOver(older.peer, peer);
    if (!session.isOpen) throw new TillsyncError("BUS_CLOSED");
    return session;
  }

  #checkRoom(tusn: Tusn): void {
    if (!this.#sessions.hasRoom(tusn)) throw new TillsyncError("RATE_LIMITED", { seconds: FULL_S });
  }

  /** After one that is not stored nothing more is handed over, and the session ends: the terminal sends it all again. */
  async #receive(session: PollingSession, messages: readonly UploadMessage[]): Promise<readonly (ErrorCode | "")[]> {
    const codes: (ErrorCode | "")[] = [];
    const until = this.#options.now() + this.#options.limits.receiveMs;
    for (const message of messages) {
      const code = session.isOpen ? await this.#receiveOne(session, message, until) : "BUS_CLOSED";
      if (code !== "" && session.isOpen) this.#sessions.end(session.peer.tusn);
      codes.push(code);
    }
    return codes;
  }

  async #receiveOne(session: PollingSession, message: UploadMessage, until: number): Promise<ErrorCode | ""> {
    const { kind, envelope: payload } = message;
    const { tusn } = session.peer;
    if (session.admission === "greeting" && kind !== "hello") return "ACCESS_DENIED";
    const { now, startTimer } = this.#options;
    const bound = { ms: until - now(), code: "RECEIVE_TOO_SLOW", startTimer } as const;
    if (bound.ms <= 0) return bound.code;
    try {
      await inTime(this.#handlers.receive({ tusn, kind, payload }), bound);
      return "";
    } catch (error) {
      return toErrorCode(error);
    }
  }
}
