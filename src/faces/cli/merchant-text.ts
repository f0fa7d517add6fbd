import type { BinView } from "../../app/queries/bins.ts";
import type { BindingView, MerchantHistoryView, MerchantListView, MerchantView } from "../../app/queries/merchants.ts";
import type { OwnerKind } from "../../domain/records/owner.ts";
import { toSheet, toTable, toTime } from "./output.ts";

const OWNERS: Readonly<Record<OwnerKind, string>> = {
  enterprise: "enterprise",
  sole_trader: "sole trader",
  micro: "micro-merchant",
};

export function toMerchantsText(views: readonly MerchantListView[]): string {
  if (views.length === 0) return "No such merchant is in the records (tillsync terminals import FILE brings some).";
  return toTable(
    ["number", "name", "owner", "principal", "MCC", "settles to", "holder", "version"],
    views.map(({ number, name, ownerKind, principal, mcc, settlement, version }) => [
      number,
      name,
      OWNERS[ownerKind],
      principal || "-",
      mcc,
      settlement.number,
      settlement.holder,
      String(version),
    ]),
  );
}

export function toMerchantText(view: MerchantView): string {
  const { settlement, contacts, bindings } = view;
  const sheet = toSheet([
    ["number", view.number],
    ["version", `${view.version} of ${toTime(view.updatedAt)}`],
    ["name", view.name],
    ["short name", view.shortName],
    ["owner", OWNERS[view.ownerKind]],
    ["principal", view.principal || "-"],
    ["licence", view.licenceNo],
    ["licence until", toTime(view.licenceValidUntil ?? undefined)],
    ["tax number", view.taxNo],
    ["USCC", view.uscc === "" ? "- (micro-merchant)" : view.uscc],
    ["MCC", view.mcc],
    ["settles to", `${settlement.number} (${settlement.kind}), ${settlement.holder}`],
    ["bank", `${settlement.bank} (${settlement.cnaps})`],
    ["terminals", view.terminals.join(" ")],
  ]);
  const people = contacts.map(({ role, name, phone, email }) => [role, name, phone || "-", email || "-"]);
  const parts = [sheet, toBindingsText(bindings)];
  if (people.length > 0) parts.push(toTable(["contact", "name", "telephone", "e-mail"], people));
  return parts.join("\n\n");
}

function toBindingsText(bindings: readonly BindingView[]): string {
  return toTable(
    ["account", "state", "number", "kind", "holder", "bank", "valid until", "since", "until", "change"],
    bindings.map((one) => [
      String(one.id),
      one.isPrimary ? "in force, primary" : one.state.replace("_", " "),
      one.number,
      one.kind,
      one.holder,
      one.bank,
      toTime(one.validUntil ?? undefined),
      toTime(one.since ?? undefined),
      toTime(one.until ?? undefined),
      one.changeId || "-",
    ]),
  );
}

export function toMerchantHistoryText(views: readonly MerchantHistoryView[]): string {
  if (views.length === 0) return "Nothing of this merchant has changed since its record began.";
  return views.map(toChangeText).join("\n\n");
}

function toChangeText({ id, version, at, actor, changeId, group, before, after }: MerchantHistoryView): string {
  const head = `${id}  version ${version}, ${group}, ${toTime(at)}, by ${actor}${changeId === "" ? "" : ` (${changeId})`}`;
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const lines = names.map((name): [string, string] => [
    `  ${name}`,
    `${toMember(name, before[name])} -> ${toMember(name, after[name])}`,
  ]);
  return [head, toSheet(lines)].join("\n");
}

function toMember(name: string, value: unknown): string {
  return name === "licenceValidUntil" && typeof value === "number" ? toTime(value) : toValue(value);
}

function toValue(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "-" : value.map(toValue).join("; ");
  if (value === null || value === undefined || value === "") return "-";
  if (typeof value !== "object") return String(value);
  return Object.entries(value)
    .filter(([, member]) => member !== null && member !== "")
    .map(([name, member]) => `${name} ${String(member)}`)
    .join(", ");
}

export function toBinText({ digits, cardClass, rows, own }: BinView): string {
  const told = `Cards that begin with ${digits}: ${cardClass}. Your own table has ${own} rows.`;
  if (rows.length === 0) return told;
  const table = toTable(
    ["BIN", "class", "issuer", "table"],
    rows.map((row) => [row.bin, row.cardClass, row.issuer, row.table]),
  );
  return `${told}\n\n${table}`;
}
