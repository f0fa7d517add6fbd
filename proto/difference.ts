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
  return GROUPS.flatMap((group) => {
    const old: Readonly<Record<string, unknown>> = before === undefined ? {} : { ...before[group] };
    return Object.entries(after[group])
      .filter(([field, value]) => !isSame(old[field], value))
      .map(([field, value]) => ({ group, field, before: toText(old[field]), after: toText(value) }));
  });
}

/** The gravest class among the differences. Where nothing differs the least grave class still has to be signed for. */
export function toDifferenceClass(before: Profile | undefined, after: Profile): DifferenceClass {
  const groups = new Set(toDifferences(before, after).map((difference) => difference.group));
  if (groups.has("binding")) return "binding";
  if (groups.has("merchant") || groups.has("acquiring")) return "merchant";
  return "parameters";
}

/** Whether a release signed for `purpose` may carry a difference of class `actual`. */
export function isCovered(purpose: DifferenceClass, actual: DifferenceClass): boolean {
  return DIFFERENCE_CLASSES.indexOf(purpose) <= DIFFERENCE_CLASSES.indexOf(actual);
}

function isSame(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return isEqual(a, b);
  return a === b;
}

function toText(value: unknown): string {
  if (value === undefined) return "";
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : String(value);
}
