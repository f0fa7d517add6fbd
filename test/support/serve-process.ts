import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { KeyAndCertificate } from "../../certs/x509/authority.ts";
import { makeDataFolder } from "./data-folder.ts";
import { TILLSYNC } from "./programs.ts";
import { discard, makeScratch } from "./scratch.ts";

const HOST = "127.0.0.1";
const START_MS = 20_000;
/** What the service says of each port when it listens there. */
const SAID = {
  mqtt: "serves terminals on",
  desk: "Approvers are served on",
  enrolment: "Terminals enrol on",
  lookup: "Look-ups are answered on",
  api: "Operators are served on",
  terminal: "Terminals poll on",
} as const;

export type Port = keyof typeof SAID;

/** `tillsync serve` as people run it: built, a process of its own, all six ports open. */
export interface ServeProcess {
  readonly host: string;
  readonly ports: Readonly<Record<Port, number>>;
  /** Path of a file in the data folder. */
  path(...names: readonly string[]): string;
  readonly authority: KeyAndCertificate;
  readonly pid: number;
  /** What it has written to its log and its operator so far. */
  said(): string;
  stop(): Promise<void>;
}

export async function startServe(): Promise<ServeProcess> {
  const folder = makeScratch("serve");
  const data = join(folder, "data");
  await makeDataFolder(data);
  const anyPort = [
    "--port",
    "--desk-port",
    "--enrolment-port",
    "--lookup-port",
    "--api-port",
    "--terminal-port",
  ].flatMap((name) => [name, "0"]);
  const child = spawn(process.execPath, [TILLSYNC, "--data", data, "serve", "--host", HOST, ...anyPort], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stdout.resume();
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  const read = (name: string) => readFileSync(join(data, "ca", name), "utf8");
  return {
    host: HOST,
    ports: await untilOpen(child, () => said),
    path: (...names) => join(data, ...names),
    authority: { key: read("ca.key"), certificate: read("ca.pem") },
    pid: child.pid ?? 0,
    said: () => said,
    stop: async () => {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      if (child.exitCode === null) await exited;
      discard(folder);
    },
  };
}

async function untilOpen(child: ChildProcess, said: () => string): Promise<Record<Port, number>> {
  const deadline = AbortSignal.timeout(START_MS);
  for (;;) {
    const ports = Object.entries(SAID).map(([name, words]) => [name, toPort(said(), words)] as const);
    if (ports.every(([, port]) => port !== undefined)) return Object.fromEntries(ports) as Record<Port, number>;
    if (child.exitCode !== null) throw new Error(`the service did not start: ${said()}`);
    await once(child.stderr ?? child, "data", { signal: deadline }).catch(() => {
      throw new Error(`the service did not open all of its ports: ${said()}`);
    });
  }
}

function toPort(said: string, words: string): number | undefined {
  const digits = new RegExp(`${words} ${HOST.replaceAll(".", "\\.")}:(\\d+)\\.`).exec(said)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
