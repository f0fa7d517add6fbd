import type { AcquirerCheck } from "../../app/acquirers/check.ts";
import type { ChecklistLine } from "../../app/acquirers/manual/tick.ts";
import type { RecordView } from "../../app/acquirers/view.ts";
import type { RecordFinding } from "../../domain/acquirers/on-record.ts";
import type { ListedAcquirer, ListedOrder } from "./acquirer-commands.ts";
import { toSheet, toTable, toTime } from "./output.ts";

// What the commands about acquirers print for people.

const FINDINGS: Readonly<Record<RecordFinding, string>> = {
  wanted: "as ours",
  pending: "as ours; the trial payment into it is under way",
  unusable: "as ours, but the trial payment into it FAILED",
  indistinct: "too little is shown to tell",
  before: "DIFFERENT from ours",
  other: "DIFFERENT from ours",
  none: "NONE on record there",
};

export function toListText(listed: readonly ListedAcquirer[]): string {
  if (listed.length === 0) return "There is no acquirer: acquirers.json names none.";
  const rows = listed.map(({ code, adapter, where, merchants }) => [code, adapter, where, String(merchants ?? "-")]);
  return toTable(["acquirer", "adapter", "where", "merchants"], rows);
}

export function toChecksText(checks: readonly AcquirerCheck[]): string {
  const rows = checks.map(({ acquirer, adapter, result, facts }) => [
    ...[acquirer, adapter, result],
    Object.entries(facts)
      .map(([name, value]) => `${name}=${value}`)
      .join(" "),
  ]);
  return toTable(["acquirer", "adapter", "result", "facts"], rows);
}

export function toRecordText({ acquirer, merchant, ours, theirs, finding }: RecordView): string {
  return [
    `Merchant ${merchant} at ${acquirer}: ${FINDINGS[finding]}`,
    toTable(
      ["", "ours", "theirs"],
      [
        ["kind", ours.kind, theirs?.kind || "-"],
        ["number", `${ours.bin}******${ours.last4}`, theirs?.masked || "-"],
        ["bank", ours.bank, theirs?.bank || "-"],
        ["CNAPS", ours.cnaps, theirs?.cnaps || "-"],
        ["holder", ours.holder, theirs?.holder || "-"],
      ],
    ),
  ].join("\n");
}

export function toOrdersText(orders: readonly ListedOrder[]): string {
  if (orders.length === 0) return "No acquirer was asked for anything yet.";
  const rows = orders.map(({ requestNo, change, acquirer, merchant, state, code, reference, dueAt, overdueAt }) => [
    ...[requestNo, change, acquirer, merchant, state, code || "-", reference || "-"],
    ...[dueAt === null ? "-" : toTime(dueAt), overdueAt === null ? "" : "OVERDUE"],
  ]);
  return toTable(["request", "change", "acquirer", "merchant", "state", "code", "reference", "next", ""], rows);
}

export function toChecklistText(lines: readonly ChecklistLine[]): string {
  return lines.map(toLineText).join("\n\n");
}

function toLineText({ id, part, zh, en, notes, hasEvidence, done }: ChecklistLine): string {
  const wants = [
    notes === "case" ? "a case number" : notes === "account" ? "the number as shown" : "",
    hasEvidence ? "evidence" : "",
  ];
  const facts: (readonly [string, string])[] = [
    ["who", part === "request" ? "whoever asks" : "somebody else"],
    ["needs", wants.filter((one) => one !== "").join(", ") || "-"],
    ["", zh],
    ["", en],
  ];
  if (done !== undefined) facts.push(["done", `${toTime(done.at)} by ${done.person} ${done.noted}`.trimEnd()]);
  return `[${done === undefined ? " " : "x"}] ${id}\n${toSheet(facts)}`;
}
