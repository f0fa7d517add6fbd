import type { Binding, Merchant } from "../../proto/profile.ts";
import type { MerchantRow } from "../store/schema.ts";

/** A merchant's row with its settlement binding in one. */
export function toMerchantRow(merchant: Merchant, binding: Binding): MerchantRow {
  return { ...merchant, ...binding };
}

export function toMerchant(row: Merchant): Merchant {
  const { number, name, shortName, licenceNo, taxNo, uscc, mcc } = row;
  return { number, name, shortName, licenceNo, taxNo, uscc, mcc };
}

export function toBindingOf(row: Binding): Binding {
  const { kind, bank, cnaps, holder, bin, last4, commitment } = row;
  return { kind, bank, cnaps, holder, bin, last4, commitment };
}
