import { SALT_BYTES } from "../../../proto/bytes.ts";
import type { ErrorCode } from "../../../proto/errors.ts";
import { toBinding } from "../../../proto/settlement.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import type { FleetRow } from "../../domain/fleet.ts";
import { addTerminals, findByTerminalNos, findMerchants, findTerminals, putMerchants } from "../../store/fleet.ts";
import { appendEntries } from "../../store/ledger.ts";
import type { MerchantRow, TerminalRow } from "../../store/schema.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toEntry } from "../ledger-entries.ts";
import { toMerchantRow } from "../merchant-row.ts";

/** A row that contradicts what the records already say; the field's name and never its value. */
export interface ImportConflict {
  readonly tusn: Tusn;
  readonly field: string;
  readonly code: ErrorCode;
}

export interface ImportResult {
  readonly merchants: number;
  readonly terminals: number;
  /** Rows whose terminal was there already, just as the file tells it. */
  readonly unchanged: number;
  /** Where there is one, nothing at all was imported. */
  readonly conflicts: readonly ImportConflict[];
}

/** What the file may not tell differently of a terminal or merchant that is there: those change by releases only. */
const TERMINAL_FIELDS = [
  "maker",
  "model",
  "certificateNo",
  "place",
  "merchantNumber",
  "terminalNo",
  "acquirer",
] as const;
const MERCHANT_FIELDS = [
  "name",
  "shortName",
  "licenceNo",
  "taxNo",
  "uscc",
  "mcc",
  "kind",
  "bank",
  "cnaps",
  "holder",
  "bin",
  "last4",
] as const;

/**
 * Stores merchants and terminals of a fleet file in one transaction: all of it or nothing. Of a settlement number only
 * BIN, last four digits and a salted commitment stay; salt and number are forgotten here. What is there already is never
 * overwritten: the same again is counted, anything else is a conflict.
 *
 * @throws TillsyncError STORE_FAILED
 */
export function importFleet(context: Context, rows: readonly FleetRow[]): Promise<ImportResult> {
  return transact(context.store, async (tx) => {
    const tusns = rows.map(({ terminal }) => terminal.tusn);
    const known = new Map((await findTerminals(tx, tusns)).map((row) => [row.tusn, row]));
    const firstRows = new Map(rows.map((row) => [row.merchant.number, row]));
    const knownMerchants = new Map((await findMerchants(tx, [...firstRows.keys()])).map((row) => [row.number, row]));

    const terminalNos = rows.map(({ terminal }) => terminal.terminalNo);
    const holders = new Map((await findByTerminalNos(tx, terminalNos)).map((row) => [toRoute(row), row.tusn]));

    const conflicts = rows.flatMap((row) => [
      ...toConflicts(row, known.get(row.terminal.tusn), knownMerchants.get(row.merchant.number)),
      ...toHolderConflicts(row, known.has(row.terminal.tusn), holders.get(toRoute(row.terminal))),
    ]);
    if (conflicts.length > 0) return { merchants: 0, terminals: 0, unchanged: 0, conflicts };

    const merchants = [...firstRows.values()]
      .filter((row) => !knownMerchants.has(row.merchant.number))
      .map((row) => toNewMerchant(row, context.randomBytes(SALT_BYTES)));
    const terminals = rows.filter((row) => !known.has(row.terminal.tusn)).map(toNewTerminal);
    const counts = { merchants: merchants.length, terminals: terminals.length };
    await putMerchants(tx, merchants);
    await addTerminals(tx, terminals);
    if (terminals.length > 0) {
      await appendEntries(tx, [toEntry(context.now(), "fleet.imported", "fleet", { detail: counts })]);
    }
    return { ...counts, unchanged: rows.length - terminals.length, conflicts };
  });
}

function toNewMerchant(row: FleetRow, salt: Uint8Array): MerchantRow {
  return toMerchantRow(row.merchant, toBinding(row.account, salt));
}

function toNewTerminal({ terminal }: FleetRow): TerminalRow {
  const { tusn, maker, model, certificateNo, place, terminalNo, acquirer, merchantNo: merchantNumber } = terminal;
  return {
    ...{ tusn, maker, model, certificateNo, place, terminalNo, acquirer, merchantNumber },
    deviceKey: null,
    certificateFingerprint: null,
    issuedSequence: 0,
  };
}

function toConflicts(
  row: FleetRow,
  terminal: TerminalRow | undefined,
  merchant: MerchantRow | undefined,
): readonly ImportConflict[] {
  const { tusn } = row.terminal;
  const told = { ...toNewTerminal(row), ...row.account, ...row.merchant };
  const ofTerminal = terminal === undefined ? [] : TERMINAL_FIELDS.filter((field) => terminal[field] !== told[field]);
  const ofMerchant = merchant === undefined ? [] : MERCHANT_FIELDS.filter((field) => merchant[field] !== told[field]);
  return [...ofTerminal, ...ofMerchant].map((field) => ({ tusn, field, code: "STATE_CONFLICT" as const }));
}

/** A terminal number is one terminal's within its acquirer; what a terminal on record has is judged above. */
function toHolderConflicts(
  { terminal: { tusn } }: FleetRow,
  isKnown: boolean,
  holder: Tusn | undefined,
): readonly ImportConflict[] {
  return isKnown || holder === undefined ? [] : [{ tusn, field: "terminalNo", code: "STATE_CONFLICT" }];
}

function toRoute({ acquirer, terminalNo }: Pick<TerminalRow, "acquirer" | "terminalNo">): string {
  return `${acquirer}/${terminalNo}`;
}
