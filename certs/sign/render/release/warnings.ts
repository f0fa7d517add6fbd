import { findSuspicions } from "../../../../proto/confusables.ts";
import { toCodePoint } from "../../../../proto/printable.ts";
import { CLOCK_SLACK_S } from "../../../release.ts";
import { type Change, MAX_EXAMPLES, partition } from "./groups.ts";
import type { Settlement } from "./settlements.ts";
import type { Bounded, FieldName, ReleaseView, WarningView } from "./view.ts";

export const MAX_WARNINGS = 50;
/** No terminal gets so many directives in its life: one every ten minutes for nineteen years. */
const MAX_PLAUSIBLE_SEQUENCE = 1_000_000;
/** Characters told in one warning. */
const MAX_CHARACTERS = 8;

const GRAVITY: readonly WarningView["kind"][] = ["lookalike", "mixed", "unseen", "right-to-left"];
/** Fields with letters in them; digits alone cannot pass for others. */
const LETTERED: readonly FieldName[] = [
  "merchant.name",
  "merchant.shortName",
  "merchant.licenceNo",
  "merchant.taxNo",
  "merchant.uscc",
  "acquiring.host",
  "acquiring.terminalNo",
];
const NO_TEXT = { before: "", after: "", characters: [], terminals: 0, examples: [] } as const;

/** A text from outside, with the terminals that would hold it. */
type Text = Pick<WarningView, "before" | "after" | "terminals" | "examples"> & Required<Pick<WarningView, "field">>;

/** Everything that a person has to be warned of, gravest first; what many terminals share is told once. */
export function toWarnings(
  view: Pick<ReleaseView, "reason" | "signedBy" | "created" | "expires">,
  settlements: readonly Settlement[],
  changes: readonly Change[],
  now: number,
): Bounded<WarningView> {
  const texts = [...toHeadTexts(view), ...toSettlementTexts(settlements), ...toOtherTexts(changes)];
  const warnings = [
    ...toTimeWarnings(view, now),
    ...toSeveralSettlements(settlements),
    ...toRouteWarnings(changes),
    ...toSequenceWarnings(changes),
    ...texts.flatMap(toTextWarnings).toSorted((a, b) => GRAVITY.indexOf(a.kind) - GRAVITY.indexOf(b.kind)),
  ];
  return { shown: warnings.slice(0, MAX_WARNINGS), left: Math.max(0, warnings.length - MAX_WARNINGS) };
}

function toTimeWarnings({ created, expires }: Pick<ReleaseView, "created" | "expires">, now: number) {
  const kinds: WarningView["kind"][] = [];
  if (now > expires) kinds.push("expired");
  if (now + CLOCK_SLACK_S < created) kinds.push("not-yet-valid");
  return kinds.map((kind): WarningView => ({ ...NO_TEXT, kind }));
}

/** Terminals of one merchant that would settle to different places: one of them may be a thief's. */
function toSeveralSettlements(settlements: readonly Settlement[]): readonly WarningView[] {
  return [...partition(settlements, ({ view }) => view.merchant)].flatMap(([merchant, several]): WarningView[] => {
    if (new Set(several.map(({ target }) => target)).size < 2) return [];
    const terminals = several.reduce((sum, { view }) => sum + view.terminals, 0);
    return [{ ...NO_TEXT, kind: "several-settlements", merchant, terminals }];
  });
}

/** Other than a first profile, which has to have one. */
function toRouteWarnings(changes: readonly Change[]): readonly WarningView[] {
  const isRerouted = ({ kind, fields }: Change) =>
    kind !== "first" && fields.some(({ field }) => field.startsWith("acquiring."));
  return toChangeWarnings("route", changes.filter(isRerouted));
}

function toSequenceWarnings(changes: readonly Change[]): readonly WarningView[] {
  const isTooHigh = ({ leaf }: Change) => leaf.directive.sequence > MAX_PLAUSIBLE_SEQUENCE;
  return toChangeWarnings("sequence", changes.filter(isTooHigh));
}

function toChangeWarnings(kind: WarningView["kind"], concerned: readonly Change[]): readonly WarningView[] {
  if (concerned.length === 0) return [];
  const examples = concerned.slice(0, MAX_EXAMPLES).map(({ leaf }) => leaf.directive.tusn);
  return [{ ...NO_TEXT, kind, terminals: concerned.length, examples }];
}

function toTextWarnings({ field, before, after, terminals, examples }: Text): readonly WarningView[] {
  return findSuspicions(after, before).map(({ kind, characters }) => ({
    kind,
    field,
    before,
    after,
    characters: characters.slice(0, MAX_CHARACTERS).map(toCodePoint),
    terminals,
    examples,
  }));
}

function toHeadTexts({ reason, signedBy }: Pick<ReleaseView, "reason" | "signedBy">): readonly Text[] {
  return [
    { ...NO_TEXT, field: "reason", after: reason },
    ...signedBy.map(({ name }): Text => ({ ...NO_TEXT, field: "person", after: name })),
  ];
}

function toSettlementTexts(settlements: readonly Settlement[]): readonly Text[] {
  return settlements.flatMap(({ view: { fields, terminals, examples } }) =>
    fields.map(({ field, before, after }) => ({ field, before, after, terminals, examples })),
  );
}

/** Each change of a lettered field once, with all its terminals. */
function toOtherTexts(changes: readonly Change[]): readonly Text[] {
  const texts = new Map<string, Text>();
  for (const { fields, leaf } of changes) {
    for (const { field, before, after } of fields.filter((one) => LETTERED.includes(one.field))) {
      const key = JSON.stringify([field, before, after]);
      const { terminals, examples } = texts.get(key) ?? NO_TEXT;
      const shown = examples.length < MAX_EXAMPLES ? [...examples, leaf.directive.tusn] : examples;
      texts.set(key, { field, before, after, terminals: terminals + 1, examples: shown });
    }
  }
  return [...texts.values()];
}
