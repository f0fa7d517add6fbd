import type { Ceremony } from "../../ceremony/ceremony.ts";
import { ROLE_NAMES } from "../../trust/metadata.ts";
import type { Role } from "../../trust/policy.ts";
import { toCeremonyReport } from "./ceremony/report.ts";
import type {
  CeremonyReport,
  HoldersView,
  KeysView,
  KeyView,
  Pair,
  PersonView,
  SignaturesView,
  TrustWarningView,
} from "./ceremony/view.ts";
import { INDENT, LOUD, MAX_COLUMN, type Row, toContinued, toPainted, toSheet, toTable } from "./layout.ts";
import { toSafe, toTimeText } from "./value.ts";
import { type Language, WORDS, type Words } from "./words.ts";

const FACT = `${LOUD}   `;

export interface CeremonyOptions {
  readonly lang: Language;
  /** Seconds. */
  readonly now: number;
  /** Marks what is loud with the screen's own colours too. */
  readonly color?: boolean;
}

/**
 * A change of trust as people read it before they sign: what becomes looser first and loud, then persons, who must sign,
 * caps and keys, old beside new. Plain text.
 *
 * @throws TillsyncError whatever `verifyCeremony` throws: only what could be installed is shown
 */
export function renderCeremony(ceremony: Ceremony, { lang, now, color = false }: CeremonyOptions): string {
  const words = WORDS[lang];
  const report = toCeremonyReport(ceremony, now);
  const lines = [
    ...toHead(words, report),
    ...toWarningLines(words, report.warnings),
    ...toVersionLines(words, report),
    ...toPersonLines(words, report.persons),
    ...toPolicyLines(words, report),
    ...toHolderLines(words, report.holders),
    ...toSignatureLines(words, report.signatures),
  ];
  return toPainted(lines, color).join("\n");
}

/**
 * The same for programs.
 *
 * @throws TillsyncError whatever `verifyCeremony` throws
 */
export function toCeremonyJson(ceremony: Ceremony, { now }: Pick<CeremonyOptions, "now">): CeremonyReport {
  return toCeremonyReport(ceremony, now);
}

function toHead(words: Words, { isNew, reason, fingerprint }: CeremonyReport): readonly string[] {
  return [
    isNew ? words.trust.newTrust : words.trust.title,
    ...toSheet([
      [words.reason, toSafe(reason)],
      [words.compare, fingerprint],
    ]),
  ];
}

function toWarningLines(words: Words, warnings: readonly TrustWarningView[]): readonly string[] {
  const lines = warnings.flatMap((warning) => [
    `${LOUD} ${words.warning}: ${words.trust.warnings[warning.kind]}`,
    ...toSubject(words, warning),
    ...toFacts(words, warning),
  ]);
  return lines.length === 0 ? [] : ["", ...lines];
}

function toSubject({ purposes, trust }: Words, { subject }: TrustWarningView): readonly string[] {
  if ("cap" in subject) return [`${FACT}${trust.cap[subject.cap]}`];
  if ("class" in subject) return [`${FACT}${purposes[subject.class]}`];
  if ("role" in subject) return [`${FACT}${trust.holder[subject.role]}`];
  return "person" in subject ? toContinued(`${FACT}${subject.person} `, toSafe(subject.name), LOUD) : [];
}

/** Old apart from new: letters that run from right to left would swap them. */
function toFacts(words: Words, { kind, before, after }: TrustWarningView): readonly string[] {
  const isRoles =
    kind === "roles-fewer" || kind === "both-roles" || kind === "approver-added" || kind === "cannot-sign";
  const toText = (text: string, other: string): string =>
    isRoles ? toRoles(words, text === "" ? [] : (text.split(" + ") as Role[])) : toSafe(text, other);
  if (before === "" && after === "") return [];
  const toFact = (heading: string, text: string) => toContinued(`${FACT}${heading}: `, text, LOUD);
  const old = before === "" ? [] : toFact(words.before, toText(before, after));
  return [...old, ...toFact(words.after, toText(after, before))];
}

function toVersionLines(words: Words, { versions, expires }: CeremonyReport): readonly string[] {
  const { version, expiry } = words.trust;
  const files = ["root", "targets", "snapshot"] as const;
  return toSection(words, words.trust.versions, [
    ...([...files, "policy"] as const).map((file) => toRow(words, version[file], versions[file], String)),
    ...files.map((file) => toRow(words, `${version[file]}: ${expiry}`, expires[file], toTimeText)),
  ]);
}

