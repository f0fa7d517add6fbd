import { toHex } from "../../proto/bytes.ts";
import { CRYPTOGRAM } from "../../proto/cryptogram.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { type Profile, parseProfile } from "../../proto/profile.ts";
import { BUSY_REASONS } from "../../proto/terminal-messages.ts";
import { choice, type Reader, readJson, record, text, variant } from "../read-json.ts";
import type { StartTimer } from "../timer.ts";
import type { CommandLines, Method } from "./executables.ts";
import { openGroupFile } from "./group-file.ts";
import { runCommand } from "./run-command.ts";
import type { ApplyResult, Terminal, TerminalStatus } from "./terminal.ts";

// The contract for makers, with examples: docs/terminal-port.md.

/** Longest call for a cryptogram: its factor is good for little longer, and an update that comes meanwhile waits for it. */
export const CRYPTOGRAM_MS = 10_000;

export interface CommandTerminalOptions {
  /** Executable and arguments by method. */
  readonly commands: CommandLines;
  readonly timeLimitMs: number;
  readonly startTimer: StartTimer;
  /** Where the call under way is noted. */
  readonly groupFile: string;
}

export interface CommandTerminal extends Terminal {
  /** Kills what is running. */
  close(): void;
}

interface Failed {
  readonly result: "failed";
  readonly detail: string;
}

const busy = record<{ result: "busy"; reason: (typeof BUSY_REASONS)[number] }>({
  result: choice(["busy"]),
  reason: choice(BUSY_REASONS),
});
const failed = record<Failed>({ result: choice(["failed"]), detail: text(/^.{0,1000}$/s) });
const done = <T extends string>(result: T) => record<{ result: T }>({ result: choice([result]) });

const STATUS: Reader<TerminalStatus> = variant<"ready" | "busy", TerminalStatus>("result", {
  ready: (value, field) => ({ kind: done("ready")(value, field).result }),
  busy: (value, field) => ({ kind: "busy", reason: busy(value, field).reason }),
});

const APPLIED: Reader<ApplyResult> = variant<ApplyResult["kind"], ApplyResult>("result", {
  applied: (value, field) => ({ kind: done("applied")(value, field).result }),
  busy: (value, field) => ({ kind: "busy", reason: busy(value, field).reason }),
  failed: (value, field) => ({ kind: "failed", detail: failed(value, field).detail }),
});

const LOADED = variant<"loaded" | "failed", { result: "loaded" } | Failed>("result", {
  loaded: done("loaded"),
  failed,
});

const COMPUTED = variant<"computed" | "failed", { result: "computed"; mac: string } | Failed>("result", {
  computed: record<{ result: "computed"; mac: string }>({
    result: choice(["computed"]),
    mac: text(/^[0-9a-fA-F]{16}$/),
  }),
  failed,
});

const CRYPTOGRAMS = variant<"computed" | "failed", { result: "computed"; cryptogram: string } | Failed>("result", {
  computed: record<{ result: "computed"; cryptogram: string }>({
    result: choice(["computed"]),
    cryptogram: text(CRYPTOGRAM),
  }),
  failed,
});

/**
 * The terminal behind a maker's executables: one process, one JSON request, one JSON answer for each call. What an
 * earlier agent left running is killed first.
 */
export function openCommandTerminal(options: CommandTerminalOptions): CommandTerminal {
  const { commands, timeLimitMs, startTimer } = options;
  const group = openGroupFile(options.groupFile);
  const ending = new AbortController();
  let before: Promise<unknown> = Promise.resolve();
  const call = async <T>(method: Method, reader: Reader<T>, fields: object = {}, limitMs = timeLimitMs): Promise<T> => {
    const input = `${JSON.stringify({ method, ...fields })}\n`;
    const { signal } = ending;
    const commandLine = commands[method];
    if (commandLine === undefined) throw new TillsyncError("PROOF_UNAVAILABLE");
    // Calls never overlap: there is one terminal, and the note of what runs holds one group.
    const run = () => runCommand({ commandLine, input, timeLimitMs: limitMs, startTimer, signal, group });
    const running = before.then(run);
    before = running.catch(() => undefined);
    return parseAnswer(await running, method, reader);
  };
  return {
    readStatus: () => call("readStatus", STATUS),
    apply: (profile, cardNumber) => {
      const request = { profile: profile === undefined ? null : toProfileJson(profile) };
      // Standard input only: arguments and environment can be read by others on the same system.
      return call("apply", APPLIED, cardNumber === undefined ? request : { ...request, cardNumber });
    },
    loadWorkingKeys: async (field62) => {
      demandDone("loadWorkingKeys", await call("loadWorkingKeys", LOADED, { field62: toHex(field62) }));
    },
    computeMac: async (data) => {
      const answer = await call("computeMac", COMPUTED, { data: toHex(data) });
      return Buffer.from(demandDone("computeMac", answer).mac, "hex");
    },
    computeCryptogram: async (factor) => {
      const limitMs = Math.min(timeLimitMs, CRYPTOGRAM_MS);
      const answer = await call("computeCryptogram", CRYPTOGRAMS, { factor }, limitMs);
      return demandDone("computeCryptogram", answer).cryptogram;
    },
    close: () => ending.abort(),
  };
}

function parseAnswer<T>(answer: string, method: Method, reader: Reader<T>): T {
  try {
    return readJson(answer, reader);
  } catch (cause) {
    throw new TillsyncError("COMMAND_FAILED", { method, what: "answer outside the contract" }, cause);
  }
}

function demandDone<T extends { readonly result: string }>(method: Method, answer: T | Failed): T {
  if ("detail" in answer) throw new TillsyncError("COMMAND_FAILED", { method, what: answer.detail });
  return answer;
}

/** The profile for makers: every field by name, byte fields in hexadecimal, and the exact encoding. */
function toProfileJson(bytes: Uint8Array): object {
  const { number, merchant, binding, acquiring, parameters }: Profile = parseProfile(bytes);
  return {
    number,
    merchant,
    binding: { ...binding, commitment: toHex(binding.commitment) },
    acquiring: { ...acquiring, tpdu: toHex(acquiring.tpdu) },
    parameters,
    encoded: toHex(bytes),
  };
}
