import { TillsyncError } from "../../../proto/errors.ts";

/** Largest file that is read, and its longest line, in bytes. A million usual rows take less than half of it. */
export const MAX_FILE_BYTES = 1_073_741_824;
export const MAX_LINE_BYTES = 4_096;

const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = "\ufeff";
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The lines of a text file from hostile bytes, each ended by one line feed whatever ended it in the file. A byte-order
 * mark at the start is dropped. Holds one line and one chunk at a time.
 * @throws TillsyncError CSV_MALFORMED (not UTF-8, or a carriage return that ends no line), CSV_TOO_LARGE; both tell the line
 */
export async function* readLines(source: AsyncIterable<Uint8Array>, maxBytes = MAX_FILE_BYTES): AsyncGenerator<string> {
  let line = 1;
  let bytes = 0;
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of source) {
    bytes += chunk.length;
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      yield toLine(rest, chunk.subarray(start, end), line);
      rest = new Uint8Array();
      start = end + 1;
      line += 1;
    }
    if (bytes > maxBytes) throw new TillsyncError("CSV_TOO_LARGE", { line, bytes: maxBytes });
    rest = join(rest, chunk.subarray(start), line);
  }
  if (rest.length > 0) yield toLine(rest, new Uint8Array(), line);
}

function toLine(head: Uint8Array, tail: Uint8Array, line: number): string {
  const text = decode(join(head, tail, line), line).replace(/\r$/, "");
  if (text.includes("\r")) throw new TillsyncError("CSV_MALFORMED", { line, reason: "carriage return" });
  return `${line === 1 && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text}\n`;
}

function join(head: Uint8Array, tail: Uint8Array, line: number): Uint8Array {
  const length = head.length + tail.length;
  if (length > MAX_LINE_BYTES) throw new TillsyncError("CSV_TOO_LARGE", { line, bytes: MAX_LINE_BYTES });
  return Buffer.concat([head, tail], length);
}

function decode(bytes: Uint8Array, line: number): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new TillsyncError("CSV_MALFORMED", { line, reason: "not UTF-8" });
  }
}
