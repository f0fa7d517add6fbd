import type { ErrorCode } from "../../../proto/errors.ts";
import type { SlipKind } from "../../../proto/tusn-slips.ts";

/** Faults, and notes, that are listed; beyond them they are only counted. */
export const MAX_FAULTS = 100;

/** One thing wrong in a file. It never tells a field's value. */
export interface FleetFault {
  /** Line of the file, from 1. */
  readonly line: number;
  /** Name of the column; `#n` for the nth where the header has no such name; empty where the whole line is meant. */
  readonly column: string;
  readonly code: ErrorCode;
}

/** A legacy serial number that looks like a mistyped TUSN: its row is imported all the same. */
export interface FleetNote extends FleetFault {
  readonly slips: readonly SlipKind[];
}

/** The first things told of a file in the order of its lines, and how many there are in all. */
export class LineList<T extends { readonly line: number }> {
  count = 0;
  readonly #listed: T[] = [];

  add(things: readonly T[]): void {
    this.count += things.length;
    this.#listed.push(...things.slice(0, MAX_FAULTS - this.#listed.length));
  }

  toList(): readonly T[] {
    return this.#listed.toSorted((a, b) => a.line - b.line);
  }
}
