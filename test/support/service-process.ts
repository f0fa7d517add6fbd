import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { bundleProgram } from "./bundled.ts";
import type { Address } from "./mqtt-terminal.ts";
import { discard, makeScratch } from "./scratch.ts";
import type { ServiceConfig } from "./service-main.ts";

/** The bundled service, and how to be rid of it. */
export interface ServiceBundle {
  readonly file: string;
  remove(): void;
}

export async function buildService(): Promise<ServiceBundle> {
  const folder = makeScratch("service");
  const file = await bundleProgram("test/support/service-main.ts", join(folder, "service.mjs"));
  return { file, remove: () => discard(folder) };
}

/** A running service. */
export class ServiceProcess {
  readonly address: Address;
  /** Resolves with the signal that ended it. */
  readonly ended: Promise<NodeJS.Signals | null>;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, address: Address, ended: Promise<NodeJS.Signals | null>) {
    this.#child = child;
    this.address = address;
    this.ended = ended;
  }

  /** Resolves when it listens. */
  static async start(bundle: ServiceBundle, config: ServiceConfig): Promise<ServiceProcess> {
    const child = spawn(process.execPath, [bundle.file, JSON.stringify(config)], { stdio: ["ignore", "pipe", "pipe"] });
    let errors = "";
    child.stderr.on("data", (data) => {
      errors += data;
    });
    const ended = once(child, "exit").then(([, signal]) => signal as NodeJS.Signals | null);
    const lines = createInterface({ input: child.stdout });
    const first = await Promise.race([once(lines, "line").then(([line]) => Number(line)), ended.then(() => 0)]);
    if (first === 0) throw new Error(`the service did not start: ${errors}`);
    return new ServiceProcess(child, { host: "127.0.0.1", port: first }, ended);
  }

  /** What a power cut does to a process. */
  async cutPower(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }
}
