import type { Terminal } from "./terminal.ts";

export type Method = keyof Terminal;

/** Argument lists by method: the executable's path first. Never given to a shell. */
export interface CommandLines {
  readonly readStatus: readonly string[];
  readonly apply: readonly string[];
  readonly loadWorkingKeys: readonly string[];
  readonly computeMac: readonly string[];
  /** Absent where the terminal has no SN key. */
  readonly computeCryptogram?: readonly string[] | undefined;
}
