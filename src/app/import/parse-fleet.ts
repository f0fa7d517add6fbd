import type { FleetRow, LegacyRow } from "../../domain/fleet.ts";
import { type Claim, toClaim, toRowFaults } from "../../domain/fleet-consistency.ts";
import { type FleetFault, LineList } from "./fault-list.ts";
import { type FleetFormat, readRows } from "./read-rows.ts";

/** Rows of a file that is read as a whole; larger ones are imported as they are read. */
export const MAX_HELD_ROWS = 200_000;

/** A fleet file as read. Rows are there only where nothing at all is wrong, so that nothing can be half imported. */
export interface FleetFile {
  readonly rows: readonly FleetRow[];
  /** Old stock without a TUSN. */
  readonly legacy: readonly LegacyRow[];
  /** The first faults found, in the order of the file, at most MAX_FAULTS of them. */
  readonly faults: readonly FleetFault[];
  /** How many faults there are, listed or not. */
  readonly faultCount: number;
}

/**
 * Reads and judges a small fleet file and does nothing with it. What is wrong with the file is told in `faults`; only an
 * error of the source itself is thrown.
 */
export async function parseFleet(
  source: AsyncIterable<Uint8Array>,
  maxRows = MAX_HELD_ROWS,
  format: FleetFormat = "csv",
): Promise<FleetFile> {
  const faults = new LineList<FleetFault>();
  const rows: (FleetRow | LegacyRow)[] = [];
  const claims: Claim[] = [];
  const lines: number[] = [];
  for await (const chunk of readRows(source, format, maxRows)) {
    for (const read of chunk) {
      if (read.kind !== "row") faults.add(read.faults);
      else {
        rows.push(read.row);
        claims.push(toClaim(read.row, read.row.account.accountNo));
        lines.push(read.line);
      }
    }
  }
  faults.add(toRowFaults(claims).map(({ index, column, code }) => ({ line: Number(lines[index]), column, code })));
  const { count } = faults;
  return {
    rows: count === 0 ? rows.filter((row) => "terminal" in row) : [],
    legacy: count === 0 ? rows.filter((row) => "legacy" in row) : [],
    faults: faults.toList(),
    faultCount: count,
  };
}
