import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { loadCertificates } from "./certificates.ts";
import type { Address } from "./mqtt-terminal.ts";
import { discard, makeScratch } from "./scratch.ts";

export interface BrokerSettings {
  readonly key: string;
  readonly certificate: string;
  readonly authority: string;
  readonly connectMs: number;
  readonly handshakeMs: number;
}

export type BrokerMessage =
  | { readonly kind: "ready"; readonly port: number }
  | { readonly kind: "log"; readonly event: string; readonly code: string }
  /** Resident bytes now, and at most since they were asked for last. */
  | { readonly kind: "memory"; readonly now: number; readonly peak: number };

type MemoryMessage = Extract<BrokerMessage, { kind: "memory" }>;

const MAIN = fileURLToPath(new URL("./broker-main.ts", import.meta.url));

/** An embedded bus in a process of its own. */
export class BrokerProcess {
  readonly address: Address;
  /** `event code` of everything logged. */
  readonly log: string[] = [];
  readonly #child: ChildProcess;
  readonly #folder: string;

  static async start(limits: Pick<BrokerSettings, "connectMs" | "handshakeMs">): Promise<BrokerProcess> {
    const folder = makeScratch("broker");
    const outfile = join(folder, "broker.cjs");
    await build({ entryPoints: [MAIN], outfile, bundle: true, platform: "node", format: "cjs", logLevel: "silent" });
    const { server, authority } = await loadCertificates();
    const child = fork(outfile, { stdio: "inherit" });
    child.send({ ...server, authority: authority.certificate, ...limits } satisfies BrokerSettings);
    const [message] = (await once(child, "message")) as [BrokerMessage];
    const port = message.kind === "ready" ? message.port : 0;
    return new BrokerProcess(child, folder, { host: "127.0.0.1", port });
  }

  private constructor(child: ChildProcess, folder: string, address: Address) {
    this.#child = child;
    this.#folder = folder;
    this.address = address;
    child.on("message", (message: BrokerMessage) => {
      if (message.kind === "log") this.log.push(`${message.event} ${message.code}`);
    });
  }

  /** Resident memory of the broker; the peak starts anew with each call. */
  readMemory(): Promise<MemoryMessage> {
    return new Promise((resolve) => {
      const onMessage = (message: BrokerMessage) => {
        if (message.kind !== "memory") return;
        this.#child.off("message", onMessage);
        resolve(message);
      };
      this.#child.on("message", onMessage);
      this.#child.send("memory");
    });
  }

  /** What a power cut does to a process. */
  async cutPower(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
    discard(this.#folder);
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.disconnect();
    await exited;
    discard(this.#folder);
  }
}
