import { TillsyncError } from "../../../proto/errors.ts";
import type { OrderAlarm, OrderEffect, OrderEvent, OrderState } from "../../domain/acquirers/order.ts";
import { toErrorFields } from "../../log.ts";
import { findDueOrders, findOrder } from "../../store/acquirer-orders.ts";
import type { AcquirerOrderRow } from "../../store/acquirers-schema.ts";
import { findChange } from "../../store/changes.ts";
import { type Tx, transact } from "../../store/store.ts";
import { isOlderThanRestore } from "../changes/restored.ts";
import type { Context } from "../context.ts";
import type { Act } from "../registry/act.ts";
import type { Acquirer } from "./acquirer.ts";
import { ask } from "./ask.ts";
import { toSettlementOrder } from "./orders.ts";
import { type StepFacts, takeStep } from "./take-step.ts";

/** Orders looked at in one poll, and side by side. */
const MAX_ORDERS = 200;
const SIDE_BY_SIDE = 4;

export interface RunnerOptions {
  /** By code. */
  readonly acquirers: ReadonlyMap<string, Acquirer>;
  /**
   * Called in the transaction that stores an order's new state, or raises an alarm over it, with its state before. Throwing
   * takes that transaction back, and the order is looked at again when it is next due.
   */
  readonly changed: (tx: Tx, order: AcquirerOrderRow, before: OrderState, alarm?: OrderAlarm) => Promise<void>;
}

interface Taken {
  readonly row: AcquirerOrderRow;
  readonly effect: OrderEffect | undefined;
}

/** Drives orders that are due: stores what is about to be done, asks the acquirer, stores what it told. */
export class OrderRunner {
  readonly #context: Context;
  readonly #options: RunnerOptions;
  #polling: Promise<number> | undefined;

  constructor(context: Context, options: RunnerOptions) {
    this.#context = context;
    this.#options = options;
  }

  /**
   * Looks at the orders that are due, and gives how many there were. A poll that is under way is joined.
   *
   * @throws TillsyncError STORE_FAILED
   */
  poll(): Promise<number> {
    this.#polling ??= this.#poll().finally(() => {
      this.#polling = undefined;
    });
    return this.#polling;
  }

  /**
   * A person wants it asked about now; where it could not be known whether it arrived, it is sent once more if need be. Of
   * one that is held the acquirer's record is asked first.
   *
   * @throws TillsyncError NOT_FOUND; STATE_CONFLICT at its end
   */
  async resume(requestNo: string, act: Act): Promise<void> {
    await this.#take(requestNo, { type: "resumed" }, { deed: { kind: "acquirer.resumed", act } });
  }

  /**
   * A person saw the acquirer's record himself: it is as wanted, or the order is given up.
   *
   * @throws TillsyncError NOT_FOUND; STATE_CONFLICT at its end
   */
  async judge(requestNo: string, isDone: boolean, act: Act): Promise<void> {
    const event = { type: "judged", isDone, words: act.reason } as const;
    await this.#take(requestNo, event, { deed: { kind: "acquirer.judged", act } });
  }

  /** Resolves when nothing is under way any more. */
  async close(): Promise<void> {
    await this.#polling?.catch(() => undefined);
  }

  async #poll(): Promise<number> {
    const due = await findDueOrders(this.#context.store, this.#context.now(), MAX_ORDERS);
    const waiting = due.map(({ requestNo }) => requestNo);
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await this.#drive(next);
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
    return due.length;
  }

  /** One order's fault keeps no other from its turn. */
  async #drive(requestNo: string): Promise<void> {
    const { log } = this.#context;
    try {
      const { row, effect } = await this.#take(requestNo, { type: "due" });
      if (effect === undefined) return;
      const acquirer = this.#options.acquirers.get(row.acquirer);
      const { event, onRecord, fault } = await ask(acquirer, effect, toSettlementOrder(row), row);
      if (fault !== undefined) log.warn({ order: requestNo, ...toErrorFields(fault) }, "acquirer could not be asked");
      await this.#take(requestNo, event, effect === "query" && event.type === "shown" ? { onRecord } : {});
    } catch (error) {
      log.error({ order: requestNo, ...toErrorFields(error) }, "order to an acquirer not driven");
    }
  }

  /** One step, stored as a whole with what others make of it. */
  #take(requestNo: string, event: OrderEvent, facts: StepFacts = {}): Promise<Taken> {
    const { store, now } = this.#context;
    return transact(store, async (tx) => {
      const before = await findOrder(tx, requestNo);
      if (before === undefined) throw new TillsyncError("NOT_FOUND", { order: requestNo });
      const at = now();
      const isDue = event.type === "due";
      // Another process may have done it, or a person acted meanwhile.
      if (isDue && (before.dueAt === null || before.dueAt > at)) return { row: before, effect: undefined };
      const isFirst = isDue && before.state === "requested" && before.requests === 0;
      const isHeld = isFirst && (await isOlderThanRestore(tx, await findChange(tx, before.change)));
      const { row, effect, alarm } = await takeStep(tx, before, isHeld ? { type: "held" } : event, at, facts);
      if (row.state !== before.state || alarm !== undefined) {
        await this.#options.changed(tx, row, before.state, alarm);
      }
      return { row, effect };
    });
  }
}
