import { parseSealedAccount, type SealedAccount } from "../../../certs/acquirer/seal.ts";
import { toHex, toUtf8 } from "../../../proto/bytes.ts";
import { checkText } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { Binding } from "../../../proto/profile.ts";
import type { OnRecord } from "../../domain/acquirers/on-record.ts";
import { type BindingFacts, ORDER_ENDS } from "../../domain/acquirers/order.ts";
import { toFirstStanding } from "../../domain/acquirers/step-order.ts";
import { addOrder, findOrder, listOrdersAt } from "../../store/acquirer-orders.ts";
import type { AcquirerOrderRow, OrderPurpose } from "../../store/acquirers-schema.ts";
import { appendEntries } from "../../store/ledger.ts";
import type { Tx } from "../../store/store.ts";
import { toEntry } from "../ledger-entries.ts";
import type { SettlementOrder } from "./acquirer.ts";

/** What a change workflow orders. */
export interface NewOrder {
  /** 8 to 32 of `0-9A-Za-z_-`, chosen once and for all for this order. */
  readonly requestNo: string;
  readonly change: string;
  readonly purpose: OrderPurpose;
  /** Code of the acquirer. */
  readonly acquirer: string;
  readonly merchant: string;
  readonly wanted: BindingFacts;
  readonly before: BindingFacts | undefined;
  /** The file that `tillsync-sign acquirer-seal` made; undefined for people's channels, and to reverse by reference. */
  readonly sealed: Uint8Array | undefined;
  /** What the acquirer has the order under that this one is to take back; absent for every other order. */
  readonly reverses?: string;
  /** Who approved it last; the service where absent. */
  readonly actor?: string;
}

const REQUEST_NO = /^[0-9A-Za-z_-]{8,32}$/;

export function toBindingFacts({ commitment, ...facts }: Binding): BindingFacts {
  return { ...facts, commitment: toHex(commitment) };
}

/**
 * Stores an order in the caller's transaction, with its ledger entry; it is due at once.
 *
 * @throws TillsyncError FIELD_INVALID, FIELD_MISSING where what was sealed is malformed; SEAL_INVALID where it is for another
 *   account or order than is wanted, or for one that was placed before; STATE_CONFLICT where the merchant has another order
 *   at this acquirer that has not ended
 */
export async function placeOrder(tx: Tx, now: number, order: NewOrder): Promise<void> {
  const { requestNo, change, purpose, acquirer, merchant, wanted, before, reverses = "", actor } = order;
  checkText(requestNo, REQUEST_NO, "requestNo");
  const sealed = order.sealed === undefined ? undefined : parseSealedAccount(order.sealed);
  if (sealed !== undefined) demandFit(sealed, order);
  const open = (await listOrdersAt(tx, acquirer, merchant)).find(({ state }) => !ORDER_ENDS.includes(state));
  if (open !== undefined) throw new TillsyncError("STATE_CONFLICT", { order: open.requestNo, state: open.state });
  // Only what was sealed brings a number of its own: every other is made for this order.
  if ((await findOrder(tx, requestNo)) !== undefined) throw new TillsyncError("SEAL_INVALID", { part: "request" });
  await addOrder(tx, {
    ...{ requestNo, change, purpose, acquirer, merchant, reverses },
    wanted: JSON.stringify(wanted),
    before: before === undefined ? "" : JSON.stringify(before),
    sealed: sealed === undefined ? "" : JSON.stringify(sealed),
    ...toFirstStanding(now),
    ...{ onRecord: "", createdAt: now, updatedAt: now },
  });
  const { bin, last4 } = wanted;
  const detail = { change, acquirer, merchant, purpose, bin, last4 };
  await appendEntries(tx, [
    toEntry(now, "acquirer.ordered", requestNo, { ...(actor === undefined ? {} : { actor }), detail }),
  ]);
}

/** An order as an acquirer takes it. */
export function toSettlementOrder(row: AcquirerOrderRow): SettlementOrder {
  const { requestNo, merchant, reference, reverses } = row;
  return {
    ...{ requestNo, merchant, reference, reverses },
    wanted: JSON.parse(row.wanted) as BindingFacts,
    before: row.before === "" ? undefined : (JSON.parse(row.before) as BindingFacts),
    sealed: row.sealed === "" ? undefined : parseSealedAccount(toUtf8(row.sealed)),
  };
}

/** What the acquirer's record showed last; undefined before the first query, and where it had no account. */
export function toOnRecord({ onRecord }: Pick<AcquirerOrderRow, "onRecord">): OnRecord | undefined {
  return onRecord === "" ? undefined : (JSON.parse(onRecord) as OnRecord);
}

function demandFit({ commitment, request }: SealedAccount, { wanted, requestNo }: NewOrder): void {
  if (commitment !== wanted.commitment) throw new TillsyncError("SEAL_INVALID", { part: "commitment" });
  if (request !== "" && request !== requestNo) throw new TillsyncError("SEAL_INVALID", { part: "request" });
}
