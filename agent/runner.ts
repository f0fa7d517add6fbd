import type { Trust } from "../certs/trust/verify.ts";
import { toHex } from "../proto/bytes.ts";
import { TillsyncError, toErrorCode } from "../proto/errors.ts";
import type { Hello, Report } from "../proto/terminal-messages.ts";
import type { Answer, Perform } from "./effects.ts";
import { isStale, toHello } from "./hello.ts";
import { type IntakePorts, type Knowledge, type MessageKind, takeMessage } from "./intake.ts";
import { toErrorFields } from "./log.ts";
import type { Effect, Event, EventKind, EventOf } from "./machine/events.ts";
import { type Slot, type State, toNamesInUse, toSlotsInUse } from "./machine/state.ts";
import { step } from "./machine/step.ts";
import { Present, type PresentPorts } from "./present.ts";
import type { Readiness } from "./readiness.ts";
import type { StateFile } from "./slots/state-file.ts";
import { findWithdrawal } from "./withdrawal.ts";

/** Longest pause before a state that could not be written is tried again. */
export const WRITE_RETRY_MS = 5_000;

/** Events from outside; all others are boot and the answers to effects. */
const MESSAGES: readonly EventKind[] = ["accepted", "refused", "repeated", "receipt", "rooted", "trusted", "greeted"];

/** Makes the event when its turn comes, from what is known then; undefined where nothing happened. */
type ToEvent = () => Event | undefined | Promise<Event | undefined>;

/** Where reports go. Nothing is kept there: what is not sent now is sent with the next hello. */
export interface Outbox {
  send(reports: readonly Report[]): void;
  /** Says hello anew, because the service should look again. */
  announce(): void;
}

export interface RunnerPorts extends IntakePorts, PresentPorts {
  readonly stateFile: StateFile;
  readonly outbox: Outbox;
  readonly perform: Perform;
  readonly readiness: Pick<Readiness, "busy">;
  /** Random bytes of this run of the agent (clause 5.3). */
  readonly run: Uint8Array;
  /** Resolves after anything from nothing to so many milliseconds, or when the agent ends. */
  readonly pause: (atMostMs: number) => Promise<void>;
}

/**
 * Drives the machine: one event at a time is judged, its step is made durable in one write, and only then is its effect
 * begun and its reports sent. Messages never wait for an effect, and an effect never for a message.
 */
export class Runner {
  readonly #ports: RunnerPorts;
  readonly #present: Present;
  #trust: Trust | undefined;
  #queue: Promise<void> = Promise.resolve();
  #closed = false;
  #outstanding: Effect | undefined;
  #suppressed = 0;

  constructor(ports: RunnerPorts) {
    this.#ports = ports;
    this.#present = new Present(ports);
  }

  get state(): State {
    return this.#ports.stateFile.state;
  }

  /** Settles on a usable slot, whatever the agent was doing when it stopped. */
  async start(): Promise<void> {
    this.#followRoots();
    this.#trust = this.#loadTrust();
    await this.#handle(() => this.#toBoot());
  }

  /**
   * Resolves when what the message changed is durable. The payload is hostile.
   *
   * @throws TillsyncError BUS_CLOSED where the agent ends before
   */
  receive(kind: MessageKind, payload: Uint8Array): Promise<void> {
    return this.#handle(() => takeMessage(this.#ports, kind, payload, this.#knowledge));
  }

