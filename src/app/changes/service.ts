import { toErrorFields } from "../../log.ts";
import type { Acquirer } from "../acquirers/acquirer.ts";
import { OrderRunner } from "../acquirers/runner.ts";
import type { Context } from "../context.ts";
import { ChangeRunner, noteOrder } from "./runner.ts";
import type { ChangeTools } from "./submit.ts";

/** How often changes that wait are looked at: what they wait for happens in other processes, or at an acquirer. */
const CHANGES_POLL_MS = 2_000;

/** Changes that are carried out while this is open. */
export interface ChangeService {
  /** Visits all that wait now rather than at the next poll. */
  poll(): Promise<void>;
  /** Resolves when nothing is under way any more. The store stays open. */
  close(): Promise<void>;
}

/** @param acquirers by institution code */
export function openChangeService(
  context: Context,
  tools: Omit<ChangeTools, "acquirers">,
  acquirers: ReadonlyMap<string, Acquirer>,
): ChangeService {
  const runner = new ChangeRunner(context, { ...tools, acquirers });
  const orders = openOrderRunner(context, acquirers);
  const poll = async () => {
    await orders.poll();
    await runner.poll();
  };
  const timer = setInterval(() => {
    poll().catch((error) => context.log.error(toErrorFields(error), "orders not looked at"));
  }, CHANGES_POLL_MS);
  return {
    poll,
    close: async () => {
      clearInterval(timer);
      await orders.close();
      await runner.close();
    },
  };
}

/** Drives orders to acquirers, and notes with each change how far its own is. */
export function openOrderRunner(context: Context, acquirers: ReadonlyMap<string, Acquirer>): OrderRunner {
  return new OrderRunner(context, {
    acquirers,
    changed: (tx, order, _before, alarm) => noteOrder(tx, context.now(), order, alarm),
  });
}
