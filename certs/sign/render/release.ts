import type { WholeRelease } from "../../release.ts";
import { INDENT, LOUD, type Row, toContinued, toPainted, toSheet, toTable } from "./layout.ts";
import { toReleaseView } from "./release/summary.ts";
import type {
  Bounded,
  DirectiveView,
  GroupFieldView,
  GroupView,
  ReleaseOptions,
  ReleaseView,
  SettlementView,
  Validity,
  VariantView,
  WarningView,
} from "./release/view.ts";
import { toFieldRow, toPair, toSafe, toTimeText } from "./value.ts";
import { WORDS, type Words } from "./words.ts";

type ViewOptions = Pick<ReleaseOptions, "lang" | "blind" | "terminal" | "now" | "color">;

/**
 * The release as people read it before they sign: what changes where the money goes first and loud, then terminals by
 * what changes at them. Plain text; bounded, however many directives there are.
 */
export function renderRelease(whole: WholeRelease, options: ReleaseOptions): string {
  return renderReleaseView(toReleaseView(whole, options), options);
}

/** What `toReleaseJson` gives, as people read it; the options must be those that it was given. */
export function renderReleaseView(view: ReleaseView, options: ViewOptions): string {
  const words = WORDS[options.lang];
  const lines = [
    ...toHead(words, view, options.now),
    ...toWarningLines(words, view.warnings),
    ...toSettlementSection(words, view, options.blind),
    ...toReceiverSection(words, view),
    ...toGroupSection(words, view),
    ...toInFullSection(words, view, options),
  ];
  return toPainted(lines, options.color === true).join("\n");
}

/** The same for programs: what `renderRelease` would show, blind where it would be. */
export function toReleaseJson(whole: WholeRelease, options: ReleaseOptions): ReleaseView {
  return toReleaseView(whole, options);
}

function toHead(words: Words, view: ReleaseView, now: number): readonly string[] {
  const persons = view.signedBy.map(({ id, name }) => `${toSafe(name)} (${id})`);
  const left = view.expires >= now ? ` (${words.left(view.expires - now)})` : "";
  const reserves = view.reserves === 0 ? "" : ` ${words.withReserves(view.reserves)}`;
  const toRoles = (roles: ReleaseView["demanded"]) => roles.map((role) => words.roles[role]).join(" + ");
  return toSheet([
    [words.release, view.releaseId],
    [words.purpose, words.purposes[view.purpose]],
    [words.merchant, view.merchant === "" ? words.nothing : view.merchant],
    [words.reason, toSafe(view.reason)],
    [words.valid, `${words.from(toTimeText(view.created), toTimeText(view.expires))}${left}`],
    [words.terminals, `${words.count(view.terminals)}${reserves}`],
    [words.mustSign, `${toRoles(view.demanded)} (${words.distinctPersons})`],
    [words.signedBy, persons.length === 0 ? words.nobody : persons.join(", ")],
    [words.stillMissing, view.missing.length === 0 ? words.complete : toRoles(view.missing)],
    [words.compare, view.fingerprint],
  ]);
}

function toWarningLines(words: Words, warnings: Bounded<WarningView>): readonly string[] {
  if (warnings.shown.length === 0) return [];
  const lines = warnings.shown.flatMap((warning) => [
    `${LOUD} ${words.warning}: ${words.warnings[warning.kind]}`,
    ...toFacts(words, warning),
  ]);
  return ["", ...lines, ...toMore(words, warnings, "all")];
}

