import { createHash } from "node:crypto";
import { isLine } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { toRedacted } from "../../../proto/redaction.ts";
import { CARD_CLASSES, type KnownCardClass, MAX_BIN_DIGITS, MIN_BIN_DIGITS } from "../../domain/records/bins.ts";
import { replaceBins } from "../../store/bins.ts";
import { appendEntries } from "../../store/ledger.ts";
import type { BinRow } from "../../store/records-schema.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { readRecords } from "../import/csv-records.ts";
import { toEntry } from "../ledger-entries.ts";
import type { Act } from "../registry/act.ts";

/** Columns of the file, in whatever order. */
export const BIN_COLUMNS = ["bin", "issuer", "class"] as const;
/** Rows of one file; all the BINs of the mainland are a few thousand. */
export const MAX_BINS = 100_000;
const MAX_ISSUER = 60;
const BIN = new RegExp(`^\\d{${MIN_BIN_DIGITS},${MAX_BIN_DIGITS}}$`);

export interface LoadedBins {
  readonly bins: number;
  /** SHA-256 of the file. */
  readonly digest: Uint8Array;
}

/**
 * Puts the BINs of a CSV file in the place of the operator's own table: all of them or, where one row is bad, none. An
 * empty table leaves everything to the one that comes with Tillsync.
 *
 * @throws TillsyncError CSV_MALFORMED, CSV_TOO_LARGE, CSV_COLUMN_MISSING, CSV_ROW_DUPLICATE, each with the line
 */
export async function loadBins(context: Context, source: AsyncIterable<Uint8Array>, act: Act): Promise<LoadedBins> {
  const hash = createHash("sha256");
  const rows = await readBins(hashed(source, (chunk) => hash.update(chunk)));
  const digest = hash.digest();
  await transact(context.store, async (tx) => {
    await replaceBins(tx, rows);
    const { actor, reason } = act;
    const detail = { bins: rows.length, reason };
    await appendEntries(tx, [toEntry(context.now(), "bins.loaded", "bins", { actor, digest, detail })]);
  });
  return { bins: rows.length, digest };
}

async function readBins(source: AsyncIterable<Uint8Array>): Promise<readonly BinRow[]> {
  const rows = new Map<string, BinRow>();
  let columns: readonly string[] | undefined;
  for await (const { line, fields } of readRecords(source)) {
    if (columns === undefined) {
      columns = fields;
      const missing = BIN_COLUMNS.find((column) => !fields.includes(column));
      if (missing !== undefined) throw new TillsyncError("CSV_COLUMN_MISSING", { line, column: missing });
      if (fields.length !== BIN_COLUMNS.length) throw new TillsyncError("CSV_MALFORMED", { line });
      continue;
    }
    const row = parseBin(line, columns, fields);
    if (rows.has(row.bin)) throw new TillsyncError("CSV_ROW_DUPLICATE", { line });
    if (rows.size === MAX_BINS) throw new TillsyncError("CSV_TOO_LARGE", { line, rows: MAX_BINS });
    rows.set(row.bin, row);
  }
  if (columns === undefined) throw new TillsyncError("CSV_COLUMN_MISSING", { line: 1, column: BIN_COLUMNS[0] });
  return [...rows.values()];
}

function parseBin(line: number, columns: readonly string[], fields: readonly string[]): BinRow {
  const read = (column: (typeof BIN_COLUMNS)[number]) => fields[columns.indexOf(column)] ?? "";
  const [bin, issuer, cardClass] = BIN_COLUMNS.map(read) as [string, string, string];
  const fail = (column: string): never => {
    throw new TillsyncError("CSV_MALFORMED", { line, column });
  };
  if (fields.length !== columns.length) fail("");
  if (!BIN.test(bin)) fail("bin");
  if (!isLine(issuer, MAX_ISSUER) || toRedacted(issuer) !== issuer) fail("issuer");
  if (!isCardClass(cardClass)) return fail("class");
  return { bin, issuer, cardClass };
}

function isCardClass(text: string): text is KnownCardClass {
  return (CARD_CLASSES as readonly string[]).includes(text);
}

async function* hashed(
  source: AsyncIterable<Uint8Array>,
  take: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    take(chunk);
    yield chunk;
  }
}
