import type { Answer, Attestation } from "../../../certs/attestation/format.ts";
import { toPage, toPageTime } from "../../../certs/attestation/page.ts";
import { PAGE_WORDS } from "../../../certs/attestation/words.ts";
import { SLIPS } from "../../../proto/tusn-slips.ts";
import type { AuditorView } from "../../app/attestation/auditors.ts";
import type { CheckAnswer, NumberCheck } from "../../app/attestation/checks.ts";
import { toSheet, toTable, toTime } from "./output.ts";

const WORDS = PAGE_WORDS.en;

/** Exit status of `tillsync verify` (docs/audit.md). */
export const GENUINE = 0;
export const NOT_PROVEN = 3;
export const REFUTED = 4;

const STATUS: Readonly<Record<CheckAnswer, number>> = {
  genuine: GENUINE,
  not_proven: NOT_PROVEN,
  legacy: NOT_PROVEN,
  unknown: NOT_PROVEN,
  malformed: NOT_PROVEN,
  refuted: REFUTED,
  quarantined: REFUTED,
  suspended: REFUTED,
  out_of_service: REFUTED,
};

const OTHERS: Readonly<Record<Exclude<CheckAnswer, Answer>, string>> = {
  legacy: "LEGACY: a serial number of old stock; it is on record and cannot be proven",
  unknown: "UNKNOWN: no terminal of that number is on record",
  malformed: "MALFORMED: this is no TUSN",
};

/** The status of one answer; of many, the worst of all. */
export function toStatus(answers: Iterable<CheckAnswer>): number {
  let status = GENUINE;
  for (const answer of answers) status = Math.max(status, STATUS[answer]);
  return status;
}

/** The whole page about one terminal. */
export function toAttestationText(attestation: Attestation): string {
  const head = toSheet([
    [WORDS.labels.tusn, attestation.tusn],
    [WORDS.labels.at, toPageTime(attestation.at, WORDS.none)],
  ]);
  const sections = toPage(attestation, WORDS).flatMap(({ title, rows, table, note }) => [
    "",
    `== ${title}`,
    ...(rows.length === 0 ? [] : [toSheet(rows)]),
    ...(table === undefined ? [] : [toTable(table.headings, table.rows)]),
    ...(note === undefined ? [] : [note]),
  ]);
  return [WORDS.answers[attestation.answer], "", head, ...sections].join("\n");
}

/** What can be said of a number for which there is no page. */
export function toCheckText({ answer, slips, suggestion }: NumberCheck): string {
  const words = answer in OTHERS ? OTHERS[answer as keyof typeof OTHERS] : WORDS.answers[answer as Answer];
  return [
    words,
    ...slips.map((slip) => SLIPS[slip].en),
    ...(suggestion === "" ? [] : [`Did you mean ${suggestion}?`]),
  ].join("\n");
}

export function toAuditorsText(auditors: readonly AuditorView[]): string {
  if (auditors.length === 0) return "there are no auditors";
  const rows = auditors.map(({ name, createdAt, revokedAt }) => [
    name,
    toTime(createdAt),
    toTime(revokedAt ?? undefined),
  ]);
  return toTable(["auditor", "added", "revoked"], rows);
}

export const CHECK_COLUMNS = ["line", "number", "answer", "verdict", "proven_at", "slips", "suggestion"] as const;

/** A row of the results. No cell can be read as a formula: one that begins with no letter or digit stays empty. */
export function toCheckRow(line: number, check: NumberCheck): string {
  const { number, answer, verdict, provenAt, slips, suggestion } = check;
  const time = provenAt === null ? "" : toTime(provenAt);
  return [
    String(line),
    /^[0-9A-Za-z]/.test(number) ? number : "",
    answer,
    verdict,
    time,
    slips.join(" "),
    suggestion,
  ].join(",");
}