/** A line for each, old apart from new: letters that run from right to left would swap them. */
function toFacts(words: Words, warning: WarningView): readonly string[] {
  const { kind, merchant, field, before, after, characters, terminals, examples } = warning;
  const name = field === undefined ? "" : field === "reason" || field === "person" ? words[field] : words.fields[field];
  const toLine = (text: string): string => `${LOUD}   ${text}`;
  const toFact = (heading: string, text: string): readonly string[] =>
    text === "" ? [] : toContinued(toLine(`${name} ${heading}: `), text, LOUD);
  return [
    ...(merchant === undefined ? [] : [toLine(words.ofMerchant(terminals, merchant))]),
    ...toFact(words.before, toSafe(before, after)),
    ...toFact(words.after, toSafe(after, before)),
    // The other kinds show them where they stand.
    ...(kind === "right-to-left" ? [toLine(characters.join(" "))] : []),
    ...(examples.length === 0 ? [] : [toLine(`${words.count(terminals)}: ${toExampleText(terminals, examples)}`)]),
  ];
}

function toSettlementSection(words: Words, { settlements }: ReleaseView, isBlind: boolean): readonly string[] {
  if (settlements.shown.length === 0) return [];
  const of = settlements.shown.length + settlements.left;
  const legend = [words.changed, ...(isBlind ? [words.blind] : [])].join("   ");
  return [
    ...settlements.shown.flatMap((settlement) => toSettlementLines(words, settlement, of)),
    ...toMore(words, settlements, "all"),
    `${INDENT}${legend}`,
  ];
}

function toSettlementLines(words: Words, settlement: SettlementView, of: number): readonly string[] {
  const { number, merchant, merchantName, terminals, examples, isFirst, fields } = settlement;
  const title = isFirst ? words.firstSettlement(number, of) : words.settlementChange(number, of);
  const none = isFirst ? words.hadNone : words.nothing;
  const rows = [["  ", words.before, words.after], ...fields.map((field) => toFieldRow(words, field, none))];
  return [
    "",
    `${LOUD} ${title}`,
    `${LOUD} ${words.ofMerchant(terminals, merchant)}: ${toExampleText(terminals, examples)}`,
    // On a line of its own: letters that run from right to left would take what follows them along.
    ...toContinued(`${LOUD} `, toSafe(merchantName), LOUD),
    ...toTable(rows, [words.before, words.after], INDENT),
  ];
}

/** Whoever has the key behind one of these device keys reads the card number. */
function toReceiverSection(words: Words, { receivers }: ReleaseView): readonly string[] {
  const { shown, left } = receivers;
  if (shown.length === 0) return [];
  const lines = shown.flatMap(({ tusn, deviceKey }) => [
    `${INDENT}${tusn}`,
    `${INDENT}  ${words.deviceKey} ${deviceKey}`,
  ]);
  return ["", `=== ${words.numberGoesTo(shown.length + left)} ===`, ...lines, ...toMore(words, receivers, "terminal")];
}

function toGroupSection(words: Words, { groups }: ReleaseView): readonly string[] {
  const titles = ["", `=== ${words.allElse} ===`];
  const lines = groups.shown.flatMap((group, at) => ["", ...toGroupLines(words, group, at + 1)]);
  return [...titles, ...lines, ...toMore(words, groups, "terminal")];
}

function toGroupLines(words: Words, group: GroupView, number: number): readonly string[] {
  const { kind, class: difference, onFail, terminals, merchants, merchantExamples, isOdd } = group;
  const who =
    merchants === 1 ? words.ofMerchant(terminals, merchantExamples[0] ?? "") : words.ofMerchants(terminals, merchants);
  const title = `[${number}] ${who}: ${words.directiveKinds[kind]}, ${words.purposes[difference]}`;
  const settlement = group.settlement === undefined ? [] : [words.seeSettlement(group.settlement)];
  const fields: readonly Row[] = group.fields.flatMap((field) => toGroupRows(words, field));
  const isSame = fields.length === 0 && settlement.length === 0;
  const rows: readonly Row[] = [
    ...settlement.map((across) => ({ label: `* ${words.settlement}`, across })),
    ...(fields.length === 0 ? [] : [["  ", words.before, words.after], ...fields]),
    ...(isSame ? [{ label: "", across: words.unchangedContent }] : []),
    { label: `  ${words.onFailure}`, across: words.onFail[onFail] },
    { label: `  ${words.valid}`, across: toValidityText(words, group.validity) },
    { label: `  ${words.sequence}`, across: toRangeText(words, group.sequence, String) },
    ...toWayBackRows(words, group),
    { label: `  ${words.examples}`, across: toExampleText(terminals, group.examples) },
  ];
  return [isOdd ? `${LOUD} ${title} ${words.odd}` : title, ...toTable(rows, [words.before, words.after], INDENT)];
}

