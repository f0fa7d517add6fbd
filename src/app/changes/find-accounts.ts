import { isEqual } from "../../../proto/bytes.ts";
import { findGoing, parseContentText } from "../../domain/changes/content.ts";
import type { SettlementRecord } from "../../domain/records/record.ts";
import type { ChangeRow } from "../../store/changes-schema.ts";
import { listBindings, type StoredBinding } from "../../store/records.ts";
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
  // Newest first: a change that failed and was opened again may have replaced another one before.
  // And one whose terminals went back has brought the account before once more, which is not what it is about.
  const isWanted = ({ commitment }: StoredBinding) =>
    settlement === undefined || isEqual(commitment, settlement.commitment);
  const brought = all.find((one) => one.changeId === row.id && (one.replaces ?? one.since) !== null && isWanted(one));
  const going = all.find(({ id }) => id === (bindingId ?? brought?.replaces)) ?? findEnded(all, brought) ?? primary;
  const stays = bindings.find(({ id, state }) => state === "in_force" && id !== going.id);
  return { going, coming: settlement ?? stays ?? primary };
}

/** What ended in the moment in which another came into force: terminals may bring one that nobody had prepared. */
function findEnded(all: readonly StoredBinding[], brought: StoredBinding | undefined): StoredBinding | undefined {
  if (brought === undefined || brought.since === null) return undefined;
  return all.find(({ id, since, until }) => id !== brought.id && since !== null && until === brought.since);
}