  /** A hello under a new device counter, which is durable. @throws TillsyncError BUS_CLOSED */
  async greet(): Promise<Hello> {
    await this.#handle(() => ({ kind: "greeted", now: this.now }));
    const { trusts, cardKey, run, readiness } = this.#ports;
    const rootVersion = trusts.roots.version;
    const { busy } = readiness;
    return toHello(this.state, { trust: this.#trust, rootVersion, cardKey, run, busy, now: this.now });
  }

  /**
   * Whether the terminal is busy with what the machine asked of it, or in the midst of an update that has touched it. Not
   * while a directive waits for a moment to begin.
   */
  get isAtWork(): boolean {
    const phase = this.state.underWay?.progress.phase ?? "waiting";
    const isTouched = phase !== "verified" && phase !== "waiting";
    return isTouched || (this.#outstanding !== undefined && this.#outstanding.kind !== "pause");
  }

  /** What second it is, as far as the terminal can tell. */
  get now(): number {
    return this.#present.now;
  }

  /** Whether no change can be accepted for want of fresh trust metadata. */
  get isStale(): boolean {
    return isStale(this.#trust, this.now);
  }

  /** Reports without a receipt, oldest first. */
  unsent(): readonly Report[] {
    return this.state.unsent;
  }

  /** Begins nothing new. Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue;
  }

  get #knowledge(): Knowledge {
    const { now, past } = this.#present;
    return { state: this.state, trust: this.#trust, now, past };
  }

  #handle(toEvent: ToEvent): Promise<void> {
    const handled = this.#queue.then(() => this.#take(toEvent));
    this.#queue = handled.catch(() => undefined);
    return handled;
  }

  async #take(toEvent: ToEvent): Promise<void> {
    const { version } = this.#ports.trusts.roots;
    while (!this.#closed) {
      try {
        const before = this.#ports.trusts.roots.version;
        const event = await this.#judge(toEvent);
        if (this.#closed) break;
        if (event !== undefined) this.#step(event);
        const after = this.#ports.trusts.roots.version;
        // What else the message holds is judged under the new root: so often as it holds roots. On a disk that forgets
        // at once there is no new one, or the same would come for ever.
        if (after > before) continue;
        // More roots may follow than one message holds, and what they prove.
        if (after > version) this.#ports.outbox.announce();
        return;
      } catch (error) {
        if (toErrorCode(error) !== "STATE_WRITE_FAILED") throw error;
        // Not durable, so it has not happened: judged again from the beginning, at the time it is then.
        this.#ports.log("error", "state write failed", toErrorFields(error));
        await this.#ports.pause(WRITE_RETRY_MS);
      }
    }
    throw new TillsyncError("BUS_CLOSED");
  }

  async #judge(toEvent: ToEvent): Promise<Event | undefined> {
    try {
      return await toEvent();
    } catch (error) {
      if (toErrorCode(error) !== "SLOT_CORRUPT") throw error;
      this.#ports.log("error", "slot unreadable", toErrorFields(error));
      // A matter for boot, as if found at boot. Not while the terminal is at work; the service sends again.
      return this.#outstanding === undefined || this.#outstanding.kind === "pause" ? this.#toBoot() : undefined;
    }
  }

  #step(event: Event): void {
    const before = this.state;
    const { state, effect } = step(before, event);
    if (state !== before || event.kind === "boot") this.#ports.stateFile.save(state);
    if (event.kind === "rooted") this.#takeRoot(event);
    else if (state.trust !== before.trust) this.#trust = this.#loadTrust();
    this.#sweep(before);
    this.#tell(before, event);
    if (!MESSAGES.includes(event.kind)) this.#outstanding = undefined;
    if (effect !== undefined) this.#begin(effect);
  }

  #begin(effect: Effect): void {
    this.#outstanding = effect;
    // A pause that boot has overtaken means nothing any more.
    const finish = (toEvent: () => Event) => this.#handle(() => (this.#outstanding === effect ? toEvent() : undefined));
    const answered = (answer: Answer) => finish(() => this.#toAnswered({ ...answer, now: this.now }));
    const failed = (error: unknown) => {
      this.#ports.log("error", "effect failed", { ...toErrorFields(error), effect: effect.kind });
      return finish(() => this.#toBoot());
    };
    const done = this.#ports.perform(effect).then(answered, failed);
    // Ending is the one thing that may come between an effect and its answer; boot makes it good.
    done.catch((error: unknown) => {
      if (!this.#closed) throw error;
    });
  }

  /** The answer, and before a directive begins whether it is still approved by the newest people known. */
  #toAnswered(event: Event): Event {
    const { underWay, tusn } = this.state;
    if (event.kind !== "status" || underWay === undefined || this.#trust === undefined) return event;
    return { ...event, withdrawn: findWithdrawal(this.#ports.objects, underWay.next, this.#trust.policy, tusn) };
  }

  /** What a key said that the new root does not name any more proves nothing, the time included. */
  #takeRoot({ changed }: EventOf<"rooted">): void {
    this.#followRoots();
    if (changed.includes("timestamp")) this.#present.forget();
    this.#trust = this.#loadTrust();
    const { version } = this.#ports.trusts.roots;
    this.#ports.log("info", "root taken", { version, changed: changed.join(" ") });
  }

  #followRoots(): void {
    const { trusts, log } = this.#ports;
    const { roots } = this.state;
    trusts.follow(roots);
    const proven = trusts.roots.names.length;
    if (proven < roots.length) log("error", "root unreadable", { named: roots.length, proven });
  }

  #sweep(before: State): void {
    const names = toNamesInUse(this.state);
    if (toNamesInUse(before).join() === names.join()) return;
    try {
      this.#ports.objects.keepOnly(names);
    } catch (error) {
      // What is left over costs space only; the next change sweeps again.
      this.#ports.log("warn", "sweep failed", toErrorFields(error));
    }
  }

  #tell(before: State, event: Event): void {
    const { outbox, log } = this.#ports;
    const { unsent, standing } = this.state;
    const known = new Set(before.unsent.map((report) => report.counter));
    const added = unsent.filter((report) => !known.has(report.counter));
    for (const { kind, code, detail, directive, sequence } of added) {
      log("info", "report queued", { kind, code, detail, directive: toHex(directive), sequence });
    }
    if (event.kind === "refused" && added.length === 0) {
      this.#suppressed += 1;
      log("warn", "refusal suppressed", { code: event.code, suppressed: this.#suppressed });
    }
    const wanted = event.kind === "repeated" ? this.#toAnswer(event) : added;
    if (wanted.length > 0) outbox.send(wanted);
    if (before.standing.broken && !standing.broken) outbox.announce();
  }

  /** What is queued about the directive; else its outcome, which an answer need not be queued for. */
  #toAnswer({ directive }: EventOf<"repeated">): readonly Report[] {
    const { unsent, last } = this.state;
    const isAbout = (report: Report) => toHex(report.directive) === directive;
    const queued = unsent.filter(isAbout);
    return queued.length > 0 || last === undefined ? queued : [last].filter(isAbout);
  }

  #toBoot(): Event {
    const unreadable = toSlotsInUse(this.state).filter((slot) => !this.#isReadable(slot));
    return { kind: "boot", now: this.now, unreadable: unreadable.map((slot) => slot.delivery) };
  }

  #isReadable(slot: Slot): boolean {
    try {
      this.#ports.slots.read(slot);
      return true;
    } catch (error) {
      this.#ports.log("error", "slot unreadable", { ...toErrorFields(error), profile: slot.profile });
      return false;
    }
  }

  #loadTrust(): Trust | undefined {
    const { trust } = this.state;
    try {
      if (trust === undefined) return undefined;
      const read = this.#ports.trusts.read(trust);
      this.#present.prove(read.issued);
      return read;
    } catch (error) {
      this.#ports.log("error", "trust unreadable", toErrorFields(error));
      return undefined;
    }
  }
}
