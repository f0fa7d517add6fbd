import { type CardClass, classifyCard } from "../../domain/records/bins.ts";
import type { RecordFault } from "../../domain/records/fault.ts";
import type { RecordPolicy } from "../../domain/records/policy.ts";
import type { SettlementRecord } from "../../domain/records/record.ts";
import { findSettlementFaults } from "../../domain/records/rules.ts";
import type { Owner } from "../../domain/records/same-owner.ts";
import { findBins } from "../../store/bins.ts";
import type { Store } from "../../store/store.ts";
import { readBinTable } from "./bin-table.ts";

/**
 * Every fault of a settlement account for that merchant, with the tables of BINs that this service has. For a
 * merchant's own data there is `findPatchFaults`, which needs no table.
 *
 * @param at when it is to be in force, in seconds
 */
export async function judgeSettlement(
  db: Store,
  owner: Owner,
  settlement: SettlementRecord,
  at: number,
  policy?: RecordPolicy,
): Promise<readonly RecordFault[]> {
  const cardClass = await findCardClass(db, settlement);
  return findSettlementFaults(settlement, { owner, cardClass, at }, policy);
}

/** What the operator's own table says of a card, and where that is silent, the one that comes with Tillsync. */
export async function findCardClass(
  db: Store,
  { kind, bin }: Pick<SettlementRecord, "kind" | "bin">,
): Promise<CardClass> {
  if (kind !== "card" || !/^\d{6}(\d\d)?$/.test(bin)) return "unknown";
  return classifyCard(bin, await findBins(db, bin), await readBinTable());
}
