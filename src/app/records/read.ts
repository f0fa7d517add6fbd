import { TillsyncError } from "../../../proto/errors.ts";
import type { Contact } from "../../domain/records/contact.ts";
import type { BindingRecord, MerchantRecord } from "../../domain/records/record.ts";
import { findMerchants } from "../../store/fleet.ts";
import { findDetails, listOpenBindings, type StoredBinding } from "../../store/records.ts";
import type { Store } from "../../store/store.ts";
import { toMerchant } from "../merchant-row.ts";

/**
 * A merchant as it is on record, with its bindings in force and prepared. Takes a `Tx`, too.
 *
 * @throws TillsyncError NOT_FOUND; STORE_FAILED where an edited database lacks its details
 */
export async function readRecord(db: Store, number: string): Promise<MerchantRecord> {
  const [row] = await findMerchants(db, [number]);
  if (row === undefined) throw new TillsyncError("NOT_FOUND", { merchant: number });
  const details = await findDetails(db, number);
  if (details === undefined) throw new TillsyncError("STORE_FAILED", { missing: "merchant_details" });
  const { ownerKind, principal, licenceValidUntil, contacts, version, updatedAt } = details;
  return {
    ...toMerchant(row),
    ...{ ownerKind, principal, licenceValidUntil, version, updatedAt },
    contacts: JSON.parse(contacts) as readonly Contact[],
    bindings: (await listOpenBindings(db, number)).map(toBindingRecord),
  };
}

/** The one that the terminals' profiles hold. @throws TillsyncError STORE_FAILED where an edited database has none */
export function toPrimary({ bindings }: Pick<MerchantRecord, "bindings">): BindingRecord {
  const primary = bindings.find(({ isPrimary }) => isPrimary);
  if (primary === undefined) throw new TillsyncError("STORE_FAILED", { missing: "bindings" });
  return primary;
}

export function toBindingRecord({ merchant: _, isPrimary, ...row }: StoredBinding): BindingRecord {
  return { ...row, isPrimary: isPrimary === 1 };
}
