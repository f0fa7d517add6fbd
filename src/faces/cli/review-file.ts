import { open } from "node:fs/promises";
import { TillsyncError } from "../../../proto/errors.ts";
import { CSV_HEAD, toCsvLines } from "../../app/reviews/csv.ts";
import type { ReportPart } from "../../app/reviews/report.ts";
import type { Output } from "./output.ts";

/** Names of merchants and what is wrong with them: for the owner of the file alone. */
const PRIVATE = 0o600;

/** Stands for standard output. */
export const STANDARD_OUTPUT = "-";

type Parts = AsyncIterable<Pick<ReportPart, "rows">>;

/**
 * Writes the report as CSV, part by part as it is read.
 *
 * @returns how many rows
 * @throws TillsyncError CONFIG_INVALID where the file cannot be written
 */
export async function writeCsv(parts: Parts, file: string, output: Output): Promise<number> {
  if (file === STANDARD_OUTPUT) return writeParts(parts, async (text) => output.out(text));
  const fail = (cause: unknown): never => {
    throw new TillsyncError("CONFIG_INVALID", { unwritable: file }, cause);
  };
  const handle = await open(file, "w", PRIVATE).catch(fail);
  try {
    return await writeParts(parts, (text) => handle.appendFile(text).catch(fail));
  } finally {
    await handle.close();
  }
}

async function writeParts(parts: Parts, write: (text: string) => Promise<void>): Promise<number> {
  let count = 0;
  await write(CSV_HEAD);
  for await (const { rows } of parts) {
    count += rows.length;
    if (rows.length > 0) await write(toCsvLines(rows));
  }
  return count;
}
