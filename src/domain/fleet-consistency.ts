import type { FleetRow, LegacyRow } from "./fleet.ts";
import type { FieldFault, FleetColumn } from "./fleet-columns.ts";

/** A row, by its place in the list, that repeats or contradicts an earlier one. Its code is CSV_ROW_DUPLICATE. */
export interface RowFault extends FieldFault {
  readonly index: number;
}

/** What every row of one merchant must repeat: a merchant has one identity, one acquirer and one settlement account. */
export const MERCHANT_COLUMNS = [
  "acquirer",
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
] as const satisfies readonly FleetColumn[];

/** By column; instead of the account number there may be anything that is equal for equal numbers. */
export type MerchantClaim = Readonly<Record<(typeof MERCHANT_COLUMNS)[number], string>>;

/** What of a sound row other rows are held against. */
export interface Claim {
  /** TUSN or legacy serial number. */
  readonly serial: string;
  readonly terminalNo: string;
  readonly merchantNo: string;
  readonly merchant: MerchantClaim;
}

/** What rows before these have claimed. */
export interface Earlier {
  hasSerial(serial: string): boolean;
  /** Whether the acquirer's terminal number is taken. */
  hasRoute(route: string): boolean;
  findMerchant(number: string): MerchantClaim | undefined;
}

const NOTHING: Earlier = { hasSerial: () => false, hasRoute: () => false, findMerchant: () => undefined };

/** @param account what stands for the account number */
export function toClaim(row: FleetRow | LegacyRow, account: string): Claim {
  const { merchant, account: settlement } = row;
  const device = "terminal" in row ? row.terminal : row.legacy;
  return {
    serial: "terminal" in row ? row.terminal.tusn : row.legacy.serial,
    terminalNo: device.terminalNo,
    merchantNo: merchant.number,
    merchant: {
      acquirer: device.acquirer,
      merchant_name: merchant.name,
      short_name: merchant.shortName,
      licence_no: merchant.licenceNo,
      tax_no: merchant.taxNo,
      uscc: merchant.uscc,
      mcc: merchant.mcc,
      settlement_kind: settlement.kind,
      bank: settlement.bank,
      cnaps: settlement.cnaps,
      holder: settlement.holder,
      account_no: account,
    },
  };
}

/** A terminal number within its acquirer, as one text. */
export function toRoute({ terminalNo, merchant: { acquirer } }: Claim): string {
  return `${acquirer}/${terminalNo}`;
}

/**
 * Checks sound rows against one another: one row per serial number, one terminal per terminal number within an acquirer,
 * and the rows of one merchant alike in all that is the merchant's. The first row to say something is taken as right; a
 * row that is not right claims nothing.
 */
export function toRowFaults(claims: readonly Claim[], earlier = NOTHING): readonly RowFault[] {
  const faults: RowFault[] = [];
  const serials = new Set<string>();
  const routes = new Set<string>();
  const merchants = new Map<string, MerchantClaim>();
  for (const [index, claim] of claims.entries()) {
    const { serial, merchantNo, merchant } = claim;
    const route = toRoute(claim);
    const first = merchants.get(merchantNo) ?? earlier.findMerchant(merchantNo) ?? merchant;
    const columns: readonly FleetColumn[] = [
      ...(serials.has(serial) || earlier.hasSerial(serial) ? (["tusn"] as const) : []),
      ...(routes.has(route) || earlier.hasRoute(route) ? (["terminal_no"] as const) : []),
      ...MERCHANT_COLUMNS.filter((column) => merchant[column] !== first[column]),
    ];
    for (const column of columns) faults.push({ index, column, code: "CSV_ROW_DUPLICATE" });
    if (columns.length > 0) continue;
    serials.add(serial);
    routes.add(route);
    merchants.set(merchantNo, first);
  }
  return faults;
}
