import { TillsyncError } from "../../../proto/errors.ts";
import type { BindingRecord, MerchantRecord, SettlementRecord } from "../../domain/records/record.ts";
import type { Tx } from "../../store/store.ts";
import { type RecordAct, readForAct } from "./act.ts";
import { end, insertBinding, makePrimary } from "./binding-rows.ts";
import { toBindingChanges, writeHistory } from "./history.ts";
import { readRecord } from "./read.ts";

// Every function here is one change of a record: compare-and-set on the version, history (masked), ledger entry
// `merchant.changed`, version + 1, all in `tx`. None judges the settlement: `judgeSettlement` does, before. All throw
// TillsyncError NOT_FOUND (merchant or binding) and VERSION_CONFLICT.

/** A binding that was added, and the record with it. */
export interface Bound {
  readonly record: MerchantRecord;
  readonly binding: BindingRecord;
}

type Settling = RecordAct & { readonly settlement: SettlementRecord };

/**
 * Adds a settlement account that is not in force yet. The first terminal that commits a profile with its commitment
 * brings it into force as the primary one, and ends `replaces` in the same moment; where `replaces` is null, the
 * primary one before stays in force beside it.
 *
 * @throws TillsyncError STATE_CONFLICT where `replaces` is not in force
 */
export function prepareBinding(
  tx: Tx,
  now: number,
  change: Settling & { readonly replaces: number | null },
): Promise<Bound> {
  return addOne(tx, now, change, (before) => {
    const { settlement, changeId, replaces } = change;
    if (replaces !== null) findInForce(before, replaces);
    return insertBinding(tx, before.number, settlement, { state: "prepared", since: null, replaces, changeId });
  });
}

/** Adds a settlement account in force beside the primary one. */
export function addBinding(tx: Tx, now: number, change: Settling): Promise<Bound> {
  return addOne(tx, now, change, ({ number }) => insertInForce(tx, now, number, change, null));
}

/**
 * Puts a settlement account in the place of one in force, at once. Where that was the primary one, the new one is, and
 * the `merchants` row tells it.
 *
 * @throws TillsyncError STATE_CONFLICT where `bindingId` is not in force
 */
export function replaceBinding(tx: Tx, now: number, change: Settling & { readonly bindingId: number }): Promise<Bound> {
  return addOne(tx, now, change, async (before) => {
    const old = findInForce(before, change.bindingId);
    const id = await insertInForce(tx, now, before.number, change, old.id);
    if (old.isPrimary) await makePrimary(tx, before, { ...change.settlement, id });
    await end(tx, now, old);
    return id;
  });
}

/**
 * Ends a binding for good; one that is only prepared never comes into force. Where it was the primary one, `successor`
 * is from now on, or the one that has been in force longest.
 *
 * @throws TillsyncError BINDING_LAST where none would be in force; STATE_CONFLICT where the successor is not in force
 */
export async function endBinding(
  tx: Tx,
  now: number,
  change: RecordAct & { readonly bindingId: number; readonly successor?: number },
): Promise<MerchantRecord> {
  const before = await readForAct(tx, change);
  const binding = findBinding(before, change.bindingId);
  const others = before.bindings.filter(({ id, state }) => id !== binding.id && state === "in_force");
  const [longest] = others.toSorted((a, b) => Number(a.since) - Number(b.since) || a.id - b.id);
  const successor = change.successor === undefined ? longest : findInForce({ bindings: others }, change.successor);
  if (binding.state === "in_force" && successor === undefined) {
    throw new TillsyncError("BINDING_LAST", { merchant: before.number });
  }
  if (binding.isPrimary && successor !== undefined) await makePrimary(tx, before, successor);
  await end(tx, now, binding);
  return writeAfter(tx, now, change, before);
}

async function addOne(
  tx: Tx,
  now: number,
  change: RecordAct,
  work: (before: MerchantRecord) => Promise<number>,
): Promise<Bound> {
  const before = await readForAct(tx, change);
  const id = await work(before);
  const record = await writeAfter(tx, now, change, before);
  return { record, binding: findBinding(record, id) };
}

/** Tells the history what the rows have become. */
async function writeAfter(tx: Tx, now: number, act: RecordAct, before: MerchantRecord): Promise<MerchantRecord> {
  const { bindings } = await readRecord(tx, act.number);
  await writeHistory(tx, now, act, before, toBindingChanges(before.bindings, bindings));
  return readRecord(tx, act.number);
}

function insertInForce(
  tx: Tx,
  now: number,
  number: string,
  { settlement, changeId }: Settling,
  replaces: number | null,
): Promise<number> {
  return insertBinding(tx, number, settlement, { state: "in_force", since: now, replaces, changeId });
}

function findBinding({ bindings }: Pick<MerchantRecord, "bindings">, id: number): BindingRecord {
  const binding = bindings.find((candidate) => candidate.id === id);
  if (binding === undefined) throw new TillsyncError("NOT_FOUND", { binding: id });
  return binding;
}

function findInForce(record: Pick<MerchantRecord, "bindings">, id: number): BindingRecord {
  const binding = findBinding(record, id);
  if (binding.state !== "in_force") throw toConflict(binding);
  return binding;
}

function toConflict({ id, state }: BindingRecord): TillsyncError {
  return new TillsyncError("STATE_CONFLICT", { binding: id, state });
}
