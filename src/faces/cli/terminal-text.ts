import type { CertificateView, HistoryView, QuarantineView, VerdictView } from "../../app/queries/identity.ts";
import type { TerminalDetails } from "../../app/queries/terminals.ts";
import { toDeploymentsText } from "./deployment-text.ts";
import { toSheet, toShortDigest, toTable, toTime } from "./output.ts";

/** One terminal with all that is known of it. */
export function toTerminalText(view: TerminalDetails): string {
  const { reported, profile } = view;
  const head = toSheet([
    ["TUSN", view.tusn],
    ["life", view.life],
    ["verdict", view.verdict],
    ["last proven", toTime(view.provenAt)],
    ["SN key check value", view.snKeyCheckValue ?? "-"],
    ...(view.replaces === undefined ? [] : [["replaces", view.replaces] as const]),
    ...(view.replacedBy === undefined ? [] : [["replaced by", view.replacedBy] as const]),
    ...(view.quarantine === undefined ? [] : [["QUARANTINE", toQuarantineText(view.quarantine)] as const]),
    ["maker", view.maker],
    ["device type", view.deviceType],
    ["model", `${view.model} (certificate ${view.certificateNo})`],
    ["place", view.place],
    ["merchant", view.merchantNumber],
    ["enrolled", view.enrolled ? "yes" : "no"],
    ["last seen", toTime(reported?.lastSeen)],
    ["phase", `${reported?.phase ?? "-"}${reported?.busy ? `, busy: ${reported.busy}` : ""}`],
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
  return [
    head,
    holds,
    toDeploymentsText(view.deployments),
    toVerdictsText(view.verdicts),
    toCertificatesText(view.certificates),
    toHistoryText(view.history),
  ].join("\n\n");
}

export function toHistoryText(history: readonly HistoryView[]): string {
  if (history.length === 0) return "Its history is empty.";
  return toTable(
    ["time", "what happened", "by", "detail"],
    history.map(({ at, kind, actor, detail }) => [toTime(at), kind, actor, detail === "{}" ? "" : detail]),
  );
}

function toVerdictsText(verdicts: readonly VerdictView[]): string {
  if (verdicts.length === 0) return "No verdict was given on its TUSN: only its form was looked at.";
  return toTable(
    ["time", "verdict", "source", "by", "evidence", "evidence file"],
    verdicts.map(({ at, verdict, source, actor, evidence, evidenceDigest }) => [
      toTime(at),
      verdict,
      source,
      actor,
      evidence,
      toShortDigest(evidenceDigest),
    ]),
  );
}

function toCertificatesText(certificates: readonly CertificateView[]): string {
  if (certificates.length === 0) return "No certificate was issued to it.";
  return toTable(
    ["certificate", "issued", "not after", "revoked", "why"],
    certificates.map(({ fingerprint, issuedAt, notAfter, revokedAt, revokedWhy }) => [
      toShortDigest(fingerprint),
      toTime(issuedAt),
      toTime(notAfter),
      toTime(revokedAt ?? undefined),
      revokedWhy,
    ]),
  );
}

function toQuarantineText({ at, why, sides }: QuarantineView): string {
  return `since ${toTime(at)}: ${why} ${sides}`;
}

function toTrustText(reported: TerminalDetails["reported"]): string {
  if (reported === undefined || reported.stale === null) return "-";
  const { stale, staleSince, rootVersion, timestampVersion } = reported;
  const versions = `root ${rootVersion ?? "-"}, timestamp ${timestampVersion ?? "-"}`;
  if (!stale) return `fresh (${versions})`;
  return `STALE since ${toTime(staleSince ?? undefined)}: accepts no change (${versions})`;
}
