import { toPageTime } from "../../../certs/attestation/page.ts";
import type { ReceiptField } from "../../../certs/receipt/fields.ts";
import type { ChangeReceipt } from "../../../certs/receipt/format.ts";
import { parseContentText } from "../../domain/changes/content.ts";
import type { Contact } from "../../domain/records/contact.ts";
import type { MerchantRecord, SettlementRecord } from "../../domain/records/record.ts";
import { listMerchantHistory } from "../../store/records.ts";
import type { Store } from "../../store/store.ts";
import { findAccounts } from "../changes/find-accounts.ts";
import { toSettlementView } from "../queries/changes.ts";
import { readRecord } from "../records/read.ts";
import type { ChangeSnapshot } from "./order.ts";

type Difference = ChangeReceipt["differences"][number];

const ACCOUNT_FIELDS = ["kind", "number", "bank", "cnaps", "holder", "validFrom", "validUntil"] as const;
const TIMES: readonly string[] = ["validFrom", "validUntil", "licenceValidUntil"];
/** Rows of a merchant's history that are looked through for what was on record before. */
const MAX_HISTORY = 1_000;

/** What a change was to bring beside what was on record before it, masked. */
export async function readDifferences(db: Store, change: ChangeSnapshot): Promise<readonly Difference[]> {
  const { patch } = parseContentText(change.content);
  if (patch === undefined) return readAccounts(db, change);
  const before = await readBefore(db, change);
  return Object.entries(patch)
    .filter(([, after]) => after !== undefined)
    .map(([name, after]) => {
      // What a change may bring of a merchant was checked when it was written: no other field is among it.
      const field = (name === "contacts" ? name : `merchant.${name}`) as ReceiptField;
      return { field, before: toText(name, before.get(name)), after: toText(name, after) };
    })
    .filter((one) => one.before !== one.after);
}

/** The fields of a record as they were before the change touched them; those of today where it touched none. */
async function readBefore(db: Store, { id, merchant }: ChangeSnapshot): Promise<ReadonlyMap<string, unknown>> {
  const record: MerchantRecord = await readRecord(db, merchant);
  const history = await listMerchantHistory(db, merchant, { limit: MAX_HISTORY });
  const own = history.filter(({ changeId, groupName }) => changeId === id && groupName !== "settlement");
  // Newest first: what stands in the oldest row is what was there before.
  const touched = own.flatMap(({ before }) => Object.entries(parseObject(before)));
  return new Map([...Object.entries(record), ...touched]);
}

async function readAccounts(db: Store, change: ChangeSnapshot): Promise<readonly Difference[]> {
  const { going, coming } = await findAccounts(db, change);
  const before = change.kind === "settlement.add" ? undefined : going;
  // Removing an account that terminals do not use brings them no other.
  const after = change.kind === "settlement.remove" && change.releaseId === "" ? undefined : coming;
  const [old, next] = [toAccount(before), toAccount(after)];
  return ACCOUNT_FIELDS.map((name): Difference => {
    return { field: `settlement.${name}`, before: toText(name, old.get(name)), after: toText(name, next.get(name)) };
  }).filter((one) => one.before !== one.after);
}

function toAccount(settlement: SettlementRecord | undefined): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(settlement === undefined ? {} : toSettlementView(settlement)));
}

/** Identifiers and names were judged when they came: no card number is among them, and nothing is to be starred. */
function toText(name: string, value: unknown): string {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map((contact) => toContactText(contact as Contact)).join("; ");
  return TIMES.includes(name) ? toPageTime(Number(value), "") : String(value);
}

function toContactText({ role, name, phone, email }: Contact): string {
  return [role, name, phone, email].filter((part) => part !== "").join(" ");
}

function parseObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
