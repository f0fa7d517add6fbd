import { toErrorFields } from "../../log.ts";
import type { Acquirer } from "../acquirers/acquirer.ts";
import { OrderRunner } from "../acquirers/runner.ts";
import type { Context } from "../context.ts";
import { NoticeRunner } from "../notices/runner.ts";
import type { NoticeSettings } from "../notices/settings.ts";
import { type ReceiptAttestor, ReceiptRunner } from "../receipts/runner.ts";
import { ChangeRunner, noteOrder } from "./runner.ts";
import type { ChangeTools } from "./submit.ts";

/** How often changes that wait are looked at: what they wait for happens in other processes, or at an acquirer. */
const CHANGES_POLL_MS = 2_000;

/** Changes that are carried out while this is open. */
export interface ChangeService {
  /** What drives orders to acquirers: no other does in this process. */
  readonly orders: OrderRunner;
  /** Visits all that wait now rather than at the next poll. */
  poll(): Promise<void>;
  /** Resolves when nothing is under way any more. The store stays open. */
  close(): Promise<void>;
}

export interface ChangeSurroundings {
  /** By institution code. */
  readonly acquirers: ReadonlyMap<string, Acquirer>;
  /** Who is told of what happens. */
  readonly notices: NoticeSettings;
  /** What receipts are signed with. */
  readonly attestor: ReceiptAttestor;
}

/** @throws TillsyncError CONFIG_INVALID, DATA_FOLDER_INVALID for settings of notices that cannot be used */
export function openChangeService(
  context: Context,
  tools: Omit<ChangeTools, "acquirers">,
  { acquirers, notices, attestor }: ChangeSurroundings,
): ChangeService {
  const receipts = new ReceiptRunner(context, attestor);
  const teller = new NoticeRunner(context, notices);
  const runner = new ChangeRunner(context, { ...tools, acquirers });
  const orders = openOrderRunner(context, acquirers);
  const poll = async () => {
    await orders.poll();
    await runner.poll();
    await receipts.poll();
    // Not waited for: a mail server that hangs keeps no change from going on.
    void teller.poll();
  };
  const timer = setInterval(() => {
    poll().catch((error) => context.log.error(toErrorFields(error), "orders not looked at"));
  }, CHANGES_POLL_MS);
  return {
    orders,
    poll,
    close: async () => {
      clearInterval(timer);
      await orders.close();
      await runner.close();
      await receipts.close();
      await teller.close();
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
