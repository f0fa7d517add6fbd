import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import type { Tusn } from "../../proto/tusn.ts";
import { toSimulatedTmk } from "../../sim/keys.ts";
import { loadCertificates } from "./certificates.ts";
import { discard, makeScratch } from "./scratch.ts";

/** A folder that is removed by the function given back. */
export function makeFolder(): { readonly folder: string; remove(): void } {
  const folder = makeScratch("agent-test");
  return { folder, remove: () => discard(folder) };
}

/** Bundles a program from its source, as the agent is bundled for terminals. */
export async function bundleAgent(entry: string, outfile: string): Promise<string> {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    logLevel: "silent",
  });
  return outfile;
}

/** An agent's folder as an installer leaves it, with a simulated terminal. */
export interface Installation {
  readonly folder: string;
  readonly configFile: string;
  readonly stateDir: string;
  /** Where the simulated terminal keeps its profile. */
  readonly profileFile: string;
}

export interface InstallationRequest {
  readonly folder: string;
  readonly tusn: Tusn;
  readonly port: number;
  /** Pinned trust root. */
  readonly root: Uint8Array;
  /** Other settings. */
  readonly config?: object;
  /** X25519 private key in PEM, where the terminal's model needs card numbers. */
  readonly cardKey?: string;
}

export async function install(request: InstallationRequest): Promise<Installation> {
  const { folder, tusn, port, root } = request;
  const { authority, terminal } = await loadCertificates();
  const { key, certificate } = await terminal(tusn);
  mkdirSync(join(folder, "terminal"), { recursive: true });
  writeFileSync(join(folder, "ca.pem"), authority.certificate);
  writeFileSync(join(folder, "device.pem"), certificate);
  writeFileSync(join(folder, "device.key"), key);
  writeFileSync(join(folder, "root.json"), root);
  if (request.cardKey !== undefined) writeFileSync(join(folder, "card.key"), request.cardKey, { mode: 0o600 });
  const config = {
    tusn,
    host: "localhost",
    port,
    caFile: "ca.pem",
    certFile: "device.pem",
    keyFile: "device.key",
    rootFile: "root.json",
    stateDir: "state",
    terminal: {
      kind: "simulated",
      file: "terminal/profile.bin",
      tmk: Buffer.from(toSimulatedTmk(tusn)).toString("hex"),
    },
    reconnectBaseMs: 20,
    reconnectCapMs: 200,
    ...(request.cardKey === undefined ? {} : { cardKeyFile: "card.key" }),
    ...request.config,
  };
  const configFile = join(folder, "agent.json");
  writeFileSync(configFile, JSON.stringify(config));
  return {
    folder,
    configFile,
    stateDir: join(folder, "state"),
    profileFile: join(folder, "terminal/profile.bin"),
  };
}

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

export interface RunningProgram {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has said on standard output so far. */
  output(): string;
  stop(signal: NodeJS.Signals): Promise<Ended>;
}

const running = new Set<ChildProcess>();

/** Runs a bundled program, in the present folder where no other is named; its output is collected. */
export function startProgram(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cwd?: string,
): RunningProgram {
  const child = spawn(process.execPath, [file, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  const ended = once(child, "close").then(([status, signal]) => {
    running.delete(child);
    return { status, signal, output, errors } as Ended;
  });
  return {
    child,
    ended,
    output: () => output,
    stop: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

/** Kills every program that a test has left running. */
export function killPrograms(): void {
  for (const child of running) child.kill("SIGKILL");
}
