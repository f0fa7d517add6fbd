import { type ChildProcess, fork, type Serializable } from "node:child_process";
import type { Readable } from "node:stream";
import { ERRORS, type ErrorCode, TillsyncError } from "../proto/errors.ts";
import type { Reply, Request } from "./simulator.ts";

/** From fork to the line that tells the port. */
export const START_MS = 10_000;
/** Until a process ends that was asked to; then it is killed. */
export const STOP_MS = 5_000;
/** What is kept of what a process wrote last, on both of its streams. */
export const MAX_OUTPUT_CHARACTERS = 8_192;

/** Whoever sends one of these means it: such a death is no fault. */
const REQUESTED: readonly (string | null)[] = ["SIGINT", "SIGTERM"];

export interface ProcessOptions {
  /** What errors call it. */
  readonly name: string;
  /** Path of its compiled main.js, which calls `runSimulator`. */
  readonly entry: string;
  readonly args?: readonly string[];
  /** Is given why the process died, and what it wrote last, where nobody asked it to; standard error where absent. */
  show?(text: string): void;
  /** Milliseconds; the limits above where absent. */
  readonly startMs?: number;
  readonly stopMs?: number;
}

/** A simulator running as a process of its own, which ends with this one. */
export interface SimulatorProcess<Command, Answer> {
  readonly pid: number;
  readonly port: number;
  /** Resolves when the simulator has carried it out. @throws TillsyncError INTERNAL where its process has ended */
  command(command: Command): Promise<Answer>;
  /** Ends the process; resolves when it is gone. Idempotent. */
  close(): Promise<void>;
}

interface Waiting<Answer> {
  resolve(answer: Answer): void;
  reject(error: TillsyncError): void;
}

/**
 * Starts a simulator and waits until it listens.
 *
 * @throws TillsyncError with the code that the simulator gives, as PORT_IN_USE; INTERNAL where it does not come up. The
 *   cause of either is what it wrote last
 */
export async function openSimulatorProcess<Command extends Serializable, Answer>(
  options: ProcessOptions,
): Promise<SimulatorProcess<Command, Answer>> {
  const { name, entry, args = [], stopMs = STOP_MS, show = showAsError } = options;
  const child = fork(entry, [...args], { execArgv: [], stdio: ["ignore", "pipe", "pipe", "ipc"] });
  const output = keepOutput(child);
  const ended = untilEnd(child);
  const toFault = ({ what, code = "INTERNAL" }: Fault) =>
    new TillsyncError(code, { process: name, what }, new Error(output()));

  const end = async (afterMs: number): Promise<void> => {
    if (child.connected) child.disconnect();
    const timer = setTimeout(() => child.kill("SIGKILL"), afterMs);
    await ended;
    clearTimeout(timer);
  };

  const started = await untilStarted(child, ended, options.startMs ?? START_MS);
  if (typeof started !== "number") {
    await end(0);
    throw toFault(started);
  }

  const waiting = new Map<number, Waiting<Answer>>();
  let lastId = 0;
  let isClosing = false;
  child.on("message", ({ id, answer }: Reply<Answer>) => {
    waiting.get(id)?.resolve(answer);
    waiting.delete(id);
  });
  void ended.then((fault) => {
    for (const { reject } of waiting.values()) reject(toFault(fault));
    waiting.clear();
    if (!isClosing && !fault.isRequested) show(`${name} ${fault.what}\n${output()}`);
  });

  return {
    pid: child.pid ?? 0,
    port: started,
    command: async (command) => {
      if (!child.connected) throw toFault(await ended);
      return await new Promise((resolve, reject) => {
        lastId += 1;
        waiting.set(lastId, { resolve, reject });
        // Where it cannot be sent the process is at its end, which rejects it.
        child.send({ id: lastId, command } satisfies Request<Command>, () => undefined);
      });
    },
    close: async () => {
      isClosing = true;
      await end(stopMs);
    },
  };
}

function showAsError(text: string): void {
  process.stderr.write(text);
}

interface Fault {
  /** In words. */
  readonly what: string;
  /** As the simulator gives it. */
  readonly code?: ErrorCode;
  readonly isRequested?: boolean;
}

/** The port, or why there is none. */
function untilStarted(child: ChildProcess, ended: Promise<Fault>, startMs: number): Promise<number | Fault> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ what: "did not start in time" }), startMs);
    const settle = (start: number | Fault): void => {
      clearTimeout(timer);
      resolve(start);
    };
    void ended.then(settle);
    listenForStart(child, settle);
  });
}

/** Resolves when the process is gone and all that it wrote is here. */
function untilEnd(child: ChildProcess): Promise<Fault> {
  return new Promise((resolve) => {
    child.on("error", ({ message }) => resolve({ what: message }));
    // Not "close": node does not emit it where this side has closed the channel.
    child.once("exit", async (status, signal) => {
      await Promise.all([untilClosed(child.stdout), untilClosed(child.stderr)]);
      resolve({ what: `ended with ${signal ?? status}`, isRequested: REQUESTED.includes(signal) });
    });
  });
}

function untilClosed(stream: Readable | null): Promise<void> {
  return new Promise((resolve) => {
    if (stream === null || stream.closed) resolve();
    else stream.once("close", resolve);
  });
}

function keepOutput(child: ChildProcess): () => string {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (part: string) => {
      output = (output + part).slice(-MAX_OUTPUT_CHARACTERS);
    });
  }
  return () => output;
}

/** Calls once, with the first line that tells how the start went; others are no business of ours. */
function listenForStart(child: ChildProcess, settle: (start: number | Fault) => void): void {
  let rest = "";
  const listen = (part: string): void => {
    const lines = (rest + part).split("\n");
    rest = lines.pop()?.slice(-MAX_OUTPUT_CHARACTERS) ?? "";
    const [start] = lines.flatMap((line) => parseStart(line) ?? []);
    if (start === undefined) return;
    child.stdout?.off("data", listen);
    settle(start);
  };
  child.stdout?.on("data", listen);
}

/** Undefined where the line tells something else. */
function parseStart(line: string): number | Fault | undefined {
  try {
    const { port, failed } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (typeof port === "number") return port;
    return typeof failed === "string" && Object.hasOwn(ERRORS, failed)
      ? { what: "did not start", code: failed as ErrorCode }
      : undefined;
  } catch {
    return undefined;
  }
}
