import { TillsyncError } from "../../../proto/errors.ts";
import { compareRecord, type OnRecord, type RecordFinding } from "../../domain/acquirers/on-record.ts";
import type { BindingFacts } from "../../domain/acquirers/order.ts";
import { findMerchants } from "../../store/fleet.ts";
import type { Context } from "../context.ts";
import type { Acquirer } from "./acquirer.ts";
import { toBindingFacts } from "./orders.ts";

/** What an acquirer settles a merchant's money to, beside what our records say. */
export interface RecordView {
  readonly acquirer: string;
  readonly merchant: string;
  readonly ours: BindingFacts;
  /** Undefined where the acquirer has no account for it. */
  readonly theirs: OnRecord | undefined;
  readonly finding: RecordFinding;
}

/** @throws TillsyncError NOT_FOUND; what `Acquirer.query` throws */
export async function viewRecord(
  context: Context,
  code: string,
  acquirer: Acquirer,
  merchant: string,
): Promise<RecordView> {
  const [row] = await findMerchants(context.store, [merchant]);
  if (row === undefined) throw new TillsyncError("NOT_FOUND", { merchant });
  const { kind, bank, cnaps, holder, bin, last4, commitment } = row;
  const ours = toBindingFacts({ kind, bank, cnaps, holder, bin, last4, commitment });
  const theirs = await acquirer.query(merchant);
  return { acquirer: code, merchant, ours, theirs, finding: compareRecord(theirs, ours, undefined) };
}
