import { isEqual } from "./bytes.ts";
import type { Profile } from "./profile.ts";

/** Classes of difference, gravest first (clause 4.3). */
export const DIFFERENCE_CLASSES = ["binding", "merchant", "parameters"] as const;
export type DifferenceClass = (typeof DIFFERENCE_CLASSES)[number];

/** One field that differs; `before` is empty where there was no profile. Byte fields in hexadecimal. */
export interface FieldDifference {
  readonly group: "merchant" | "binding" | "acquiring" | "parameters";
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

const GROUPS = ["binding", "merchant", "acquiring", "parameters"] as const;

/** Every field that differs between two profiles, binding first; the profile number is not content. */
export function toDifferences(before: Profile | undefined, after: Profile): readonly FieldDifference[] {
  const differences: FieldDifference[] = [];
  // A signer looks at a million profiles, twenty fields each.
  for (const group of GROUPS) {
    const old = toFields(before?.[group] ?? {});
    const next = toFields(after[group]);
    for (const field of Object.keys(next)) {
      if (isSame(old[field], next[field])) continue;
      differences.push({ group, field, before: toText(old[field]), after: toText(next[field]) });
    }
  }
  return differences;
}

/** The gravest class among the differences. Where nothing differs the least grave class still has to be signed for. */
export function toDifferenceClass(before: Profile | undefined, after: Profile): DifferenceClass {
  return toGravestClass(toDifferences(before, after));
}

/** The same, of differences that are known. */
export function toGravestClass(differences: readonly FieldDifference[]): DifferenceClass {
  if (differences.some(({ group }) => group === "binding")) return "binding";
  return differences.some(({ group }) => group !== "parameters") ? "merchant" : "parameters";
}

/** Whether a release signed for `purpose` may carry a difference of class `actual`. */
export function isCovered(purpose: DifferenceClass, actual: DifferenceClass): boolean {
  return DIFFERENCE_CLASSES.indexOf(purpose) <= DIFFERENCE_CLASSES.indexOf(actual);
}

function toFields(group: object): Readonly<Record<string, unknown>> {
  return group as Readonly<Record<string, unknown>>;
}

function isSame(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return isEqual(a, b);
  return a === b;
}

function toText(value: unknown): string {
  if (value === undefined) return "";
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : String(value);
}
