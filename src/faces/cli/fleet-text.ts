import type { MerchantView } from "../../app/queries/merchants.ts";
import type { TerminalDetails, TerminalView } from "../../app/queries/terminals.ts";
import { toDeploymentsText } from "./deployment-text.ts";
import { toSheet, toShortDigest, toTable, toTime } from "./output.ts";

export function toTerminalsText(views: readonly TerminalView[]): string {
  if (views.length === 0) return "No terminal is in the records: import some with `tillsync terminals import FILE`.";
  const rows = views.map((view) => [
    view.tusn,
    view.deviceType,
    view.merchantNumber,
    view.profile?.acquiring.terminalNo ?? view.terminalNo,
    view.profile === undefined ? "-" : `${view.profile.binding.bin}******${view.profile.binding.last4}`,
    String(view.reported?.sequence ?? "-"),
    toTrustWord(view.reported?.stale),
    view.enrolled ? (view.deployment?.state ?? "no profile yet") : "not enrolled",
    toTime(view.reported?.lastSeen),
  ]);
  return toTable(
    ["TUSN", "type", "merchant", "terminal", "settlement", "seq", "trust", "deployment", "last seen"],
    rows,
  );
}

export function toTerminalText(view: TerminalDetails): string {
  const { reported, profile } = view;
  const head = toSheet([
    ["TUSN", view.tusn],
    ["verdict", view.verdict],
    ["maker", view.maker],
    ["device type", view.deviceType],
    ["model", `${view.model} (certificate ${view.certificateNo})`],
    ["place", view.place],
    ["merchant", view.merchantNumber],
    ["enrolled", view.enrolled ? "yes" : "no"],
    ["last seen", toTime(reported?.lastSeen)],
    ["phase", reported?.phase ?? "-"],
    ["trust", toTrustText(reported)],
    ["needs the card number", reported?.cardKey ? `yes, sealed to key ${toShortDigest(reported.cardKey)}` : "no"],
    ["highest sequence", `${reported?.sequence ?? 0} accepted, ${view.issuedSequence} issued`],
    ["current profile", toShortDigest(reported?.currentDigest)],
    ["previous profile", toShortDigest(reported?.previousDigest)],
  ]);
  const holds =
    profile === undefined
      ? "It holds no profile that is known here."
      : toSheet([
          ["profile number", String(profile.number)],
          ["merchant name", profile.merchant.name],
          ["licence", profile.merchant.licenceNo],
          ["tax number", profile.merchant.taxNo],
          ["settles to", `${profile.binding.bin}******${profile.binding.last4}, ${profile.binding.holder}`],
          ["bank", `${profile.binding.bank} (${profile.binding.cnaps})`],
          ["terminal number", profile.acquiring.terminalNo],
          ["acquirer", `${profile.acquiring.acquirer} at ${profile.acquiring.host}:${profile.acquiring.port}`],
        ]);
  return [head, holds, toDeploymentsText(view.deployments)].join("\n\n");
}

export function toMerchantText(view: MerchantView): string {
  const { settlement } = view;
  return toSheet([
    ["number", view.number],
    ["name", view.name],
    ["short name", view.shortName],
    ["licence", view.licenceNo],
    ["tax number", view.taxNo],
    ["USCC", view.uscc === "" ? "- (micro-merchant)" : view.uscc],
    ["MCC", view.mcc],
    ["settles to", `${settlement.number} (${settlement.kind}), ${settlement.holder}`],
    ["bank", `${settlement.bank} (${settlement.cnaps})`],
    ["terminals", view.terminals.join(" ")],
  ]);
}

function toTrustWord(stale: boolean | null | undefined): string {
  if (stale === undefined || stale === null) return "-";
  return stale ? "STALE" : "fresh";
}

function toTrustText(reported: TerminalDetails["reported"]): string {
  if (reported === undefined || reported.stale === null) return "-";
  const { stale, staleSince, rootVersion, timestampVersion } = reported;
  const versions = `root ${rootVersion ?? "-"}, timestamp ${timestampVersion ?? "-"}`;
  if (!stale) return `fresh (${versions})`;
  return `STALE since ${toTime(staleSince ?? undefined)}: accepts no change (${versions})`;
}