function toPersonLines(words: Words, persons: readonly PersonView[]): readonly string[] {
  const same = persons.filter(({ kind }) => kind === "same");
  const others = persons.filter(({ kind }) => kind !== "same");
  return [
    "",
    `=== ${words.trust.persons} ===`,
    ...others.flatMap((person) => toPerson(words, person)),
    ...(same.length === 0 ? [] : ["", words.trust.unchanged(same.length)]),
    ...same.flatMap(({ id, name, roles }) =>
      toContinued(`${INDENT}  ${id} `, `${toSafe(name.after)}: ${toRoles(words, roles.after)}`),
    ),
  ];
}

function toPerson(words: Words, { id, kind, name, roles, keys }: PersonView): readonly string[] {
  const rows: readonly Row[] = [
    ["  ", words.before, words.after],
    toRow(words, words.trust.name, kind === "removed" ? { before: name.after, after: "" } : name, (text) => text),
    toRow(words, words.trust.roles, roles, (list) => toRoles(words, list)),
    ...toKeyRows(words, keys),
  ];
  return ["", `${words.trust.personKinds[kind]} ${id}`, ...toTable(rows, [words.before, words.after], INDENT)];
}

function toPolicyLines(words: Words, { thresholds, caps, types, algorithms }: CeremonyReport): readonly string[] {
  const { trust, purposes } = words;
  const toList = (list: readonly string[]): string => (list.length === 0 ? words.nothing : list.join(", "));
  const classes = Object.keys(thresholds) as (keyof typeof thresholds)[];
  const names = Object.keys(caps) as (keyof typeof caps)[];
  return [
    ...toSection(
      words,
      trust.thresholds,
      classes.map((name) => toRow(words, purposes[name], thresholds[name], (roles) => toRoles(words, roles))),
    ),
    ...toSection(
      words,
      trust.caps,
      names.map((name) => toRow(words, trust.cap[name], caps[name], String)),
    ),
    ...toSection(words, trust.allowed, [
      toRow(words, trust.types, types, toList),
      toRow(words, trust.algorithms, algorithms, toList),
    ]),
  ];
}

function toHolderLines(words: Words, holders: CeremonyReport["holders"]): readonly string[] {
  const { trust } = words;
  const toLines = (name: keyof CeremonyReport["holders"]): readonly string[] => {
    const { threshold, keys }: HoldersView = holders[name];
    const rows = [toRow(words, trust.threshold, threshold, String), ...toKeyRows(words, keys)];
    return ["", `${INDENT}${trust.holder[name]}`, ...toTable(rows, [words.before, words.after], INDENT)];
  };
  return ["", `=== ${trust.holders} ===`, ...ROLE_NAMES.flatMap(toLines)];
}

function toSignatureLines(words: Words, signatures: readonly SignaturesView[]): readonly string[] {
  const { trust } = words;
  return [
    "",
    `=== ${trust.signatures} ===`,
    ...signatures.flatMap(({ file, under, threshold, have, signed, open }) => [
      `${INDENT}${trust.version[file]}, ${trust.under[under]}: ${trust.haveOf(have, threshold)}`,
      ...signed.map((key) => `${INDENT}  [x] ${toKeyText(key)}`),
      ...open.map((key) => `${INDENT}  [ ] ${toKeyText(key)}`),
    ]),
  ];
}

function toKeyRows({ trust }: Words, { added, removed, kept }: KeysView): readonly Row[] {
  const toRows = (label: string, keys: readonly KeyView[]): readonly Row[] =>
    keys.map((key) => ({ label, across: toKeyText(key) }));
  return [...toRows(trust.keyAdded, added), ...toRows(trust.keyRemoved, removed), ...toRows(`  ${trust.key}`, kept)];
}

/** Digits to be read out, and whose key it is. */
function toKeyText({ fingerprint, person }: KeyView): string {
  return person === undefined ? fingerprint : `${fingerprint} (${person})`;
}

function toRoles(words: Words, roles: readonly Role[]): string {
  return roles.length === 0 ? words.trust.noRoles : roles.map((role) => words.roles[role]).join(" + ");
}

function toSection(words: Words, title: string, rows: readonly Row[]): readonly string[] {
  const headed = [["  ", words.before, words.after], ...rows];
  return ["", `=== ${title} ===`, ...toTable(headed, [words.before, words.after], INDENT, MAX_COLUMN)];
}

function toRow<T>(words: Words, name: string, { before, after }: Pair<T>, toText: (value: T) => string): Row {
  const [old, next] = [before === undefined ? words.hadNone : toText(before), toText(after)];
  const toShown = (text: string, other: string): string => (text === "" ? words.nothing : toSafe(text, other));
  return [`${old === next ? " " : "*"} ${name}`, toShown(old, next), toShown(next, old)];
}
