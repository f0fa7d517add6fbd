import logUpdate from "log-update";
import { toPrintable } from "../../proto/printable.ts";
import { toCell } from "../../src/faces/cli/output.ts";

/** One terminal as the table shows it. */
export interface ScreenRow {
  readonly tusn: string;
  readonly merchant: string;
  readonly terminalNo: string;
  readonly settlement: string;
  readonly sequence: number;
  readonly state: string;
  readonly isOnline: boolean;
}

/** What the screen shows beside the lines already printed. */
export interface ScreenState {
  readonly title: string;
  readonly done: number;
  readonly steps: number;
  readonly rows: readonly ScreenRow[];
}

/** Where the story is told: a live table where the output is a terminal, plain lines elsewhere. */
export interface Screen {
  /** Whether there is a table. */
  readonly isLive: boolean;
  /** Prints a line that stays. */
  say(line: string): void;
  /** Draws table and progress bar anew, in place. Nothing where the output is no terminal. */
  draw(state: ScreenState): void;
  /** Leaves the last table standing. */
  close(): void;
}

const BAR_CELLS = 32;
const MAX_ROWS = 24;
const MERCHANT_CELLS = 34;

export function openScreen(stream: NodeJS.WriteStream, isLive: boolean): Screen {
  if (!isLive) {
    return {
      isLive,
      say: (line) => void stream.write(`${toPrintable(line)}\n`),
      draw: () => undefined,
      close: () => undefined,
    };
  }
  let last = "";
  let isClosed = false;
  return {
    isLive,
    say: (line) => {
      if (!isClosed) logUpdate.clear();
      stream.write(`${toPrintable(line)}\n`);
      if (!isClosed) logUpdate(last);
    },
    draw: (state) => {
      last = toFrame(state);
      logUpdate(last);
    },
    close: () => {
      isClosed = true;
      logUpdate.done();
    },
  };
}

/** The table and the bar as text. */
export function toFrame(state: ScreenState): string {
  const rows = state.rows.slice(0, MAX_ROWS).map(toLine);
  const left = state.rows.length - rows.length;
  const heading = toCells("   TUSN", "merchant", "terminal", "settlement", "seq", "state");
  const more = left > 0 ? [`   … and ${left} more`] : [];
  return ["", heading, ...rows, ...more, "", toBar(state), ""].join("\n");
}

function toLine(row: ScreenRow): string {
  const mark = row.isOnline ? " ● " : " ○ ";
  return toCells(`${mark}${row.tusn}`, row.merchant, row.terminalNo, row.settlement, String(row.sequence), row.state);
}

function toCells(tusn: string, merchant: string, terminalNo: string, settlement: string, seq: string, state: string) {
  return [
    toCell(tusn, 26),
    toCell(toCut(merchant, MERCHANT_CELLS / 2), MERCHANT_CELLS),
    toCell(terminalNo, 9),
    toCell(settlement, 14),
    toCell(seq, 4),
    state,
  ].join(" ");
}

function toBar({ title, done, steps }: ScreenState): string {
  const filled = Math.round((BAR_CELLS * done) / steps);
  return ` ${"█".repeat(filled)}${"░".repeat(BAR_CELLS - filled)} ${done}/${steps}  ${title}`;
}

function toCut(text: string, characters: number): string {
  const all = [...text];
  return all.length <= characters ? text : `${all.slice(0, characters - 1).join("")}…`;
}
