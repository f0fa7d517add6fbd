import type { Binding } from "../../../proto/profile.ts";
import type { BindingRecord, MerchantRecord, SettlementRecord } from "../../domain/records/record.ts";
import { addBindingRow, type StoredBinding, setBinding } from "../../store/records.ts";
import type { Tx } from "../../store/store.ts";
import { writeFacts } from "./change.ts";

// The steps of which changes of settlement accounts are made. Each keeps at most one primary row; together they keep
// the `merchants` row equal to it.

type Entry = Pick<StoredBinding, "state" | "since" | "replaces" | "changeId">;

/** @returns the id of the new row, which is not the primary one */
export function insertBinding(tx: Tx, merchant: string, settlement: SettlementRecord, entry: Entry): Promise<number> {
  const { kind, bank, cnaps, holder, bin, last4, commitment, validFrom, validUntil } = settlement;
  return addBindingRow(tx, {
    ...{ merchant, kind, bank, cnaps, holder, bin, last4, commitment, validFrom, validUntil },
    ...entry,
    isPrimary: 0,
    until: null,
  });
}

export function end(tx: Tx, now: number, { id }: Pick<BindingRecord, "id">): Promise<void> {
  return setBinding(tx, { id, state: "ended", until: now, isPrimary: 0 });
}

/** Makes one in force the primary one; whichever was it stays in force, and may be ended after, never before. */
export async function makePrimary(
  tx: Tx,
  before: MerchantRecord,
  binding: Binding & Pick<BindingRecord, "id">,
): Promise<void> {
  const old = before.bindings.find(({ isPrimary, id }) => isPrimary && id !== binding.id);
  if (old !== undefined) await setBinding(tx, { id: old.id, isPrimary: 0 });
  await setBinding(tx, { id: binding.id, isPrimary: 1 });
  await writeFacts(tx, before, binding);
}
