import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { TextDecoder } from "node:util";
import { TillsyncError } from "../../proto/errors.ts";
import type { StartTimer } from "../timer.ts";
import { type GroupFile, killGroup } from "./group-file.ts";

/** Bytes that an executable may write as its answer. */
export const MAX_ANSWER_BYTES = 4_096;

export interface CommandRequest {
  /** Executable and arguments, given to no shell. */
  readonly commandLine: readonly string[];
  /** Written to its standard input, which is then closed. */
  readonly input: string;
  readonly timeLimitMs: number;
  readonly startTimer: StartTimer;
  /** Ends the executable early. */
  readonly signal: AbortSignal;
  /** Where the group is noted while it runs. */
  readonly group: GroupFile;
}

/** From SIGKILL to the end of the executable; beyond it the call is given up all the same. */
const KILLED_MS = 5_000;
/** All that an executable learns of the agent's surroundings. */
const ENVIRONMENT = ["PATH", "LANG", "LC_ALL", "TZ"] as const;

/**
 * Runs one executable in a process group of its own and gives what it wrote to its standard output. However it ends,
 * nothing of the group is left running when this settles.
 *
 * @throws TillsyncError COMMAND_FAILED where it cannot be started, does not end with status 0 in time, says too much, or
 *   says what is not UTF-8
 */
export async function runCommand(request: CommandRequest): Promise<string> {
  const [executable = ""] = request.commandLine;
  if (request.signal.aborted) throw new TillsyncError("COMMAND_FAILED", { executable, what: "agent ending" });
  const child = start(request.commandLine);
  const bytes = await collect(child, request)
    .catch((error) => toKilled(child, request, error))
    .finally(() => request.group.remove());
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TillsyncError("COMMAND_FAILED", { executable, what: "answer is not UTF-8" }, cause);
  }
}

function start([executable = "", ...args]: readonly string[]): ChildProcessByStdio<Writable, Readable, null> {
  const env = Object.fromEntries(ENVIRONMENT.map((name) => [name, process.env[name]]));
  try {
    return spawn(executable, args, { detached: true, shell: false, stdio: ["pipe", "pipe", "ignore"], env });
  } catch (cause) {
    throw new TillsyncError("COMMAND_FAILED", { executable, what: "cannot be started" }, cause);
  }
}

/** What the child says until it ends with status 0 and its output is closed. */
function collect(
  child: ChildProcessByStdio<Writable, Readable, null>,
  { commandLine: [executable = ""], input, timeLimitMs, startTimer, signal, group }: CommandRequest,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (error?: TillsyncError): void => {
      cancelTimer();
      signal.removeEventListener("abort", abort);
      if (error === undefined) resolve(Buffer.concat(chunks));
      else reject(error);
    };
    const fail = (what: string, cause?: unknown): void => {
      // Here and now: where the agent is ending, nothing that would run later runs any more.
      if (isRunning(child)) killGroup(child.pid);
      settle(new TillsyncError("COMMAND_FAILED", { executable, what }, cause));
    };
    const abort = (): void => fail("agent ending");
    const cancelTimer = startTimer(timeLimitMs, () => fail("time limit"));

    signal.addEventListener("abort", abort);
    child.once("error", (error) => fail("cannot be started", error));
    child.stdout.on("error", (error) => fail("output failed", error));
    child.stdout.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) fail("answer too long");
      else chunks.push(chunk);
    });
    // An executable need not read its input.
    child.stdin.on("error", () => undefined);
    try {
      if (child.pid !== undefined) group.note(child.pid);
      // Only now: what is not noted has no request to work on.
      child.stdin.end(input);
    } catch (error) {
      fail("cannot be noted", error);
    }
    // What it left behind must not run on beside the next call, whether or not it still holds the output.
    child.once("exit", () => {
      if (child.pid !== undefined) killGroup(child.pid);
    });
    child.once("close", (status, killedBy) => {
      if (status === 0) settle();
      else fail(`ended with ${killedBy ?? `status ${status}`}`);
    });
  });
}

/** Rejects with the error when the killed child is gone, so that the next call never overlaps it. */
async function toKilled(
  child: ChildProcessByStdio<Writable, Readable, null>,
  { startTimer }: CommandRequest,
  error: unknown,
): Promise<never> {
  if (isRunning(child)) {
    await new Promise<void>((resolve) => {
      const cancelTimer = startTimer(KILLED_MS, resolve);
      child.once("exit", () => {
        cancelTimer();
        resolve();
      });
    });
  }
  child.stdout.destroy();
  throw error;
}

function isRunning<C extends ChildProcessByStdio<Writable, Readable, null>>(child: C): child is C & { pid: number } {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}
