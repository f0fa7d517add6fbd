import type { OnRecord } from "../../domain/acquirers/on-record.ts";
import { ORDER_ENDS, type OrderEvent } from "../../domain/acquirers/order.ts";
import { type OrderStep, stepOrder } from "../../domain/acquirers/step-order.ts";
import { putOrder } from "../../store/acquirer-orders.ts";
import type { AcquirerOrderRow } from "../../store/acquirers-schema.ts";
import { appendEntries } from "../../store/ledger.ts";
import type { Tx } from "../../store/store.ts";
import { type LedgerKind, toEntry } from "../ledger-entries.ts";
import type { Act } from "../registry/act.ts";

/** What a person did with an order. */
export interface Deed {
  readonly kind: LedgerKind;
  readonly act: Act;
}

/** What comes with a step: a person's deed, and what the acquirer's record showed. */
export interface StepFacts {
  readonly deed?: Deed;
  readonly onRecord?: OnRecord | undefined;
}

export interface TakenStep extends OrderStep {
  readonly row: AcquirerOrderRow;
}

/**
 * Stores one step of an order, with its ledger entries, in the caller's transaction. `at` in seconds.
 *
 * @throws TillsyncError STATE_CONFLICT where a person acts on an order that has ended
 */
export async function takeStep(
  tx: Tx,
  row: AcquirerOrderRow,
  event: OrderEvent,
  at: number,
  { deed, onRecord }: StepFacts = {},
): Promise<TakenStep> {
  const step = stepOrder(row, event, at);
  const next: AcquirerOrderRow = {
    ...row,
    ...step.standing,
    ...(onRecord === undefined ? {} : { onRecord: JSON.stringify(onRecord) }),
    sealed: ORDER_ENDS.includes(step.standing.state) ? "" : row.sealed,
    updatedAt: at,
  };
  await putOrder(tx, row.requestNo, next);
  const { change, acquirer, merchant, state, reference, code } = next;
  const detail = { change, acquirer, merchant, from: row.state, to: state, reference, code };
  const entries = [];
  if (deed !== undefined) {
    const { actor, reason } = deed.act;
    entries.push(toEntry(at, deed.kind, row.requestNo, { actor, detail: { ...detail, reason } }));
  } else if (row.state !== state) {
    entries.push(toEntry(at, "acquirer.changed", row.requestNo, { detail }));
  }
  if (step.alarm !== undefined) entries.push(toEntry(at, `alarm.acquirer_${step.alarm}`, row.requestNo, { detail }));
  if (entries.length > 0) await appendEntries(tx, entries);
  return { ...step, row: next };
}
