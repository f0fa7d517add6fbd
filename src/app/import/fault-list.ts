import type { ErrorCode } from "../../../proto/errors.ts";

/** Faults that are listed; beyond them they are only counted. */
export const MAX_FAULTS = 100;

/** One thing wrong in a file. It never tells a field's value. */
export interface FleetFault {
  /** Line of the file, from 1. */
  readonly line: number;
  /** Name of the column; `#n` for the nth where the header has no such name; empty where the whole line is meant. */
  readonly column: string;
  readonly code: ErrorCode;
}

/** The first faults of a file in the order of its lines, and how many there are in all. */
export class FaultList {
  count = 0;
  readonly #listed: FleetFault[] = [];

  add(line: number, column: string, code: ErrorCode): void {
    this.count += 1;
    if (this.#listed.length < MAX_FAULTS) this.#listed.push({ line, column, code });
  }

  toList(): readonly FleetFault[] {
    return this.#listed.toSorted((a, b) => a.line - b.line);
  }
}
