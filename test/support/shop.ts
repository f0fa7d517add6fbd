import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseTusn, type Tusn } from "../../proto/tusn.ts";
import { type Acquirer, openAcquirer } from "../../sim/acquirer/acquirer.ts";
import { provisionTerminal } from "../../sim/demo/provision.ts";
import { toSimulatedTmk } from "../../sim/keys.ts";
import { readDataFolder } from "../../src/app/data-folder.ts";
import { enrolTerminal } from "../../src/app/enrolment/record-device.ts";
import { FLEET_COLUMNS, type FleetFields } from "../../src/domain/fleet-columns.ts";
import { DEFAULT_IDENTITY_POLICY } from "../../src/domain/verdict.ts";
import { openStore } from "../../src/store/store.ts";
import { callTillsync } from "./called-cli.ts";
import type { CliResult } from "./cli.ts";
import { makeDataFolder } from "./data-folder.ts";
import { FLEET_FIELDS } from "./fleet-fields.ts";
import { TILLSYNC, TILLSYNC_AGENT, TILLSYNC_SIGN } from "./programs.ts";
import { recordVerdict } from "./verdicts.ts";

const WAIT_MS = 40_000;
const POLL_MS = 50;

/**
 * One merchant with two terminals, of which the first needs card numbers. Service, agents and the approvers' program are
 * processes of their own.
 */
export interface Shop {
  /** The service's data folder, the agents' folders, the desk where release files lie, and the maker's own machine. */
  readonly folders: Readonly<Record<"data" | "agents" | "desk" | "maker", string>>;
  readonly tusns: readonly [Tusn, Tusn];
  readonly merchant: string;
  /** All that any process said, as it was said. */
  readonly said: readonly string[];
  /** Where the desk is served, and where look-ups are answered. */
  readonly deskPort: number;
  readonly lookupPort: number;
  /** An operator's command, beside the service that runs. */
  tillsync(...args: readonly string[]): Promise<CliResult>;
  /** The approvers' program, in the home that both demo approvers share. */
  sign(...args: readonly string[]): Promise<CliResult>;
  /** The options that say who signs. */
  as(person: string): readonly string[];
  /** Resolves when every terminal has committed the directive of this sequence. */
  untilCommitted(sequence: number): Promise<void>;
  stop(): Promise<void>;
  remove(): void;
}

/** A fleet file of these rows. */
export function toFleetCsv(rows: readonly FleetFields[]): string {
  const lines = rows.map((row) => FLEET_COLUMNS.map((column) => `"${row[column]}"`).join(","));
  return `${[FLEET_COLUMNS.join(","), ...lines].join("\n")}\n`;
}

/**
 * @param accountNo settlement card in the fleet file
 * @param isProven whether a person has found out that the terminals are genuine
 */
