import { toDigest, toUtf8 } from "../../../proto/bytes.ts";
import type { BindingRecord, MerchantFacts, MerchantRecord } from "../../domain/records/record.ts";
import { appendEntries } from "../../store/ledger.ts";
import { addMerchantHistory, findDetails, setDetails } from "../../store/records.ts";
import type { HistoryGroup } from "../../store/records-schema.ts";
import type { Tx } from "../../store/store.ts";
import { toEntry } from "../ledger-entries.ts";
import type { RecordAct } from "./act.ts";

const STARS = "******";

/** One group of a record before and after; only what differs. */
export interface GroupChange {
  readonly group: HistoryGroup;
  readonly before: object;
  readonly after: object;
}

const MERCHANT_FIELDS = [
  "name",
  "shortName",
  "licenceNo",
  "taxNo",
  "uscc",
  "mcc",
  "ownerKind",
  "principal",
  "licenceValidUntil",
] as const satisfies readonly (keyof MerchantFacts)[];

/** What differs between two states of a merchant's own data. */
export function toGroupChanges(before: MerchantFacts, after: MerchantFacts): readonly GroupChange[] {
  const fields = MERCHANT_FIELDS.filter((field) => before[field] !== after[field]);
  const pick = (facts: MerchantFacts) => Object.fromEntries(fields.map((field) => [field, facts[field]]));
  const contacts = [before.contacts, after.contacts];
  const isOther = JSON.stringify(contacts[0]) !== JSON.stringify(contacts[1]);
  return [
    ...(fields.length > 0 ? [{ group: "merchant", before: pick(before), after: pick(after) } as const] : []),
    ...(isOther
      ? [{ group: "contact", before: { contacts: contacts[0] }, after: { contacts: contacts[1] } } as const]
      : []),
  ];
}

/** A binding as people may see it: BIN, stars, last four digits (PCI DSS 3.4.1). */
export function toMaskedBinding(binding: BindingRecord) {
  const { id, state, isPrimary, kind, bank, cnaps, holder, bin, last4, validFrom, validUntil, replaces } = binding;
  return {
    id,
    state,
    isPrimary,
    kind,
    bank,
    cnaps,
    holder,
    number: `${bin}${STARS}${last4}`,
    validFrom,
    validUntil,
    replaces,
  };
}

/** Bindings that differ between two lists, by their id, each as it was and as it is; one that is gone has ended. */
export function toBindingChanges(
  before: readonly BindingRecord[],
  after: readonly BindingRecord[],
): readonly GroupChange[] {
  const toTexts = (bindings: readonly BindingRecord[]) =>
    new Set(bindings.map((binding) => JSON.stringify(toMaskedBinding(binding))));
  const [old, next] = [toTexts(before), toTexts(after)];
  const without = (bindings: readonly BindingRecord[], others: ReadonlySet<string>) => ({
    bindings: bindings.map(toMaskedBinding).filter((binding) => !others.has(JSON.stringify(binding))),
  });
  const change = { group: "settlement", before: without(before, next), after: without(after, old) } as const;
  return change.before.bindings.length + change.after.bindings.length > 0 ? [change] : [];
}

/**
 * Writes what changed of a record into its history and the ledger, and counts its version up. The ledger's digest is
 * over the history's own texts, so that a row of history that was edited shows.
 *
 * @param before as it was before `changes`, the rows of which are written already
 */
export async function writeHistory(
  tx: Tx,
  now: number,
  { number, actor, changeId }: Omit<RecordAct, "version">,
  before: MerchantRecord,
  changes: readonly GroupChange[],
): Promise<void> {
  if (changes.length === 0) return;
  const version = before.version + 1;
  const details = await findDetails(tx, number);
  if (details !== undefined) await setDetails(tx, { ...details, version, updatedAt: now });
  const rows = changes.map((change) => ({
    ...{ number, version, at: now, actor, changeId, groupName: change.group },
    before: JSON.stringify(change.before),
    after: JSON.stringify(change.after),
  }));
  await addMerchantHistory(tx, rows);
  const digest = toHistoryDigest(rows);
  const detail = { version, groups: changes.map(({ group }) => group).join(" "), change: changeId };
  await appendEntries(tx, [toEntry(now, "merchant.changed", number, { actor, digest, detail })]);
}

/** What the ledger says of the rows of one version. */
export function toHistoryDigest(
  rows: readonly { readonly groupName: HistoryGroup; readonly before: string; readonly after: string }[],
): Uint8Array {
  return toDigest(toUtf8(JSON.stringify(rows.map(({ groupName, before, after }) => [groupName, before, after]))));
}
