import { join } from "node:path";
import { parseArgs } from "node:util";
import { TillsyncError } from "../proto/errors.ts";
import { openAgent } from "./agent.ts";
import { type Config, loadConfig, readConfigFile } from "./config.ts";
import { AGENT_VERSION } from "./hello.ts";
import { loadIdentity } from "./identity.ts";
import { acquireLock } from "./lock.ts";
import { boundLog, openLog, toErrorFields } from "./log.ts";
import { makeFolders, openFileSystem } from "./slots/file-system.ts";
import { OBJECTS_FOLDER } from "./slots/objects.ts";
import { readStatus, toStatusText } from "./status.ts";
import { openCommandTerminal } from "./terminal/commands.ts";
import { GROUP_FILE } from "./terminal/group-file.ts";
import { openSimulatedTerminal } from "./terminal/simulated.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { readUptime, startTimer } from "./timer.ts";

const USAGE = `tillsync-agent ${AGENT_VERSION}: keeps a POS terminal on the profile that two people approved.

  tillsync-agent run --config FILE              run until SIGTERM or SIGINT; log lines go to standard output
  tillsync-agent status --config FILE [--json]  what the terminal holds, from its files; it may run meanwhile
  tillsync-agent --version
`;

const clock = (): number => Math.floor(Date.now() / 1_000);
const write = (text: string): void => {
  process.stdout.write(text);
};
const log = boundLog(openLog(write), readUptime);

async function run(config: Config): Promise<void> {
  const identity = loadIdentity(config);
  makeFolders(config.stateDir, [OBJECTS_FOLDER]);
  const files = openFileSystem(config.stateDir);
  const release = acquireLock(config.stateDir);
  const { terminal, close: closeTerminal } = openTerminal(config);
  const world = { clock, uptime: readUptime, random: Math.random, startTimer, log };
  log("info", "agent started", { tusn: identity.tusn, version: AGENT_VERSION, pid: process.pid });
  const agent = await openAgent({ ...config, ...identity, files, terminal, ...world });

  const stop = async (signal: string): Promise<void> => {
    log("info", "agent stopping", { signal });
    await agent.close();
    closeTerminal();
    release();
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop(signal));
  // Under a parent that started it with a channel, it ends with that parent, however the parent ended.
  process.once("disconnect", () => void stop("disconnect"));
}

function openTerminal({ terminal: config, stateDir }: Config): { readonly terminal: Terminal; close(): void } {
  if (config.kind === "simulated") {
    const terminal = openSimulatedTerminal({ profilePath: config.file, tmk: config.tmk });
    return { terminal, close: () => undefined };
  }
  const terminal = openCommandTerminal({ ...config, startTimer, groupFile: join(stateDir, GROUP_FILE) });
  return { terminal, close: () => terminal.close() };
}

function showStatus(config: Config, asJson: boolean): void {
  const files = openFileSystem(config.stateDir);
  const status = readStatus(files, config, readConfigFile(config.rootFile, "rootFile"), clock());
  write(asJson ? `${JSON.stringify(status)}\n` : toStatusText(status));
}

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parse(args);
  const [command] = positionals;
  if (values.version === true) return write(`${AGENT_VERSION}\n`);
  if (values.help === true || command === undefined) return write(USAGE);
  if (values.config === undefined) throw new TillsyncError("CONFIG_INVALID", { command, missing: "--config FILE" });
  if (command === "run") return run(loadConfig(values.config));
  if (command === "status") return showStatus(loadConfig(values.config), values.json === true);
  throw new TillsyncError("CONFIG_INVALID", { command, expected: "run or status" });
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: "string" },
        json: { type: "boolean" },
        version: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (cause) {
    throw new TillsyncError("CONFIG_INVALID", { argument: String(cause) }, cause);
  }
}

const argv = process.argv.slice(2);
main(argv).catch((error: unknown) => {
  if (argv[0] === "run") log("error", "agent failed", toErrorFields(error));
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
