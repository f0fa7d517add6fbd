import type { LegacyDetails, LegacyView } from "../../app/queries/legacy.ts";
import type { TerminalView } from "../../app/queries/terminals.ts";
import { toSheet, toTable, toTime } from "./output.ts";
import { toHistoryText } from "./terminal-text.ts";

export function toTerminalsText(views: readonly TerminalView[]): string {
  if (views.length === 0) return "No such terminal is in the records (tillsync terminals import FILE brings some).";
  const rows = views.map((view) => [
    view.tusn,
    view.deviceType,
    view.life,
    view.verdict,
    view.merchantNumber,
    view.profile?.acquiring.terminalNo ?? view.terminalNo,
    view.profile === undefined ? "-" : `${view.profile.binding.bin}******${view.profile.binding.last4}`,
    String(view.reported?.sequence ?? "-"),
    toTrustWord(view.reported?.stale),
    view.enrolled ? (view.deployment?.state ?? "no profile yet") : "not enrolled",
    toTime(view.reported?.lastSeen),
  ]);
  return toTable(
    [
      "TUSN",
      "type",
      "life",
      "verdict",
      "merchant",
      "terminal",
      "settlement",
      "seq",
      "trust",
      "deployment",
      "last seen",
    ],
    rows,
  );
}

export function toLegacyListText(views: readonly LegacyView[]): string {
  if (views.length === 0) return "No such old stock is in the records.";
  return toTable(
    ["serial number", "maker", "model", "merchant", "terminal", "replaced by"],
    views.map((view) => [
      view.serial,
      view.maker,
      view.model,
      view.merchantNumber,
      view.terminalNo,
      view.replacedBy ?? "-",
    ]),
  );
}

export function toLegacyText(view: LegacyDetails): string {
  const head = toSheet([
    ["legacy serial number", view.serial],
    ["verdict", "legacy: kept, and cannot be proven"],
    ["maker", view.maker],
    ["model", `${view.model} (certificate ${view.certificateNo || "-"})`],
    ["place", view.place],
    ["merchant", view.merchantNumber],
    ["terminal number", `${view.terminalNo} at ${view.acquirer}`],
    ["replaced by", view.replacedBy ?? "-"],
  ]);
  return [head, toHistoryText(view.history)].join("\n\n");
}

function toTrustWord(stale: boolean | null | undefined): string {
  if (stale === undefined || stale === null) return "-";
  return stale ? "STALE" : "fresh";
}
