import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import type { InstalledTerminal } from "./provision.ts";

/** How long an agent may take to end when asked to. */
const STOP_MS = 5_000;

/** One terminal agent in a process of its own; its log goes to `agent.log` in its folder. */
export class AgentProcess {
  /** Path of the bundled agent. */
  readonly program: string;
  readonly terminal: InstalledTerminal;
  #child: ChildProcess | undefined;

  constructor(program: string, terminal: InstalledTerminal) {
    this.program = program;
    this.terminal = terminal;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  start(): void {
    if (this.#child !== undefined) return;
    const log = openSync(join(this.terminal.folder, "agent.log"), "a");
    const child = spawn(process.execPath, [this.program, "run", "--config", this.terminal.configFile], {
      // The channel says nothing; the agent ends when this process is gone, however it went.
      stdio: ["ignore", log, log, "ipc"],
    });
    closeSync(log);
    child.once("exit", () => {
      if (this.#child === child) this.#child = undefined;
    });
    this.#child = child;
  }

  /** Asks it to end, and ends it where it does not. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    child.kill("SIGTERM");
    await exited(child);
    clearTimeout(timer);
  }

  /** What a power cut does to a process. */
  async cutPower(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    child.kill("SIGKILL");
    await exited(child);
  }
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
