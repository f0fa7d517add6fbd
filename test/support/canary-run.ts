import { look, takeFound, toLine } from "./canary-look.ts";
import { toTold } from "./canary-search.ts";
import { discard, makeScratch } from "./scratch.ts";

/** What a run prints on. */
export interface Printing {
  write(part: string | Uint8Array, ...rest: readonly never[]): boolean;
}

const COLOURS = /\x1b\[[0-9;]*m/g;
/** The name of a test is the test's own text, and may say what it is about. */
const NAME = /^\s*(?:[✓×↓]|FAIL) /;

/** vitest calls this once before all tests, and what it returns after them. */
export function setup(): () => void {
  const end = watchRun([process.stdout, process.stderr]);
  return () => {
    try {
      end();
    } catch (error) {
      // vitest prints what is thrown here, and would end as if all were well.
      process.exitCode = 1;
      throw error;
    }
  };
}

/**
 * From here on all that a run of the tests prints is looked at for card numbers, failures among it. The system's folder for
 * temporary files is one of the run's own meanwhile, so that what stays there is looked through too. It has to be the
 * first of what is set up: that is the last to end.
 *
 * @returns what ends it, which throws where a number was found
 */
export function watchRun(printing: readonly Printing[]): () => void {
  const stops = printing.map(watchPrinting);
  const folder = makeScratch("run");
  const { TMPDIR: before } = process.env;
  process.env["TMPDIR"] = folder;
  return () => {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
    for (const stop of stops) stop();
    const printed = takeFound();
    discard(folder);
    if (printed.length > 0) throw new Error(toTold("card numbers were printed", printed.map(toLine)));
  };
}

function watchPrinting(stream: Printing): () => void {
  const write = stream.write.bind(stream);
  let rest = "";
  const lookAt = (lines: readonly string[]) => {
    const plain = lines.map((line) => line.replace(COLOURS, "")).filter((line) => !NAME.test(line));
    look("printed", plain.join("\n"));
  };
  stream.write = (part, ...more) => {
    const lines = (rest + (typeof part === "string" ? part : Buffer.from(part).toString("utf8"))).split("\n");
    rest = lines.pop() ?? "";
    lookAt(lines);
    return write(part, ...more);
  };
  return () => {
    stream.write = write;
    lookAt([rest]);
  };
}
