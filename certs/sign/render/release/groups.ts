import { DIFFERENCE_CLASSES, type DifferenceClass } from "../../../../proto/difference.ts";
import type { OnFail } from "../../../../proto/directive.ts";
import type { ReleaseLeaf } from "../../../release.ts";
import type {
  DirectiveKind,
  FieldName,
  FieldView,
  GroupFieldView,
  GroupView,
  SettlementView,
  Validity,
  VariantView,
  WayBack,
} from "./view.ts";

/** What is known of one terminal before it is put together with those that change alike. */
export interface Change {
  readonly leaf: ReleaseLeaf;
  readonly kind: DirectiveKind;
  readonly class: DifferenceClass;
  readonly fields: readonly FieldView[];
  /** Its number where it is one of those shown; 0 where the settlement stays. */
  readonly settlement: SettlementView["number"];
  readonly reserve: ReleaseLeaf | undefined;
}

/** Examples of terminals and merchants, and of a harmless field's values. */
export const MAX_EXAMPLES = 3;
/** Values of a grave field that are all shown; and the most by which terminals are told apart. */
const MAX_VARIANTS = 20;
/** A group with at most one in so many of all terminals is odd. */
const ODD_PART = 10;

/** How one field changes within a set of terminals: each change with how many they are. */
type Spread = Map<string, { readonly before: string; readonly after: string; readonly befores: 1; terminals: number }>;

/**
 * Terminals that change alike, gravest first, the fewest first among equally grave. Two terminals change alike when the
 * same fields differ, for the same kind of directive, with the same values; but fields that differ from terminal to
 * terminal anyway, such as terminal numbers, do not part them.
 */
export function toGroups(changes: readonly Change[]): readonly GroupView[] {
  const groups = [...partition(changes, toFieldsKey).values()].flatMap((alike) => {
    const spreads = toSpreads(alike);
    const parting = [...spreads].filter(([, spread]) => isParting(spread, alike.length)).map(([field]) => field);
    const toKey = ({ fields }: Change): string => toValuesKey(fields.filter(({ field }) => parting.includes(field)));
    return parting.length === 0 ? [toGroup(alike, spreads)] : parts(alike, toKey);
  });
  return groups.map((group) => ({ ...group, isOdd: isOdd(group, changes.length) })).toSorted(compareGroups);
}

function parts(alike: readonly Change[], toKey: (change: Change) => string): readonly GroupView[] {
  return [...partition(alike, toKey).values()].map((part) => toGroup(part, toSpreads(part)));
}

/** Puts what is gravest first, then what fewest terminals have. */
function compareGroups(a: GroupView, b: GroupView): number {
  const [first, second] = [a, b].map((group) => DIFFERENCE_CLASSES.indexOf(group.class));
  return (first ?? 0) - (second ?? 0) || a.terminals - b.terminals;
}

function isOdd({ terminals }: GroupView, all: number): boolean {
  return terminals * ODD_PART <= all;
}

/** Some few values parting many terminals: more than one, and each on average of more than two terminals. */
function isParting(spread: Spread, terminals: number): boolean {
  return spread.size > 1 && spread.size <= MAX_VARIANTS && spread.size * 2 <= terminals;
}

function toGroup(changes: readonly Change[], spreads: ReadonlyMap<FieldName, Spread>): GroupView {
  const [first] = changes;
  if (first === undefined) throw new RangeError("a group has terminals");
  const merchants = new Set(changes.map(({ leaf }) => leaf.profile.merchant.number));
  const reserves = changes.flatMap(({ reserve }) => (reserve === undefined ? [] : [reserve]));
  return {
    kind: first.kind,
    class: first.class,
    onFail: first.leaf.directive.onFail,
    terminals: changes.length,
    merchants: merchants.size,
    examples: changes.slice(0, MAX_EXAMPLES).map(({ leaf }) => leaf.directive.tusn),
    merchantExamples: [...merchants].slice(0, MAX_EXAMPLES),
    validity: toValidity(changes.map(({ leaf }) => leaf)),
    sequence: toRange(changes.map(({ leaf }) => leaf.directive.sequence)),
    ...(reserves[0] === undefined ? {} : { wayBack: toWayBack(reserves, reserves[0].directive.onFail) }),
    ...(first.settlement === 0 ? {} : { settlement: first.settlement }),
    fields: [...spreads].map(([field, spread]) => toGroupField(field, spread)),
    isOdd: false,
  };
}

function toGroupField(field: FieldName, spread: Spread): GroupFieldView {
  const variants = [...spread.values()].toSorted((a, b) => a.terminals - b.terminals);
  const most = field.startsWith("parameters.") ? MAX_EXAMPLES : MAX_VARIANTS;
  return { field, distinct: variants.length, variants: toExamples(variants, most) };
}

/**
 * All of them; where they are too many, one for each new value; where those are too many, the commonest and the rarest:
 * what is rare among many is what was meant to be overlooked.
 */
function toExamples(variants: readonly VariantView[], most: number): readonly VariantView[] {
  if (variants.length <= most) return variants.toReversed();
  const merged = [...partition(variants, ({ after }) => after).values()].flatMap(toMerged);
  const rising = merged.toSorted((a, b) => a.terminals - b.terminals);
  return rising.length <= most ? rising.toReversed() : [...rising.slice(-1), ...rising.slice(0, MAX_EXAMPLES - 1)];
}

/** Changes to the same new value as one; they come by rising number of terminals. */
function toMerged(alike: readonly VariantView[]): readonly VariantView[] {
  const commonest = alike.at(-1);
  if (commonest === undefined) return [];
  const terminals = alike.reduce((sum, variant) => sum + variant.terminals, 0);
  return [{ ...commonest, befores: alike.length, terminals }];
}

function toSpreads(changes: readonly Change[]): ReadonlyMap<FieldName, Spread> {
  const spreads = new Map<FieldName, Spread>();
  for (const { fields } of changes) {
    for (const { field, before, after } of fields) {
      const spread: Spread = spreads.get(field) ?? new Map();
      spreads.set(field, spread);
      const key = JSON.stringify([before, after]);
      const variant = spread.get(key) ?? { before, after, befores: 1, terminals: 0 };
      variant.terminals += 1;
      spread.set(key, variant);
    }
  }
  return spreads;
}

function toFieldsKey({ kind, leaf, settlement, reserve, fields }: Change): string {
  const names = fields.map(({ field }) => field);
  return JSON.stringify([kind, leaf.directive.onFail, settlement, reserve?.directive.onFail ?? "", ...names]);
}

function toValuesKey(fields: readonly FieldView[]): string {
  return JSON.stringify(fields.map(({ before, after }) => [before, after]));
}

function toWayBack(reserves: readonly ReleaseLeaf[], onFail: OnFail): WayBack {
  return { terminals: reserves.length, onFail, ...toValidity(reserves) };
}

function toValidity(leaves: readonly ReleaseLeaf[]): Validity {
  return {
    notBefore: toRange(leaves.map(({ directive }) => directive.notBefore)),
    notAfter: toRange(leaves.map(({ directive }) => directive.notAfter)),
  };
}

/** The least and the greatest of them; too many to be arguments of one call. */
function toRange(values: readonly number[]): readonly [number, number] {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return [least, greatest];
}

/** Parts of a list by key, in the order in which the keys are met. */
export function partition<T>(list: readonly T[], toKey: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const parts = new Map<string, T[]>();
  for (const item of list) {
    const key = toKey(item);
    const part = parts.get(key);
    if (part === undefined) parts.set(key, [item]);
    else part.push(item);
  }
  return parts;
}
