import type { ErrorCode } from "../../proto/errors.ts";

/** Columns of the fleet file, by the names in its header row, in the order in which we write them. */
export const FLEET_COLUMNS = [
  "tusn",
  "maker",
  "model",
  "certificate_no",
  "place",
  "terminal_no",
  "acquirer",
  "merchant_no",
  "merchant_name",
  "short_name",
  "licence_no",
  "tax_no",
  "uscc",
  "mcc",
  "settlement_kind",
  "bank",
  "cnaps",
  "holder",
  "account_no",
] as const;
export type FleetColumn = (typeof FLEET_COLUMNS)[number];

/** The texts of one row, not judged yet. */
export type FleetFields = Readonly<Record<FleetColumn, string>>;

/** What is wrong with one field of a row. It never tells the field's value, which may be an account number. */
export interface FieldFault {
  readonly column: FleetColumn;
  readonly code: ErrorCode;
}

export function isFleetColumn(name: string): name is FleetColumn {
  return (FLEET_COLUMNS as readonly string[]).includes(name);
}

/** Texts and the names of their columns, in the same order and each column once, as fields by name. */
export function toFleetFields(columns: readonly FleetColumn[], texts: readonly string[]): FleetFields {
  return Object.fromEntries(columns.map((column, index) => [column, texts[index]])) as FleetFields;
}
