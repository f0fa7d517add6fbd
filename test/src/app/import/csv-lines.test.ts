import { describe, expect, it } from "vitest";
import { MAX_LINE_BYTES, readLines } from "../../../../src/app/import/csv-lines.ts";

async function linesOf(...chunks: readonly (string | Uint8Array)[]): Promise<readonly string[]> {
  const lines: string[] = [];
  async function* source() {
    for (const chunk of chunks) yield Buffer.from(chunk as string);
  }
  for await (const line of readLines(source())) lines.push(line);
  return lines;
}

describe("the lines of a file", () => {
  it("end in one line feed each, whatever ended them, the last one too", async () => {
    expect(await linesOf("a\r\nb\n\nc")).toEqual(["a\n", "b\n", "\n", "c\n"]);
    expect(await linesOf("")).toEqual([]);
    expect(await linesOf("\n")).toEqual(["\n"]);
  });

  it("are put together from chunks, also within a character and between CR and LF", async () => {
    const bytes = Buffer.from("林a\r\n秀b");
    const bytewise = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
    expect(await linesOf(...bytewise)).toEqual(["林a\n", "秀b\n"]);
  });

  it("lose a byte-order mark at the start of the file and nowhere else", async () => {
    expect(await linesOf("\ufeffa\n\ufeffb\n")).toEqual(["a\n", "\ufeffb\n"]);
  });

  it("are refused beyond their length, with their number", async () => {
    const full = "x".repeat(MAX_LINE_BYTES);
    expect(await linesOf(`a\n${full}\n`)).toEqual(["a\n", `${full}\n`]);
    for (const chunks of [[`a\n${full}x\n`], ["a\n", full, "x"], [`a\n${full}x`]]) {
      await expect(linesOf(...chunks)).rejects.toMatchObject({ code: "CSV_TOO_LARGE", fields: { line: 2 } });
    }
  });

  it("are refused beyond the length of a file, with all lines within it read", async () => {
    const maxBytes = 4 * 1_048_576;
    const chunk = Buffer.from(`${"x".repeat(1_023)}\n`.repeat(1_024));
    async function* source() {
      for (;;) yield chunk;
    }
    let count = 0;
    const read = async () => {
      for await (const _ of readLines(source(), maxBytes)) count += 1;
    };
    await expect(read()).rejects.toMatchObject({ code: "CSV_TOO_LARGE" });
    expect(count * 1_024).toBe(maxBytes + chunk.length);
  });
});