export async function openShop(accountNo: string, isProven = true): Promise<Shop> {
  const folder = mkdtempSync(join(tmpdir(), "tillsync-shop-"));
  const [data, agents, desk, maker] = ["data", "agents", "desk", "maker"].map((name) => join(folder, name));
  const folders = { data, agents, desk, maker } as Shop["folders"];
  const said: string[] = [];
  const children: ChildProcess[] = [];
  const rows = [0, 1].map((n) => ({
    ...FLEET_FIELDS,
    tusn: `00000304N7NL0190000${n}`,
    terminal_no: `58D0000${n}`,
    account_no: accountNo,
  }));
  const tusns = rows.map(({ tusn }) => parseTusn(tusn)) as unknown as Shop["tusns"];
  const acquirer = await openAcquirer({
    host: "127.0.0.1",
    port: 0,
    terminals: rows.map(({ tusn, terminal_no: terminalNo, merchant_no: merchantNo }) => {
      return { terminalNo, merchantNo, tmk: toSimulatedTmk(parseTusn(tusn)) };
    }),
  });

  const note = (result: CliResult): CliResult => {
    said.push(result.stdout, result.stderr);
    return result;
  };
  const tillsync = async (...args: readonly string[]) => note(await callTillsync(folders.data, "--json", ...args));
  const sign = async (...args: readonly string[]) => note(await runSign(join(folders.data, "approvers"), args));

  for (const path of [folders.agents, folders.desk, folders.maker]) mkdirSync(path, { mode: 0o700 });
  const fleetFile = join(folders.maker, "fleet.csv");
  writeFileSync(fleetFile, toFleetCsv(rows));
  await makeDataFolder(folders.data);
  await demandDone(tillsync("terminals", "import", fleetFile));
  useAcquirer(folders.data, acquirer);
  const ports = await startService(folders.data, children, said);
  for (const [n, tusn] of tusns.entries()) {
    await startAgent({ folders, tusn, port: ports.port, needsCardNumber: n === 0, isProven, children, said });
  }

  return {
    ...{ folders, tusns, said, tillsync, sign },
    merchant: FLEET_FIELDS.merchant_no,
    ...{ deskPort: ports.deskPort, lookupPort: ports.lookupPort },
    as: (person) => {
      const home = join(folders.data, "approvers");
      return ["--key", join(home, `${person}.pem`), "--passphrase-file", join(home, `${person}.passphrase`)];
    },
    untilCommitted: async (sequence) => {
      const deadline = performance.now() + WAIT_MS;
      let last = "";
      while (performance.now() < deadline) {
        const { stdout } = await tillsync("deployments");
        const states = JSON.parse(stdout) as readonly { sequence: number; state: string }[];
        if (states.filter((row) => row.sequence === sequence && row.state === "committed").length === 2) return;
        last = stdout;
        await delay(POLL_MS);
      }
      throw new Error(`not committed: ${last}`);
    },
    stop: async () => {
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const closed = once(child, "close");
        child.kill("SIGTERM");
        await closed;
      }
      children.length = 0;
      await acquirer.close();
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function demandDone(result: Promise<CliResult>): Promise<void> {
  const { code, stderr } = await result;
  if (code !== 0) throw new Error(stderr);
}

function useAcquirer(data: string, { port }: Acquirer): void {
  const file = join(data, "profile-defaults.json");
  const defaults = JSON.parse(readFileSync(file, "utf8"));
  defaults.acquiring.port = port;
  writeFileSync(file, JSON.stringify(defaults));
}

function runSign(home: string, args: readonly string[]): Promise<CliResult> {
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

async function startService(data: string, children: ChildProcess[], said: string[]) {
  const listening = [
    "--host",
    "127.0.0.1",
    "--port",
    "0",
    "--desk-port",
    "0",
    "--lookup-port",
    "0",
    "--no-enrolment",
    "--no-api",
    "--no-terminal",
  ];
  const child = spawn(process.execPath, [TILLSYNC, "serve", "--data", data, ...listening]);
  children.push(child);
  listen(child, said);
  const findPort = (what: string) => Number(new RegExp(`${what} 127\\.0\\.0\\.1:(\\d+)`).exec(said.join(""))?.[1] ?? 0);
  const deadline = performance.now() + WAIT_MS;
  while (performance.now() < deadline && child.exitCode === null) {
    const port = findPort("serves terminals on");
    const deskPort = findPort("Approvers are served on");
    const lookupPort = findPort("Look-ups are answered on");
    if (Math.min(port, deskPort, lookupPort) > 0) return { port, deskPort, lookupPort };
    await delay(POLL_MS);
  }
  throw new Error(`the service did not start: ${said.join("")}`);
}

interface AgentRequest {
  readonly folders: Shop["folders"];
  readonly tusn: Tusn;
  readonly port: number;
  readonly needsCardNumber: boolean;
  readonly isProven: boolean;
  readonly children: ChildProcess[];
  readonly said: string[];
}

async function startAgent(agent: AgentRequest): Promise<void> {
  const { folders, tusn, port, needsCardNumber, isProven, children, said } = agent;
  const { authority, trust, database } = readDataFolder(folders.data);
  const root = readFileSync(join(trust, "root.json"));
  const request = { tusn, agents: folders.agents, authority, root, port, needsCardNumber, now: new Date() };
  const terminal = await provisionTerminal(request);
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
