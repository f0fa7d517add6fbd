import { TillsyncError } from "../../../proto/errors.ts";
import { readLines } from "../import/csv-lines.ts";

/** Lines of one file; more are refused. */
export const MAX_NUMBER_LINES = 1_000_000;

export interface NumberLine {
  /** From 1, as editors count. */
  readonly line: number;
  readonly text: string;
}

const COLUMN = /^(?:tusn|序列号|终端序列号)$/i;
const SEPARATORS = ",;\t";
const MAX_FIELDS = 256;

/**
 * The numbers of a file, one a line; or, where the first line names a column `tusn`, those of that column. Empty lines are
 * passed over. Holds one line at a time.
 *
 * @throws TillsyncError CSV_MALFORMED, CSV_TOO_LARGE
 */
export async function* readNumbers(
  source: AsyncIterable<Uint8Array>,
  most = MAX_NUMBER_LINES,
): AsyncGenerator<NumberLine> {
  let line = 0;
  let column: number | undefined;
  for await (const ended of readLines(source)) {
    line += 1;
    if (line > most + 1) throw new TillsyncError("CSV_TOO_LARGE", { lines: most });
    const text = ended.slice(0, -1);
    if (line === 1) {
      const at = toFields(text).findIndex((field) => COLUMN.test(field));
      if (at !== -1) column = at;
      if (at !== -1) continue;
    }
    if (text.trim() === "") continue;
    yield { line, text: column === undefined ? text : (toFields(text)[column] ?? "") };
  }
}

/** Fields between commas, semicolons or tabs, quoted or not. Linear time. */
function toFields(text: string): readonly string[] {
  const fields: string[] = [];
  let [field, isQuoted] = ["", false];
  for (const character of text) {
    if (character === '"') isQuoted = !isQuoted;
    else if (isQuoted || !SEPARATORS.includes(character)) field += character;
    else if (fields.push(field.trim()) === MAX_FIELDS) return fields;
    else field = "";
  }
  return [...fields, field.trim()];
}
