import { concat, SALT_BYTES, toDigest, toHex, toUtf8 } from "../../../proto/bytes.ts";
import { toBinding } from "../../../proto/settlement.ts";
import type { FleetRow, LegacyRow } from "../../domain/fleet.ts";
import { type Claim, type Earlier, type MerchantClaim, toClaim, toRowFaults } from "../../domain/fleet-consistency.ts";
import {
  findStagedMerchants,
  findStagedRoutes,
  findStagedSerials,
  type StagedDevice,
  type StagedMerchant,
  stage,
} from "../../store/staging.ts";
import type { Store } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toMerchantRow } from "../merchant-row.ts";
import type { FleetFault } from "./fault-list.ts";

const SEAL_KEY_BYTES = 32;

export interface LinedRow {
  /** Line of the file. */
  readonly line: number;
  readonly row: FleetRow | LegacyRow;
}

/** What one import compares account numbers by. */
export type Seal = (accountNo: string) => string;

/** Under a key that is forgotten with the import, so that nothing of the number can be found out afterwards. */
export function createSeal({ randomBytes }: Pick<Context, "randomBytes">): Seal {
  const key = randomBytes(SEAL_KEY_BYTES);
  return (accountNo) => toHex(toDigest(concat(key, toUtf8(accountNo))));
}

/**
 * Holds sound rows against those staged before and against one another, and stages the ones that fit. Of a settlement
 * number only BIN, last four digits and a salted commitment are kept; salt and number are forgotten here.
 *
 * @returns what is wrong with the others
 * @throws TillsyncError STORE_FAILED
 */
export async function stageRows(
  context: Context,
  rows: readonly LinedRow[],
  seal: Seal,
): Promise<readonly FleetFault[]> {
  const claims = rows.map(({ row }) => toClaim(row, seal(row.account.accountNo)));
  const earlier = await findEarlier(context.store, claims);
  const faults = toRowFaults(claims, earlier);
  const bad = new Set(faults.map(({ index }) => index));
  const merchants = new Map<string, StagedMerchant>();
  for (const [index, { row }] of rows.entries()) {
    const { number } = row.merchant;
    if (bad.has(index) || merchants.has(number) || earlier.findMerchant(number) !== undefined) continue;
    merchants.set(number, toStagedMerchant(row, seal, context.randomBytes(SALT_BYTES)));
  }
  const devices = rows.filter((_, index) => !bad.has(index)).map(toStagedDevice);
  await stage(context.store, devices, [...merchants.values()]);
  return faults.map(({ index, column, code }) => ({ line: rows[index]?.line ?? 0, column, code }));
}

async function findEarlier(db: Store, claims: readonly Claim[]): Promise<Earlier> {
  const serials = claims.map(({ serial }) => serial);
  const terminalNos = claims.map(({ terminalNo }) => terminalNo);
  const numbers = [...new Set(claims.map(({ merchantNo }) => merchantNo))];
  const known = new Set(await findStagedSerials(db, serials));
  const routes = new Set((await findStagedRoutes(db, terminalNos)).map((row) => `${row.acquirer}/${row.terminalNo}`));
  const merchants = new Map((await findStagedMerchants(db, numbers)).map((row) => [row.number, toMerchantClaim(row)]));
  return {
    hasSerial: (serial) => known.has(serial),
    hasRoute: (route) => routes.has(route),
    findMerchant: (number) => merchants.get(number),
  };
}

function toMerchantClaim(row: StagedMerchant): MerchantClaim {
  return {
    acquirer: row.acquirer,
    merchant_name: row.name,
    short_name: row.shortName,
    licence_no: row.licenceNo,
    tax_no: row.taxNo,
    uscc: row.uscc,
    mcc: row.mcc,
    settlement_kind: row.kind,
    bank: row.bank,
    cnaps: row.cnaps,
    holder: row.holder,
    account_no: row.seal,
  };
}

function toStagedDevice({ line, row }: LinedRow): StagedDevice {
  const device = "terminal" in row ? row.terminal : row.legacy;
  const { maker, model, certificateNo, place, terminalNo, acquirer, merchantNo: merchantNumber } = device;
  return {
    line,
    serial: "terminal" in row ? row.terminal.tusn : row.legacy.serial,
    isLegacy: "terminal" in row ? 0 : 1,
    ...{ maker, model, certificateNo, place, terminalNo, acquirer, merchantNumber },
  };
}

function toStagedMerchant(row: FleetRow | LegacyRow, seal: Seal, salt: Uint8Array): StagedMerchant {
  const { commitment, ...merchant } = toMerchantRow(row.merchant, toBinding(row.account, salt));
  const { acquirer } = "terminal" in row ? row.terminal : row.legacy;
  return { ...merchant, acquirer, seal: seal(row.account.accountNo), commitment: toHex(commitment) };
}
