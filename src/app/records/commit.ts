import { isEqual } from "../../../proto/bytes.ts";
import type { Binding, Merchant } from "../../../proto/profile.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { toOwnerKind } from "../../domain/records/owner.ts";
import type { BindingRecord, MerchantRecord } from "../../domain/records/record.ts";
import { UNBOUNDED } from "../../domain/records/validity.ts";
import { beginRecords, findChangeOf, setBinding } from "../../store/records.ts";
import type { Tx } from "../../store/store.ts";
import { end, insertBinding, makePrimary } from "./binding-rows.ts";
import { writeFacts } from "./change.ts";
import { toBindingChanges, toGroupChanges, writeHistory } from "./history.ts";
import { readRecord } from "./read.ts";

/** What a terminal has committed, as far as the records differ from it. */
export interface Committed {
  readonly tusn: Tusn;
  readonly releaseId: Uint8Array;
  readonly merchant: Merchant;
  readonly binding: Binding;
}

/**
 * Brings a merchant's record up to what one of its terminals has committed: two people signed for it, and the terminal
 * trades with it, so that it is judged no more. A binding that a change had prepared comes into force and ends the one
 * that it replaces; one that nobody had prepared takes the place of the primary one.
 */
export async function recordCommitted(tx: Tx, now: number, committed: Committed): Promise<void> {
  const { tusn, releaseId, merchant, binding } = committed;
  const { number } = merchant;
  await beginRecords(tx, [number], now);
  const before = await readRecord(tx, number);
  const ownerKind = merchant.uscc === before.uscc ? before.ownerKind : toOwnerKind(merchant.uscc);
  const facts = { ...before, ...merchant, ownerKind };
  const known = before.bindings.find((one) => !one.isPrimary && isEqual(one.commitment, binding.commitment));
  const changeId = (await findChangeOf(tx, releaseId)) ?? known?.changeId ?? "";
  const primary = before.bindings.find(({ isPrimary }) => isPrimary);
  if (primary === undefined || !isSameBinding(primary, binding)) {
    await settleTo(tx, now, facts, { binding, known, changeId });
  }
  await writeFacts(tx, facts, binding);
  const { bindings } = await readRecord(tx, number);
  await writeHistory(tx, now, { number, actor: tusn, changeId }, before, [
    ...toGroupChanges(before, facts),
    ...toBindingChanges(before.bindings, bindings),
  ]);
}

interface Settling {
  readonly binding: Binding;
  /** In force or prepared, of the same commitment. */
  readonly known: BindingRecord | undefined;
  readonly changeId: string;
}

async function settleTo(tx: Tx, now: number, before: MerchantRecord, settling: Settling): Promise<void> {
  const { binding, known } = settling;
  // The same number under another bank's or holder's name is another row: what a row says of an account never changes.
  const isRight = known !== undefined && isSameBinding(known, binding);
  const id = isRight ? known.id : await insertCommitted(tx, now, before.number, settling);
  if (isRight && known.state === "prepared") await setBinding(tx, { id, state: "in_force", since: now });
  await makePrimary(tx, before, { ...binding, id });
  for (const gone of [findReplaced(before, known), isRight ? undefined : known]) {
    if (gone !== undefined) await end(tx, now, gone);
  }
}

/** What ends now: what the known one was prepared to replace, or the primary one where nobody had prepared anything. */
function findReplaced({ bindings }: MerchantRecord, known: BindingRecord | undefined): BindingRecord | undefined {
  const primary = bindings.find(({ isPrimary }) => isPrimary);
  if (known === undefined) return primary;
  if (known.state !== "prepared" || known.replaces === null) return undefined;
  // What it was to replace was itself replaced meanwhile.
  return bindings.find(({ id, state }) => id === known.replaces && state === "in_force") ?? primary;
}

function insertCommitted(tx: Tx, now: number, number: string, { binding, known, changeId }: Settling): Promise<number> {
  const { validFrom, validUntil } = known ?? UNBOUNDED;
  const entry = { state: "in_force", since: now, replaces: null, changeId } as const;
  return insertBinding(tx, number, { ...binding, validFrom, validUntil }, entry);
}

/** Whether both are one account in all that a profile tells of it. */
export function isSameBinding(a: Binding, b: Binding): boolean {
  const fields = ["kind", "bank", "cnaps", "holder", "bin", "last4"] as const;
  return fields.every((field) => a[field] === b[field]) && isEqual(a.commitment, b.commitment);
}
