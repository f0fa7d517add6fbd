import type { Trust } from "../certs/trust/verify.ts";
import { toHex } from "../proto/bytes.ts";
import { TillsyncError, toErrorCode } from "../proto/errors.ts";
import type { Hello, Report } from "../proto/terminal-messages.ts";
import type { DownKind } from "../proto/topics.ts";
import type { Answer, Perform } from "./effects.ts";
import { toHello } from "./hello.ts";
import { type IntakePorts, type Knowledge, takeMessage } from "./intake.ts";
import { toErrorFields } from "./log.ts";
import type { Effect, Event, EventKind } from "./machine/events.ts";
import { type Slot, type State, toSlotsInUse } from "./machine/state.ts";
import { step } from "./machine/step.ts";
import { Present, type PresentPorts } from "./present.ts";
import type { StateFile } from "./slots/state-file.ts";

/** Longest pause before a state that could not be written is tried again. */
export const WRITE_RETRY_MS = 5_000;

/** Events from outside; all others are boot and the answers to effects. */
const MESSAGES: readonly EventKind[] = ["accepted", "refused", "repeated", "receipt", "trusted", "greeted"];

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
    this.#trust = this.#loadTrust();
    await this.#handle(() => this.#toBoot());
  }

  /**
   * Resolves when what the message changed is durable. The payload is hostile.
   *
   * @throws TillsyncError BUS_CLOSED where the agent ends before
   */
  receive(kind: DownKind, payload: Uint8Array): Promise<void> {
    return this.#handle(() => takeMessage(this.#ports, kind, payload, this.#knowledge));
  }

  /** A hello under a new device counter, which is durable. @throws TillsyncError BUS_CLOSED */
  async greet(): Promise<Hello> {
    await this.#handle(() => ({ kind: "greeted", now: this.#now }));
    return toHello(this.state, this.#trust, this.#now);
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

  get #now(): number {
    return this.#present.now;
  }

  get #knowledge(): Knowledge {
    return { state: this.state, trust: this.#trust, now: this.#now };
  }

  /** @param toEvent makes the event when its turn comes, from what is known then; undefined where nothing happened */
  #handle(toEvent: () => Event | undefined): Promise<void> {
    const handled = this.#queue.then(() => this.#take(toEvent));
    this.#queue = handled.catch(() => undefined);
    return handled;
  }

  async #take(toEvent: () => Event | undefined): Promise<void> {
    while (!this.#closed) {
      try {
        const event = this.#judge(toEvent);
        if (event !== undefined) this.#step(event);
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

  #judge(toEvent: () => Event | undefined): Event | undefined {
    try {
      return toEvent();
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
    if (state.trust !== before.trust) this.#trust = this.#loadTrust();
    this.#sweep(before);
    this.#tell(before, event);
    if (!MESSAGES.includes(event.kind)) this.#outstanding = undefined;
    if (effect !== undefined) this.#begin(effect);
  }

  #begin(effect: Effect): void {
    this.#outstanding = effect;
    // A pause that boot has overtaken means nothing any more.
    const finish = (toEvent: () => Event) => this.#handle(() => (this.#outstanding === effect ? toEvent() : undefined));
    const answered = (answer: Answer) => finish(() => ({ ...answer, now: this.#now }));
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

  #sweep(before: State): void {
    if (toNames(before) === toNames(this.state)) return;
    try {
      this.#ports.slots.keepOnly(toSlotsInUse(this.state), this.state.trust);
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
    const wanted =
      event.kind === "repeated" ? unsent.filter((report) => toHex(report.directive) === event.directive) : added;
    if (wanted.length > 0) outbox.send(wanted);
    if (before.standing.broken && !standing.broken) outbox.announce();
  }

  #toBoot(): Event {
    const unreadable = toSlotsInUse(this.state).filter((slot) => !this.#isReadable(slot));
    return { kind: "boot", now: this.#now, unreadable: unreadable.map((slot) => slot.delivery) };
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
      const read = this.#ports.slots.readTrust(trust);
      this.#present.prove(read.issued);
      return read;
    } catch (error) {
      this.#ports.log("error", "trust unreadable", toErrorFields(error));
      return undefined;
    }
  }
}

/** What the state refers to on disk, as one text to compare. */
function toNames(state: State): string {
  return [...toSlotsInUse(state).flatMap(({ delivery, trust }) => [delivery, trust]), state.trust?.bundle].join();
}
