import { FLEET_COLUMNS, type FleetFields } from "../../src/domain/fleet-columns.ts";
import { FLEET_FIELDS } from "./fleet-fields.ts";

export const CSV_HEADER = FLEET_COLUMNS.join(",");

/** A sound row as a line of CSV. */
export function toCsvLine(change: Partial<FleetFields> = {}): string {
  const fields = { ...FLEET_FIELDS, ...change };
  return FLEET_COLUMNS.map((column) => fields[column]).join(",");
}

/** A sound row as a line of JSON lines. */
export function toJsonLine(change: Partial<FleetFields> = {}): string {
  return JSON.stringify({ ...FLEET_FIELDS, ...change });
}

/** The nth of many terminals: its own, and of a merchant of its own where that is asked for. */
export function toNth(n: number, ownMerchant = false): Partial<FleetFields> {
  const digits = String(n).padStart(8, "0");
  const merchant_no = ownMerchant ? `8223910${digits}` : FLEET_FIELDS.merchant_no;
  return { tusn: `00000304${digits}`, terminal_no: digits, merchant_no };
}

/** Text as a source of bytes, in small chunks. */
export async function* toSource(text: string, size = 65_536): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
