import { toPackNames } from "../../app/changes/packs.ts";
import type { Preview } from "../../app/changes/submit.ts";
import { type ChangeLine, type ChangeView, type SettlementView, toSettlementView } from "../../app/queries/changes.ts";
import { toChangedFields } from "../../domain/changes/content.ts";
import type { Deferral } from "../../domain/changes/deferral.ts";
import type { RecordPatch } from "../../domain/records/record.ts";
import { toSheet, toTable, toTime } from "./output.ts";
import { toProofAdvice } from "./proof-text.ts";

const FEN = 100;
const DEFERRED: Readonly<Record<Deferral, string>> = {
  unheard: "it has never been heard of",
  silent: "not heard of for a day",
  busy: "it is busy",
  reversal_owed: "it owes the acquirer a reversal of a test transaction",
  under_way: "another update is under way on it",
  stopped: "it stands still until somebody comes",
  in_transaction: "a transaction is under way on it",
  open_batch: "its batch is open: it has to be settled first",
  reversal_pending: "a reversal is under way on it",
  low_power: "its power is low",
  printer: "its printer is out of order or out of paper",
  outside_window: "it is outside the hours in which it takes updates",
};

export function toChangeLineText({
  id,
  kind,
  state,
  revision,
}: Pick<ChangeLine, "id" | "kind" | "state" | "revision">) {
  return `${id} (${kind}) is ${state}, revision ${revision}`;
}

export function toChangesText(changes: readonly ChangeLine[]): string {
  if (changes.length === 0) return "no changes";
  const rows = changes.map(({ id, merchant, kind, state, requester, reasonCode, reason, updatedAt, code }) => [
    ...[id, merchant, kind, code === "" ? state : `${state} ${code}`, requester, reasonCode, toTime(updatedAt), reason],
  ]);
  return toTable(["change", "merchant", "kind", "state", "asked by", "why", "since", "reason"], rows);
}

export function toChangeText(change: ChangeView): string {
  const { attachments, tasks, orders, terminals, notices, events } = change;
  return [
    toSheet([
      ["change", change.id],
      ["merchant", change.merchant],
      ["kind", change.isRecovery ? `${change.kind} (recovery)` : change.kind],
      ["state", change.code === "" ? change.state : `${change.state} ${change.code}`],
      ["revision", String(change.revision)],
      ["asked by", change.requester],
      ["why", `${change.reasonCode}: ${change.reason}`],
      ["policy", change.pack === "" ? "-" : change.pack],
      ["fee", toFee(change.feeFen)],
      ["release", change.releaseId === "" ? "-" : change.releaseId],
      ["digest", change.digest],
      ...toContentLines(change.content),
    ]),
    ...section("evidence", attachments, ({ kind, name, size, digest, actor }) => [
      ...[kind, name, `${size} bytes`, digest.slice(0, 16), actor],
    ]),
    ...section("to do", tasks, ({ kind, doneAt, doneBy, note }) => [
      ...[kind, doneAt === null ? "open" : `done ${toTime(doneAt)} by ${doneBy}`, note],
    ]),
    ...section("acquirer", orders, ({ purpose, requestNo, state, reference, code, words }) => [
      ...[purpose, requestNo, state, reference, code, words],
    ]),
    ...section("terminals", terminals, ({ tusn, state, code, updatedAt }) => [tusn, state, code, toTime(updatedAt)]),
    ...section("told", notices, ({ event, channel, recipient, deliveredAt, dueAt, attempts, code }) => [
      ...[event, channel, recipient],
      deliveredAt === null ? `${dueAt === null ? "given up" : "waits"} after ${attempts} ${code}` : toTime(deliveredAt),
    ]),
    ...section("history", events, ({ at, event, state, actor, comment }) => [toTime(at), event, state, actor, comment]),
  ].join("\n");
}

export function toPreviewText({ change, record, content, packs, findings, feeFen, terminals, from }: Preview): string {
  const skipped = terminals?.skipped ?? [];
  return [
    toSheet([
      ["change", `${change.id} (${change.kind}), ${change.state}`],
      ["merchant", `${record.number} ${record.name}`],
      ["policy", toPackNames(packs)],
      ["fee", toFee(feeFen)],
      ["terminals", terminals === undefined ? "none concerned" : `${terminals.reached} reached, ${skipped.length} not`],
      ["offered from", toTime(from)],
      ...toChangedFields(record, content.patch).map((field) => {
        return [
          field,
          `${toFieldText(field, record[field])} -> ${toFieldText(field, content.patch?.[field])}`,
        ] as const;
      }),
      ...toContentLines({
        ...(content.patch?.contacts === undefined ? {} : { patch: { contacts: content.patch.contacts } }),
        ...(content.settlement === undefined ? {} : { settlement: toSettlementView(content.settlement) }),
      }),
    ]),
    ...skipped.map((one) => `not reached ${one.tusn}: ${one.reason}${toProofAdvice(one)}`),
    ...(terminals?.deferred ?? []).map(({ tusn, reason, lastSeen }) => {
      return `later ${tusn}: ${DEFERRED[reason]}${lastSeen === null ? "" : ` (heard ${toTime(lastSeen)})`}`;
    }),
    ...findings.map(({ weight, code, what, until }) => {
      return `${weight}: ${code} ${what}${until === undefined ? "" : ` until ${toTime(until)}`}`;
    }),
    ...(findings.some(({ weight }) => weight === "refused") ? [] : ["nothing speaks against submitting it"]),
  ].join("\n");
}

function toContentLines({
  patch = {},
  settlement,
}: {
  readonly patch?: RecordPatch;
  readonly settlement?: SettlementView;
}): readonly (readonly [string, string])[] {
  const { contacts = [], ...fields } = patch;
  return [
    ...Object.entries(fields).map(([name, value]) => [name, toFieldText(name, value)] as const),
    ...contacts.map(({ role, name, phone, email }) => [role, [name, phone, email].filter(Boolean).join(" ")] as const),
    ...(settlement === undefined
      ? []
      : ([
          ["new account", `${settlement.kind} ${settlement.number} ${settlement.bank} ${settlement.holder}`],
          ["valid until", toTime(settlement.validUntil ?? undefined)],
        ] as const)),
  ];
}

function toFieldText(name: string, value: string | number | null | undefined): string {
  if (name === "licenceValidUntil") return toTime(typeof value === "number" ? value : undefined);
  return String(value ?? "");
}

function section<T>(title: string, items: readonly T[], toRow: (item: T) => readonly string[]): readonly string[] {
  return items.length === 0
    ? []
    : [
        "",
        title,
        toTable(
          toRow(items[0] as T).map(() => ""),
          items.map(toRow),
        ).trimStart(),
      ];
}

function toFee(fen: number): string {
  return `${(fen / FEN).toFixed(2)} CNY`;
}
