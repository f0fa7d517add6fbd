import type { ReadStream } from "node:tty";
import { TillsyncError } from "../../proto/errors.ts";
import type { Prompt } from "./ports.ts";

/** Longer lines are nobody's typing. */
const MAX_LINE_CHARACTERS = 1_024;

const ENTER = /[\r\n]/;
const INTERRUPT = "\u0003";
const END = "\u0004";
const CLEAR = "\u0015";
const ERASE = ["\u007f", "\b"];
/** What arrow keys and the like send. */
const KEY_SEQUENCE = /\u001b(\[[0-9;]*[A-Za-z~]|O[A-Z]|.)?/gu;

/** A line as far as it was typed, and what came behind it. */
interface Typed {
  readonly line: string;
  readonly rest: string;
  readonly state: "typing" | "done" | "broken off";
}

/**
 * Asks at a terminal, in raw mode: the system shows nothing that is typed, we show it where it may be seen.
 *
 * @param show writes to the person's screen
 */
export function openPrompt(input: ReadStream, show: (text: string) => void): Prompt {
  let pending = "";

  async function readLine(hidden: boolean): Promise<string> {
    let line = "";
    for (;;) {
      const typed = type(line, pending);
      if (!hidden) show(toEcho(line, typed.line));
      line = typed.line;
      pending = typed.rest;
      if (typed.state === "done") return line;
      if (typed.state === "broken off") throw new TillsyncError("NOT_CONFIRMED", { expected: "an answer" });
      pending = await readSome(input);
    }
  }

  return {
    isInteractive: input.isTTY,
    ask: async (question, hidden) => {
      if (!input.isTTY) throw new TillsyncError("NOT_CONFIRMED", { expected: "a terminal" });
      show(question);
      input.setRawMode(true);
      input.setEncoding("utf8");
      try {
        return await readLine(hidden);
      } finally {
        input.setRawMode(false);
        input.pause();
        show("\n");
      }
    },
  };
}

/** Takes characters into a line until it ends. */
function type(line: string, characters: string): Typed {
  let typed = [...line];
  const all = [...characters.replace(KEY_SEQUENCE, "")];
  for (const [at, character] of all.entries()) {
    const rest = all.slice(at + 1).join("");
    if (ENTER.test(character)) return { line: typed.join(""), rest, state: "done" };
    if (character === INTERRUPT || character === END) return { line: typed.join(""), rest: "", state: "broken off" };
    if (character === CLEAR) typed = [];
    else if (ERASE.includes(character)) typed = typed.slice(0, -1);
    else if (character >= " ") typed.push(character);
    if (typed.length > MAX_LINE_CHARACTERS) return { line: "", rest: "", state: "broken off" };
  }
  return { line: typed.join(""), rest: "", state: "typing" };
}

function toEcho(before: string, after: string): string {
  return after.startsWith(before) ? after.slice(before.length) : `${"\b \b".repeat([...before].length)}${after}`;
}

/** The next characters; nothing more comes where the terminal is gone, which breaks off. */
function readSome(input: ReadStream): Promise<string> {
  return new Promise((resolve) => {
    const settle = (characters: string) => {
      input.off("data", onData);
      input.off("end", onEnd);
      input.off("error", onEnd);
      input.pause();
      resolve(characters);
    };
    const onData = (characters: string | Buffer) => settle(String(characters));
    const onEnd = () => settle(END);
    input.on("data", onData).on("end", onEnd).on("error", onEnd);
    input.resume();
  });
}
