import { isTusn } from "../../../proto/tusn.ts";
import type { FleetColumn } from "../../domain/fleet-columns.ts";
import { isInService } from "../../domain/life.ts";
import { findByTerminalNos, findMerchants, findTerminals } from "../../store/fleet.ts";
import { findLegacy, findLegacyByTerminalNos } from "../../store/legacy.ts";
import type { MerchantRow } from "../../store/schema.ts";
import { findStagedMerchants, listDisputed, removeStaged, type StagedDevice } from "../../store/staging.ts";
import type { Store } from "../../store/store.ts";
import type { FleetFault } from "./fault-list.ts";
import { CHUNK_ROWS } from "./read-rows.ts";

/** What the file may not tell differently of a terminal or merchant that is there: those change by releases only. */
const DEVICE_FIELDS = [
  ["maker", "maker"],
  ["model", "model"],
  ["certificate_no", "certificateNo"],
  ["place", "place"],
  ["terminal_no", "terminalNo"],
  ["acquirer", "acquirer"],
  ["merchant_no", "merchantNumber"],
] as const satisfies readonly (readonly [FleetColumn, keyof StagedDevice])[];
const MERCHANT_FIELDS = [
  ["merchant_name", "name"],
  ["short_name", "shortName"],
  ["licence_no", "licenceNo"],
  ["tax_no", "taxNo"],
  ["uscc", "uscc"],
  ["mcc", "mcc"],
  ["settlement_kind", "kind"],
  ["bank", "bank"],
  ["cnaps", "cnaps"],
  ["holder", "holder"],
  ["account_no", "bin"],
  ["account_no", "last4"],
] as const satisfies readonly (readonly [FleetColumn, keyof MerchantRow])[];

type Described = Pick<StagedDevice, (typeof DEVICE_FIELDS)[number][1]>;
type DescribedMerchant = Pick<MerchantRow, (typeof MERCHANT_FIELDS)[number][1]>;

/**
 * Takes every staged row away that contradicts the records: what is on record is never overwritten. Tells what it found,
 * a chunk at a time.
 */
export async function* removeDisputed(db: Store): AsyncGenerator<readonly FleetFault[]> {
  let after = 0;
  for (;;) {
    const page = await listDisputed(db, after, CHUNK_ROWS);
    const last = page.at(-1);
    if (last === undefined) return;
    const faults = await findFaults(db, page);
    await removeStaged(db, [...new Set(faults.map(({ line }) => line))]);
    yield faults;
    after = last.line;
  }
}

async function findFaults(db: Store, devices: readonly StagedDevice[]): Promise<readonly FleetFault[]> {
  const serials = devices.map(({ serial }) => serial);
  const numbers = [...new Set(devices.map(({ merchantNumber }) => merchantNumber))];
  const known = new Map<string, Described>([
    ...(await findTerminals(db, serials.filter(isTusn))).map((row) => [row.tusn, row] as const),
    ...(await findLegacy(db, serials)).map((row) => [row.serial, row] as const),
  ]);
  const taken = await findTakenRoutes(db, devices);
  const told = new Map((await findStagedMerchants(db, numbers)).map((row) => [row.number, row]));
  const recorded = new Map((await findMerchants(db, numbers)).map((row) => [row.number, row]));
  return devices.flatMap((device) => {
    const { line, serial, merchantNumber } = device;
    const columns = new Set<FleetColumn>([
      ...toDeviceColumns(device, known.get(serial), taken),
      ...toMerchantColumns(told.get(merchantNumber), recorded.get(merchantNumber)),
    ]);
    return [...columns].map((column): FleetFault => ({ line, column, code: "STATE_CONFLICT" }));
  });
}

/** A terminal number is one terminal's within its acquirer, until that is out of service. */
async function findTakenRoutes(db: Store, devices: readonly StagedDevice[]): Promise<ReadonlySet<string>> {
  const terminalNos = devices.map(({ terminalNo }) => terminalNo);
  const terminals = (await findByTerminalNos(db, terminalNos)).filter(isInService);
  const legacy = (await findLegacyByTerminalNos(db, terminalNos)).filter(({ replacedBy }) => replacedBy === "");
  return new Set([...terminals, ...legacy].map(toRoute));
}

function toDeviceColumns(
  device: StagedDevice,
  known: Described | undefined,
  taken: ReadonlySet<string>,
): readonly FleetColumn[] {
  if (known === undefined) return taken.has(toRoute(device)) ? ["terminal_no"] : [];
  return DEVICE_FIELDS.filter(([, field]) => device[field] !== known[field]).map(([column]) => column);
}

function toMerchantColumns(
  told: DescribedMerchant | undefined,
  recorded: DescribedMerchant | undefined,
): readonly FleetColumn[] {
  if (told === undefined || recorded === undefined) return [];
  return MERCHANT_FIELDS.filter(([, field]) => told[field] !== recorded[field]).map(([column]) => column);
}

function toRoute({ acquirer, terminalNo }: Pick<StagedDevice, "acquirer" | "terminalNo">): string {
  return `${acquirer}/${terminalNo}`;
}
