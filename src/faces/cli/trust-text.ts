import type { AppliedCeremony } from "../../app/trust/apply.ts";
import type { CeremonyStand, HolderView, TrustView, TrustWarning } from "../../app/trust/view.ts";
import { toSheet, toTable, toTime } from "./output.ts";

const KEY_ID_DIGITS = 16;

const WARNINGS: Readonly<Record<TrustWarning["warning"], string>> = {
  expires_soon: "expires within 30 days: run tillsync trust renew",
  expired: "has expired: terminals accept no change until it is renewed",
  stale: "is not fresh: terminals accept no change until the service signs a new one",
  frozen: "is frozen: no terminal accepts any change",
  nobody_can_approve: "cannot be approved: no different persons fill the roles",
  no_spare_key: "takes every one of its keys: with the first that is lost, nobody can change it any more",
};

export function toTrustText(view: TrustView): string {
  const { versions, expires, holders, persons, thresholds, caps } = view;
  return [
    toSheet([
      ["root", `version ${versions.root}, until ${toTime(expires.root)}, ${toHoldersText(holders.root)}`],
      ["targets", `version ${versions.targets}, until ${toTime(expires.targets)}, ${toHoldersText(holders.targets)}`],
      ["snapshot", `version ${versions.snapshot}, until ${toTime(expires.snapshot)}, by those of the targets`],
      ["online key", holders.online.keys.map(toHolderText).join(", ")],
      ["policy", `version ${versions.policy}${view.frozen ? ", FROZEN: nothing may change" : ""}`],
      ...Object.entries(thresholds).map(([name, roles]) => [`${name} takes`, roles.join(" + ")] as const),
      ...Object.entries(caps).map(([name, cap]) => [name, String(cap)] as const),
    ]),
    "",
    toTable(
      ["person", "name", "roles", "keys"],
      persons.map(({ id, name, roles, keys }) => [id, name, roles.join(" + "), keys.map(toShort).join(" ")]),
    ),
    ...toWarningLines(view.warnings),
  ].join("\n");
}

export function toStandText({ reason, before, after, emergencies, missing, complete }: CeremonyStand): string {
  const rows = missing.map(({ file, under, have, threshold, signed, unsigned }) => [
    file,
    under === "present" ? "present root" : "next root",
    `${have} of ${threshold}`,
    signed.map(toHolderText).join(", ") || "-",
    unsigned.map(toHolderText).join(", ") || "-",
  ]);
  return [
    ...emergencies.map((emergency) => `EMERGENCY: ${emergency}`),
    toSheet([
      ["reason", reason],
      [
        "makes",
        before === undefined
          ? "a new trust"
          : `a change of root ${before.versions.root}, policy ${before.versions.policy}`,
      ],
      ["state", complete ? "complete: tillsync trust apply, or tillsync init --trust" : "signatures are missing"],
    ]),
    "",
    toTable(["file", "under", "signed", "by", "not by"], rows),
    "",
    "Trust as it shall be:",
    toTrustText(after),
  ].join("\n");
}

export function toAppliedText({ rootVersion, versions, emergencies, already }: AppliedCeremony): string {
  if (already) return "it is in force already";
  return [
    `in force: root ${rootVersion}, targets ${versions.targets}, policy ${versions.policy}`,
    ...emergencies.map((emergency) => `EMERGENCY: ${emergency}; the ledger has an alarm`),
  ].join("\n");
}

function toWarningLines(warnings: readonly TrustWarning[]): readonly string[] {
  return warnings.length === 0 ? [] : ["", ...warnings.map(({ warning, about }) => `! ${about} ${WARNINGS[warning]}`)];
}

function toHoldersText({ threshold, keys }: TrustView["holders"]["root"]): string {
  return `${threshold} of ${keys.map(toHolderText).join(", ")}`;
}

function toHolderText({ key, person }: HolderView): string {
  return person === undefined ? toShort(key) : `${toShort(key)} (${person})`;
}

function toShort(key: string): string {
  return key.slice(0, KEY_ID_DIGITS);
}
