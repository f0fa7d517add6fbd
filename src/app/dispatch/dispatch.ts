import { setImmediate } from "node:timers/promises";
import type { Policy } from "../../../certs/trust/policy.ts";
import { type ErrorCode, toErrorCode } from "../../../proto/errors.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { HELD_CODES } from "../../domain/binding-gate.ts";
import { toErrorFields } from "../../log.ts";
import { findByDirectives, setProgress } from "../../store/deployments.ts";
import { appendEntries } from "../../store/ledger.ts";
import { clearOutbox, type DueRow, findDue, markSent } from "../../store/outbox.ts";
import type { DeploymentRow } from "../../store/schema.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toStepped } from "../deployment-steps.ts";
import { toEntry } from "../ledger-entries.ts";
import type { Presence } from "../presence.ts";
import { type Evidence, readEvidence } from "./evidence.ts";
import { type HeldRow, holdBack, readHolds } from "./hold.ts";
import { closeLapsed } from "./lapse.ts";
import { toVerifiedDelivery } from "./verified-delivery.ts";
import { type VerifiedRelease, VerifiedReleases } from "./verified-release.ts";

/** Terminals looked up, sent to and noted at a time; in between, other work has its turn. */
const CHUNK = 200;
/** A directive without any answer is sent again after this, */
export const RESEND_AFTER_S = 30;
/** this many times in all; then it waits until the terminal says hello or ends another directive. */
export const MAX_SENDS = 4;

/** Codes of a policy that does not, or not any more, let a release take effect. */
const NOT_APPROVED: readonly ErrorCode[] = ["STATEMENT_UNSIGNED", "TYPE_NOT_ALLOWED", "CAP_EXCEEDED"];
const UNTIMELY: readonly ErrorCode[] = ["NOT_YET_VALID", "EXPIRED"];

interface VerifiedDelivery {
  readonly release: VerifiedRelease;
  readonly delivery: Uint8Array;
}

export interface DispatchOptions {
  readonly presence: Presence;
  /**
   * The policy that terminals judge by; undefined while our trust metadata has expired. Whatever they are sent then they
   * refuse, and people would have to sign it anew: so it waits.
   */
  policy(): Policy | undefined;
  /** Hands a delivery to a connected terminal; false where it could not be. */
  send(tusn: Tusn, delivery: Uint8Array): boolean;
}

/** Sends what is due in the outbox to terminals that are there. The database is the queue; nothing is kept here. */
export class Dispatch {
  readonly #context: Context;
  readonly #options: DispatchOptions;
  readonly #releases: VerifiedReleases;
  readonly #wanted = new Set<Tusn>();
  #running: Promise<void> | undefined;
  #polling: Promise<void> | undefined;

  constructor(context: Context, options: DispatchOptions) {
    this.#context = context;
    this.#options = options;
    this.#releases = new VerifiedReleases(context.store);
  }

  /** Sends what is due for one terminal. */
  wake(tusn: Tusn): void {
    this.#wanted.add(tusn);
    this.#start();
  }

