import type { UpMessage } from "../../../broker/bus.ts";
import type { Proof } from "../../../proto/challenge.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { Hello } from "../../../proto/terminal-messages.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import type { HeldTrust, Reconciliation } from "../../domain/reconcile.ts";
import { toErrorFields } from "../../log.ts";
import { findTerminals } from "../../store/fleet.ts";
import { type Tx, transact } from "../../store/store.ts";
import { quarantine, type Suspicion } from "../admission/quarantine.ts";
import { type Sides, toPeerText } from "../admission/sides.ts";
import type { Context } from "../context.ts";
import { noteLife } from "../registry/note-life.ts";
import { recordCommits } from "./record-commit.ts";
import { recordHello } from "./record-hello.ts";
import { recordReport } from "./record-report.ts";
import { Records } from "./records.ts";
import {
  DeviceKeys,
  type VerifiedHello,
  type VerifiedMessage,
  type VerifiedReport,
  verifyUpMessage,
} from "./verified-message.ts";

/** Messages in one transaction. While one is written the next ones gather, so that a busy service writes large ones. */
const MAX_BATCH = 256;
/** Messages that may wait; beyond that terminals are cut off and come again. */
const MAX_WAITING = 8_192;

export interface IntakeOptions {
  /** Versions of the trust metadata that the service holds. */
  trust(): HeldTrust;
  /** The report is stored for good: its receipt may go out. */
  received(message: VerifiedReport): void;
  /** The answer to a challenge came, signed by the terminal's device key. Nothing of it is stored yet. */
  proven(proof: Proof): void;
  /** The hello is stored for good. */
  greeted(hello: Hello, reconciliation: Reconciliation, connection: number): void;
  /** Who knows of terminals' connections; where nobody does, alarms over clones name no addresses and nothing is cut. */
  readonly connections?: ConnectionWatch;
}

export interface ConnectionWatch {
  /** Where the terminal's last two connections came from. */
  sides(tusn: Tusn): Sides;
  /** Cuts the terminal off now: its quarantine is being written, and whoever connects from here on waits for that. */
  cut(tusn: Tusn): void;
}

const NOBODY: ConnectionWatch = {
  sides: () => ({ before: toPeerText(undefined), now: toPeerText(undefined) }),
  cut: () => undefined,
};

interface Waiting {
  readonly message: UpMessage;
  readonly connection: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

type Effect = () => void;

/** A message and the connection it came by. */
type Received<M extends VerifiedMessage = VerifiedMessage> = M & { readonly connection: number };
/** What the records take. */
type Recorded = Received<VerifiedHello | VerifiedReport>;

/** Where terminals' messages come in. Many of them share one transaction, in the order they came. */
export class Intake {
  readonly #context: Context;
  readonly #options: IntakeOptions;
  readonly #connections: ConnectionWatch;
  readonly #keys = new DeviceKeys();
  readonly #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(context: Context, options: IntakeOptions) {
    this.#context = context;
    this.#options = options;
    this.#connections = options.connections ?? NOBODY;
  }

  /**
   * Resolves when the message is stored for good, or was found to be worth nothing and was logged and dropped.
   * `connection` is whatever number its sender's connection goes by; `greeted` tells it again.
   *
   * @throws TillsyncError STORE_FAILED where it was not stored: it must come again
   */
  receive(message: UpMessage, connection = 0): Promise<void> {
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(new TillsyncError("STORE_FAILED", { waiting: MAX_WAITING }));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message, connection, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when everything that came in is stored. */
  async close(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_BATCH);
      await this.#take(batch).catch(() => this.#takeSingly(batch));
    }
    this.#running = undefined;
  }

  /** One message that cannot be stored must not hold up the others. */
  async #takeSingly(batch: readonly Waiting[]): Promise<void> {
    for (const item of batch) {
      await this.#take([item]).catch((error) => {
        this.#context.log.error({ terminal: item.message.tusn, ...toErrorFields(error) }, "message not stored");
        item.reject(error);
      });
    }
  }

  async #take(batch: readonly Waiting[]): Promise<void> {
    const messages = await this.#verify(batch);
    const recorded = messages.filter((message) => message.kind !== "proof");
    const effects =
      recorded.length === 0 ? [] : await transact(this.#context.store, (tx) => this.#record(tx, recorded));
    for (const message of messages) {
      if (message.kind === "proof") this.#perform(() => this.#options.proven(message.proof));
    }
    // Stored it is, whatever comes of an answer: to take it all once more would find nothing new to be answered.
    for (const effect of effects) this.#perform(effect);
    for (const { resolve } of batch) resolve();
  }

  #perform(effect: Effect): void {
    try {
      effect();
    } catch (error) {
      this.#context.log.error(toErrorFields(error), "message not answered");
    }
  }

  async #verify(batch: readonly Waiting[]): Promise<readonly Received[]> {
    const terminals = await findTerminals(this.#context.store, [...new Set(batch.map(({ message }) => message.tusn))]);
    const spkis = new Map(terminals.map(({ tusn, deviceKey }) => [tusn, deviceKey]));
    return batch.flatMap(({ message, connection }) => {
      const spki = spkis.get(message.tusn);
      try {
        if (spki === undefined || spki === null) throw new TillsyncError("NOT_FOUND", { expected: "enrolled" });
        return [{ ...verifyUpMessage(message, this.#keys.read(message.tusn, spki)), connection }];
      } catch (error) {
        this.#drop(message.tusn, error);
        return [];
      }
    });
  }

  /** @returns what to do once the transaction is durable */
  async #record(tx: Tx, messages: readonly Recorded[]): Promise<readonly Effect[]> {
    const records = await Records.load(tx, messages);
    const effects = messages.flatMap((message) => this.#recordOne(records, message));
    const committed = records.changedInto("committed");
    await recordCommits(tx, committed);
    await records.write(tx, this.#context.now());
    await noteLife(
      tx,
      this.#context.now(),
      committed.map(({ tusn }) => ({ tusn, event: "committed" })),
    );
    await this.#quarantine(tx, records.suspicions);
    return effects;
  }

  /** Before the transaction ends, so that nothing is sent to a terminal whose quarantine is on record. */
  async #quarantine(tx: Tx, suspicions: readonly Suspicion[]): Promise<void> {
    for (const suspicion of suspicions) {
      const { tusn, why } = suspicion;
      if (!(await quarantine(tx, this.#context.now(), suspicion))) continue;
      this.#context.log.warn({ code: "CLONE_SUSPECTED", terminal: tusn, why }, "quarantined");
      this.#connections.cut(tusn);
    }
  }

  #recordOne(records: Records, message: Recorded): readonly Effect[] {
    const now = this.#context.now();
    const findSides = (tusn: Tusn) => this.#connections.sides(tusn);
    try {
      if (message.kind === "report") {
        recordReport(records, message, findSides, now);
        return [() => this.#options.received(message)];
      }
      const reconciliation = recordHello(records, message, { trust: this.#options.trust(), findSides, now });
      return [() => this.#options.greeted(message.hello, reconciliation, message.connection)];
    } catch (error) {
      if (!(error instanceof TillsyncError)) throw error;
      this.#drop(message.kind === "report" ? message.report.tusn : message.hello.tusn, error);
      return [];
    }
  }

  #drop(terminal: Tusn, error: unknown): void {
    this.#context.log.warn({ terminal, ...toErrorFields(error) }, "message dropped");
  }
}
