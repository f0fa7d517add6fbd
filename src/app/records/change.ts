import type { Binding } from "../../../proto/profile.ts";
import { toContact } from "../../domain/records/contact.ts";
import { verifyAllowed } from "../../domain/records/fault.ts";
import type { MerchantFacts, MerchantRecord, RecordPatch } from "../../domain/records/record.ts";
import { findPatchFaults } from "../../domain/records/rules.ts";
import { putMerchants } from "../../store/fleet.ts";
import { findDetails, setDetails } from "../../store/records.ts";
import type { Tx } from "../../store/store.ts";
import { toBindingOf, toMerchant, toMerchantRow } from "../merchant-row.ts";
import { type RecordAct, readForAct } from "./act.ts";
import { toGroupChanges, writeHistory } from "./history.ts";
import { readRecord, toPrimary } from "./read.ts";

/**
 * Changes a merchant's own data: the `merchants` row, its details, one history row for each group that differs, one
 * ledger entry `merchant.changed`, version + 1; all in `tx`. A patch that changes nothing leaves everything as it is.
 *
 * @returns the record as it is now
 * @throws TillsyncError NOT_FOUND; VERSION_CONFLICT where the record is not `version` any more; the code of the first
 *   refusing fault (`findPatchFaults`) with the facts `field` and `reason`
 */
export async function changeRecord(
  tx: Tx,
  now: number,
  change: RecordAct & { readonly patch: RecordPatch },
): Promise<MerchantRecord> {
  const before = await readForAct(tx, change);
  const patch = toOwnPatch(change.patch);
  verifyAllowed(findPatchFaults(before, patch));
  const after = { ...before, ...patch };
  await writeFacts(tx, after, toPrimary(before));
  await writeHistory(tx, now, change, before, toGroupChanges(before, after));
  return readRecord(tx, change.number);
}

/** Writes a merchant's own data into its rows, and where it settles to into the one that repeats it. */
export async function writeFacts(tx: Tx, facts: MerchantFacts, primary: Binding): Promise<void> {
  const { number, ownerKind, principal, licenceValidUntil, contacts } = facts;
  await putMerchants(tx, [toMerchantRow(toMerchant(facts), toBindingOf(primary))]);
  const details = await findDetails(tx, number);
  if (details === undefined) return;
  const told = { ownerKind, principal, licenceValidUntil, contacts: JSON.stringify(contacts) };
  await setDetails(tx, { ...details, ...told });
}

/** Members that a record has, and no others, in whatever came. */
function toOwnPatch(patch: RecordPatch): RecordPatch {
  const { name, shortName, licenceNo, taxNo, uscc, mcc, ownerKind, principal, licenceValidUntil, contacts } = patch;
  const members = { name, shortName, licenceNo, taxNo, uscc, mcc, ownerKind, principal, licenceValidUntil };
  const own = Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
  return { ...own, ...(contacts === undefined ? {} : { contacts: contacts.map(toContact) }) };
}