  /** Sends whatever is due, and closes what is too old to be sent. Resolves when done; one poll at a time. */
  poll(): Promise<void> {
    this.#polling ??= this.#poll().finally(() => {
      this.#polling = undefined;
    });
    return this.#polling;
  }

  /** Resolves when nothing is being sent any more. */
  async close(): Promise<void> {
    this.#wanted.clear();
    await Promise.all([this.#running, this.#polling]);
  }

  async #poll(): Promise<void> {
    for (const tusn of this.#options.presence.ready()) this.#wanted.add(tusn);
    this.#start();
    await this.#running;
    await closeLapsed(this.#context).catch((error) => this.#logFailure(error));
  }

  #start(): void {
    if (this.#running !== undefined || this.#wanted.size === 0) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      // Somebody may have been woken for after the last look.
      this.#start();
    });
  }

  async #run(): Promise<void> {
    while (this.#wanted.size > 0) {
      const tusns = [...this.#wanted].slice(0, CHUNK);
      for (const tusn of tusns) this.#wanted.delete(tusn);
      // What was not noted as sent is due still: the next poll takes it up.
      await this.#sendDue(tusns.filter((tusn) => this.#options.presence.isReady(tusn))).catch((error) =>
        this.#logFailure(error),
      );
      await setImmediate();
    }
  }

  async #sendDue(tusns: readonly Tusn[]): Promise<void> {
    if (tusns.length === 0) return;
    const { store } = this.#context;
    const due = await findDue(store, tusns, this.#context.now(), CHUNK);
    const toEvidence = await readEvidence(store, due);
    const toHold = await readHolds(this.#context, due);
    const sent: DueRow[] = [];
    const held: HeldRow[] = [];
    for (const row of due) {
      const verified = await this.#toDelivery(row, toEvidence);
      if (verified === undefined) continue;
      const hold = toHold(row, verified.release.statement.purpose);
      if (hold !== undefined) held.push({ row, hold });
      else if (this.#options.send(row.tusn, verified.delivery)) sent.push(row);
    }
    if (sent.length > 0) await this.#noteSent(sent);
    if (held.length > 0) await this.#hold(held);
  }

  async #toDelivery(row: DueRow, toEvidence: (row: DueRow) => Evidence): Promise<VerifiedDelivery | undefined> {
    const policy = this.#options.policy();
    if (policy === undefined) return undefined;
    try {
      const release = await this.#releases.read(row.releaseId, policy);
      return { release, delivery: toVerifiedDelivery(row, release, toEvidence(row), this.#context.now()) };
    } catch (error) {
      const code = toErrorCode(error);
      // Whatever an edited row ends in, it must not hold up the rows beside it.
      if (code === "STORE_FAILED") throw error;
      // Time makes these good or closes the row: no news for a person.
      if (!UNTIMELY.includes(code)) await this.#withhold(row, error);
      return undefined;
    }
  }

  /**
   * What is not what was signed, or was signed by people who may not any more, is never sent, leaves the queue and is
   * closed; a person has to look, and to publish another release.
   */
  async #withhold(row: DueRow, error: unknown): Promise<void> {
    const code = toErrorCode(error);
    const now = this.#context.now();
    const kind = NOT_APPROVED.includes(code) ? "alarm.not_approved" : "alarm.record_altered";
    const isWithheld = await transact(this.#context.store, async (tx) => {
      // Read again: a terminal that was sent it before has perhaps answered by now.
      const [due] = await findDue(tx, [row.tusn], now, 1);
      if (due?.sequence !== row.sequence) return false;
      await setProgress(
        tx,
        toStepped([due], "superseded", now).map((closed) => ({ ...closed, code })),
      );
      await clearOutbox(tx, row.tusn);
      await appendEntries(tx, [toEntry(now, kind, row.tusn, { detail: { code, sequence: row.sequence } })]);
      return true;
    });
    if (!isWithheld) return;
    this.#context.log.error({ terminal: row.tusn, ...toErrorFields(error) }, "directive withheld");
  }

  async #noteSent(sent: readonly DueRow[]): Promise<void> {
    const now = this.#context.now();
    await transact(this.#context.store, async (tx) => {
      await markSent(
        tx,
        sent.map(({ tusn, sequence, sends }) => {
          const dueAt = sends + 1 < MAX_SENDS ? now + RESEND_AFTER_S : null;
          return { tusn, sequence, sends: sends + 1, dueAt };
        }),
      );
      // Read again: a quick terminal has answered by now.
      const rows = await findByDirectives(
        tx,
        sent.map(({ directiveDigest }) => directiveDigest),
      );
      const released = rows.filter(isHeld).map((row) => ({ ...row, code: "", detail: "", updatedAt: now }));
      const others = rows.filter((row) => !isHeld(row));
      await setProgress(tx, [
        ...released.map((row) => ({ ...row, state: "sent" as const })),
        ...toStepped(others, "sent", now),
      ]);
    });
    this.#context.log.info({ directives: sent.length }, "directives sent");
  }

  /** What may not be sent because of its terminal's identity stays in the queue, and says why. */
  async #hold(held: readonly HeldRow[]): Promise<void> {
    for (const terminal of await holdBack(this.#context, held)) {
      this.#context.log.warn(
        { terminal, code: held.find(({ row }) => row.tusn === terminal)?.hold.code },
        "directive waits",
      );
    }
  }

  #logFailure(error: unknown): void {
    this.#context.log.error(toErrorFields(error), "dispatch failed");
  }
}

/** Whether it waited because of its terminal's identity. */
function isHeld({ state, code }: DeploymentRow): boolean {
  return (state === "pending" || state === "sent") && HELD_CODES.some((held) => held === code);
}
