import type { FleetRow, LegacyRow } from "../../domain/fleet.ts";
import type { FleetFields } from "../../domain/fleet-columns.ts";
import { parseFleetRow } from "../../domain/fleet-row.ts";
import { findSlips } from "../../domain/legacy-serial.ts";
import type { FleetFault, FleetNote } from "./fault-list.ts";

/**
 * What was read: a sound row, with a note where it is old stock whose number looks like a mistyped TUSN; a bad row; or
 * something without which no row can be believed, such as a wrong header.
 */
export type ReadRow =
  | { readonly kind: "row"; readonly line: number; readonly row: FleetRow | LegacyRow; readonly note?: FleetNote }
  | { readonly kind: "bad" | "broken"; readonly line: number; readonly faults: readonly FleetFault[] };

export function toReadRow(line: number, fields: FleetFields): ReadRow {
  const parsed = parseFleetRow(fields);
  if ("row" in parsed) return { kind: "row", line, row: parsed.row };
  if ("faults" in parsed) {
    return { kind: "bad", line, faults: parsed.faults.map((fault) => ({ line, ...fault })) };
  }
  const slips = findSlips(parsed.legacy.legacy.serial);
  const note: FleetNote = { line, column: "tusn", code: "LEGACY_NUMBER", slips };
  return { kind: "row", line, row: parsed.legacy, ...(slips.length === 0 ? {} : { note }) };
}
