import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Tusn } from "../../../proto/tusn.ts";
import { provisionTerminal } from "../../../sim/demo/provision.ts";
import { readDataFolder } from "../../../src/app/data-folder.ts";
import { enrolTerminal } from "../../../src/app/enrolment/record-device.ts";
import { DEFAULT_IDENTITY_POLICY } from "../../../src/domain/verdict.ts";
import { openStore } from "../../../src/store/store.ts";
import type { CliResult } from "../cli.ts";
import { TILLSYNC, TILLSYNC_AGENT, TILLSYNC_SIGN } from "../programs.ts";
import { recordVerdict } from "../verdicts.ts";

// The programs of a shop, each started with Node as people start it.

/** How long a shop waits for what must happen, and how often it looks. */
export const WAIT_MS = 40_000;
export const POLL_MS = 50;

/** What is running, and all that it said. */
export interface Running {
  readonly children: ChildProcess[];
  readonly said: string[];
}

/** The service's process, and where it listens; 0 where it was not to. */
export interface ServiceProcess {
  readonly pid: number;
  readonly port: number;
  readonly deskPort: number;
  readonly lookupPort: number;
  readonly apiPort: number;
}

const LISTENING = ["--host", "127.0.0.1", "--port", "0", "--desk-port", "0", "--lookup-port", "0"];

export async function startService(
  data: string,
  { children, said }: Running,
  { nodeOptions, hasApi }: { readonly nodeOptions: readonly string[]; readonly hasApi: boolean },
): Promise<ServiceProcess> {
  const api = hasApi ? ["--api-port", "0"] : ["--no-api"];
  const serve = [TILLSYNC, "serve", "--data", data, ...LISTENING, "--no-enrolment", "--no-terminal", ...api];
  const child = spawn(process.execPath, [...nodeOptions, ...serve]);
  children.push(child);
  listen(child, said);
  const findPort = (what: string) => Number(new RegExp(`${what} 127\\.0\\.0\\.1:(\\d+)`).exec(said.join(""))?.[1] ?? 0);
  const deadline = performance.now() + WAIT_MS;
  while (performance.now() < deadline && child.exitCode === null) {
    const port = findPort("serves terminals on");
    const deskPort = findPort("Approvers are served on");
    const lookupPort = findPort("Look-ups are answered on");
    const apiPort = findPort("Operators are served on");
    if (Math.min(port, deskPort, lookupPort, hasApi ? apiPort : 1) > 0) {
      return { pid: child.pid ?? 0, port, deskPort, lookupPort, apiPort };
    }
    await delay(POLL_MS);
  }
  throw new Error(`the service did not start: ${said.join("")}`);
}

export interface AgentRequest {
  readonly data: string;
  readonly agents: string;
  readonly tusn: Tusn;
  readonly port: number;
  readonly needsCardNumber: boolean;
  readonly isProven: boolean;
}

/** Installs a terminal, enrols it, and starts its agent. */
export async function startAgent(agent: AgentRequest, { children, said }: Running): Promise<void> {
  const { data, agents, tusn, port, needsCardNumber, isProven } = agent;
  const { authority, trust, database } = readDataFolder(data);
  const root = readFileSync(join(trust, "root.json"));
  const terminal = await provisionTerminal({ tusn, agents, authority, root, port, needsCardNumber, now: new Date() });
  const store = await openStore(database);
  const now = () => Math.floor(Date.now() / 1_000);
  const log = { info: () => undefined } as never;
  const context = { store, now, randomBytes, identity: DEFAULT_IDENTITY_POLICY, log };
  await enrolTerminal(context, tusn, terminal.certificate);
  if (isProven) await recordVerdict(context, tusn);
  await store.destroy();
  const child = spawn(process.execPath, [TILLSYNC_AGENT, "run", "--config", terminal.configFile]);
  children.push(child);
  listen(child, said);
}

/** The approvers' program, in that home. */
export function runSign(home: string, args: readonly string[]): Promise<CliResult> {
  return new Promise((resolve) => {
    const all = [TILLSYNC_SIGN, ...args, "--home", home];
    const child = execFile(process.execPath, all, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
    child.stdin?.end();
  });
}

function listen(child: ChildProcess, said: string[]): void {
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => said.push(text));
  }
}