function toGroupRows(words: Words, { field, distinct, variants }: GroupFieldView): readonly Row[] {
  const toCells = ({ before, after, befores }: VariantView) => {
    const [old, next] = toPair(words, field, before, after, words.nothing);
    return [befores === 1 ? old : `${old} … (${befores})`, next];
  };
  const [only] = variants;
  if (distinct === 1 && only !== undefined) return [[`* ${words.fields[field]}`, ...toCells(only)]];
  return [
    { label: `* ${words.fields[field]}`, across: words.differs(distinct) },
    ...variants.map((variant) => [`    ${words.count(variant.terminals)}`, ...toCells(variant)]),
  ];
}

function toWayBackRows(words: Words, { wayBack }: GroupView): readonly Row[] {
  if (wayBack === undefined) return [];
  const until = toRangeText(words, wayBack.notAfter, toTimeText);
  return [
    { label: `  ${words.wayBack}`, across: words.canBeUndone(wayBack.terminals, until) },
    { label: "", across: `${words.onFailure}: ${words.onFail[wayBack.onFail]}` },
  ];
}

function toInFullSection(words: Words, { inFull }: ReleaseView, { terminal }: ViewOptions): readonly string[] {
  const isMissing = terminal !== undefined && inFull.shown.length === 0;
  const lines = inFull.shown.flatMap((directive) => ["", ...toDirectiveLines(words, directive)]);
  return [...lines, ...toMore(words, inFull, "terminal"), ...(isMissing ? ["", words.noSuchTerminal] : [])];
}

function toDirectiveLines(words: Words, directive: DirectiveView): readonly string[] {
  const { tusn, kind, merchant, sequence, onFail, notBefore, notAfter, deviceKey, digest, fields } = directive;
  const none = kind === "first" ? words.hadNone : words.nothing;
  const rows: readonly Row[] = [
    ...(fields.length === 0 ? [] : [["  ", words.before, words.after]]),
    ...fields.map((field) => toFieldRow(words, field, none)),
    { label: `  ${words.merchant}`, across: merchant },
    { label: `  ${words.sequence}`, across: String(sequence) },
    { label: `  ${words.onFailure}`, across: words.onFail[onFail] },
    { label: `  ${words.valid}`, across: words.from(toTimeText(notBefore), toTimeText(notAfter)) },
    { label: `  ${words.deviceKey}`, across: deviceKey },
    { label: `  ${words.digest}`, across: digest },
  ];
  return [`--- ${tusn}: ${words.directiveKinds[kind]}`, ...toTable(rows, [words.before, words.after], INDENT)];
}

function toValidityText(words: Words, { notBefore, notAfter }: Validity): string {
  return words.from(toRangeText(words, notBefore, toTimeText), toRangeText(words, notAfter, toTimeText));
}

function toRangeText(
  words: Words,
  [least, greatest]: readonly [number, number],
  toText: (value: number) => string,
): string {
  return least === greatest ? toText(least) : words.range(toText(least), toText(greatest));
}

function toExampleText(terminals: number, examples: readonly string[]): string {
  return `${examples.join(", ")}${terminals > examples.length ? ", …" : ""}`;
}

function toMore(words: Words, { left }: Bounded<unknown>, how: "all" | "terminal"): readonly string[] {
  return left === 0 ? [] : [`${LOUD} ${words.more(left, how)}`];
}
