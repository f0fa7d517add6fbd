import type { FleetRow } from "./fleet.ts";
import type { FieldFault, FleetColumn } from "./fleet-columns.ts";

/** A row, by its place in the list, that repeats or contradicts an earlier one. Its code is CSV_ROW_DUPLICATE. */
export interface RowFault extends FieldFault {
  readonly index: number;
}

/** What every row of one merchant must repeat: a merchant has one identity, one acquirer and one settlement account. */
const OF_THE_MERCHANT: readonly (readonly [FleetColumn, (row: FleetRow) => string])[] = [
  ["acquirer", (row) => row.terminal.acquirer],
  ["merchant_name", (row) => row.merchant.name],
  ["short_name", (row) => row.merchant.shortName],
  ["licence_no", (row) => row.merchant.licenceNo],
  ["tax_no", (row) => row.merchant.taxNo],
  ["uscc", (row) => row.merchant.uscc],
  ["mcc", (row) => row.merchant.mcc],
  ["settlement_kind", (row) => row.account.kind],
  ["bank", (row) => row.account.bank],
  ["cnaps", (row) => row.account.cnaps],
  ["holder", (row) => row.account.holder],
  ["account_no", (row) => row.account.accountNo],
];

/**
 * Checks sound rows against one another: one row per TUSN, one terminal per terminal number within an acquirer, and
 * the rows of one merchant alike in all that is the merchant's. The first row to say something is taken as right.
 */
export function toRowFaults(rows: readonly FleetRow[]): RowFault[] {
  const faults: RowFault[] = [];
  const tusns = new Set<string>();
  const terminalNos = new Set<string>();
  const merchants = new Map<string, FleetRow>();
  const report = (index: number, column: FleetColumn) => faults.push({ index, column, code: "CSV_ROW_DUPLICATE" });

  for (const [index, row] of rows.entries()) {
    const { tusn, acquirer, terminalNo } = row.terminal;
    if (tusns.has(tusn)) report(index, "tusn");
    tusns.add(tusn);
    const terminal = `${acquirer}/${terminalNo}`;
    if (terminalNos.has(terminal)) report(index, "terminal_no");
    terminalNos.add(terminal);
    const first = merchants.get(row.merchant.number) ?? row;
    for (const [column, select] of OF_THE_MERCHANT) if (select(row) !== select(first)) report(index, column);
    merchants.set(row.merchant.number, first);
  }
  return faults;
}
