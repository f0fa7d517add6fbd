import { TillsyncError } from "../../../proto/errors.ts";
import type { Binding, Merchant } from "../../../proto/profile.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { findMerchants, listTerminals } from "../../store/fleet.ts";
import type { MerchantRow } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";
import { toMerchant } from "../merchant-row.ts";

const STARS = "******";

/** A merchant as people look at it. */
export interface MerchantView extends Merchant {
  readonly settlement: Pick<Binding, "kind" | "bank" | "cnaps" | "holder"> & {
    /** BIN, stars, last four digits (PCI DSS 3.4.1). */
    readonly number: string;
  };
  readonly terminals: readonly Tusn[];
}

/** @throws TillsyncError NOT_FOUND */
export async function showMerchant(store: Store, number: string): Promise<MerchantView> {
  const [row] = await findMerchants(store, [number]);
  if (row === undefined) throw new TillsyncError("NOT_FOUND", { merchant: number });
  const terminals = await listTerminals(store, number);
  return { ...toMerchant(row), settlement: toSettlementView(row), terminals: terminals.map(({ tusn }) => tusn) };
}

function toSettlementView({ kind, bank, cnaps, holder, bin, last4 }: MerchantRow): MerchantView["settlement"] {
  return { kind, bank, cnaps, holder, number: `${bin}${STARS}${last4}` };
}
