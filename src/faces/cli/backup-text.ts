import { toHex } from "../../../proto/bytes.ts";
import type { Backup } from "../../app/backup/manifest.ts";
import type { Restored } from "../../app/backup/restore.ts";
import type { RestoreStatus } from "../../app/backup/restore-status.ts";
import { toSheet, toTable, toTime } from "./output.ts";

// What a person reads about backups and restores.

type Shown = Backup & { readonly digest: Uint8Array; readonly outside?: readonly string[] };

export function toBackupText({ at, tillsync, files, ledger, digest, outside = [] }: Shown): string {
  return toSheet([
    ["made", `${toTime(at)} by Tillsync ${tillsync}`],
    ["files", String(files)],
    ["ledger", `${ledger.size} entries, root ${toHex(ledger.root)}`],
    ["sha256", toHex(digest)],
    ...outside.map((path): [string, string] => ["NOT in it", path]),
  ]);
}

export function toRestoredText(restored: Restored, target: string): string {
  const { at, ledger, seen, counts } = restored;
  const { unsettled, waiting, held, closed, inForce } = counts;
  const lost = seen === undefined ? "an unknown number of" : `at least ${seen.size - ledger.size}`;
  const checks = [
    `What was done after ${toTime(at)} is lost: ${lost} entries of the ledger. Look at the release files, ceremonies and`,
    "letters of that time, and do again what has to be:",
    `  - ${inForce.certificates} certificates are in force as of then: revoke again those that were revoked since. Terminals`,
    "    that enrolled or renewed since are refused, and enrol again.",
    `  - ${inForce.accounts} accounts, ${inForce.apiKeys} API keys and ${inForce.auditors} auditors' keys are in force as of then:`,
    "    disable and revoke again. Passwords are those of then.",
    `  - ${inForce.quarantines} quarantines are open as of then: revoke, or suspend, terminals that were found cloned since.`,
    "  - Apply ceremonies of trust again that were applied since: terminals that hold newer trust get nothing until then.",
    `  - ${waiting} directives wait to be sent; ${closed.directives} were closed.`,
    `  - ${held} orders to acquirers are held, and so is every order of a change that was submitted by then. Ask each acquirer`,
    "    what stands (tillsync acquirers query), then say of each: tillsync acquirers resume, confirm, or give-up.",
    `  - Closed: ${closed.tokens} enrolment tokens, ${closed.sessions} sessions, ${closed.challenges} challenges.`,
    ...(closed.accounts.length === 0
      ? []
      : [`  - Disabled, because their one-time password may be used up: ${closed.accounts.join(", ")}.`]),
  ];
  return [
    `${target} is made as of ${toTime(at)}. Start no other copy of this service.`,
    `${unsettled} terminals get nothing until they have said hello: tillsync restore status counts them.`,
    "",
    ...checks,
  ].join("\n");
}

export function toStatusText({ restored, unsettled, enrolled, terminals }: RestoreStatus): string {
  if (restored === undefined) return "This service was never restored from a backup.";
  const { at, backupAt, ledger } = restored;
  const sheet = toSheet([
    ["restored", toTime(at)],
    ["as of", `${toTime(backupAt)}, ${ledger.size} entries of the ledger`],
    ["unsettled", `${unsettled} terminals, ${enrolled} of them enrolled`],
  ]);
  const rows = terminals.map(({ tusn, reason, lastSeen }) => [tusn, reason, toTime(lastSeen ?? undefined)]);
  return rows.length === 0 ? sheet : `${sheet}\n\n${toTable(["terminal", "why", "last seen"], rows)}`;
}
