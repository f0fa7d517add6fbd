import { findGoing, parseContentText } from "../../domain/changes/content.ts";
import type { SettlementRecord } from "../../domain/records/record.ts";
import type { ChangeRow } from "../../store/changes-schema.ts";
import { listBindings } from "../../store/records.ts";
import type { Store } from "../../store/store.ts";
import { readRecord } from "../records/read.ts";

/** The account that goes and the one that comes, whether or not terminals have taken it already. */
export async function findAccounts(
  tx: Store,
  row: Pick<ChangeRow, "id" | "merchant" | "content">,
): Promise<{ readonly going: SettlementRecord; readonly coming: SettlementRecord }> {
  const { settlement, bindingId } = parseContentText(row.content);
  const { bindings } = await readRecord(tx, row.merchant);
  const all = await listBindings(tx, row.merchant);
  const primary = findGoing(bindings, undefined);
  const replaced = all.find(({ changeId, replaces }) => changeId === row.id && replaces !== null)?.replaces;
  const going = all.find(({ id }) => id === (bindingId ?? replaced)) ?? primary;
  const stays = bindings.find(({ id, state }) => state === "in_force" && id !== going.id);
  return { going, coming: settlement ?? stays ?? primary };
}
