import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { TillsyncError } from "../proto/errors.ts";
import { RUN_BYTES } from "../proto/terminal-messages.ts";
import { openAgent } from "./agent.ts";
import { type Config, loadConfig, readConfigFile } from "./config.ts";
import { runEnrol } from "./enrol/command.ts";
import { parseAuthorities } from "./enrol/issued.ts";
import { createRenew, type Renew } from "./enrol/renew.ts";
import { openEnrolmentService } from "./enrol/service.ts";
import { AGENT_VERSION } from "./hello.ts";
import { type Identity, loadIdentity } from "./identity.ts";
import { acquireLock } from "./lock.ts";
import { boundLog, openLog, toErrorFields } from "./log.ts";
import { makeFolders, openFileSystem } from "./slots/file-system.ts";
import { OBJECTS_FOLDER } from "./slots/objects.ts";
import { openPlace } from "./slots/place.ts";
import { readStatus, toStatusText } from "./status.ts";
import { openCommandTerminal } from "./terminal/commands.ts";
import { GROUP_FILE } from "./terminal/group-file.ts";
import { openSimulatedTerminal } from "./terminal/simulated.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { readUptime, startTimer } from "./timer.ts";

const USAGE = `tillsync-agent ${AGENT_VERSION}: keeps a POS terminal on the profile that two people approved.

  tillsync-agent enrol --url https://HOST:PORT --ca FILE --token TOKEN [--config FILE] [--root FILE]
                                                get this terminal its certificate; exit code 3: not admitted yet
      --token-file FILE                         in place of --token, which others on the same system can see
      --wait MINUTES                            for the people who have to admit it: 15 where absent
      --again                                   though there is a good certificate
      --json                                    the result as JSON
  tillsync-agent run --config FILE              run until SIGTERM or SIGINT; log lines go to standard output
      --poll                                    reach the service by polling only, never by the broker
  tillsync-agent status --config FILE [--json]  what the terminal holds, from its files; it may run meanwhile
  tillsync-agent --version
`;

const clock = (): number => Math.floor(Date.now() / 1_000);
const write = (text: string): void => {
  process.stdout.write(text);
};
const writeAside = (text: string): void => {
  process.stderr.write(text);
};
const log = boundLog(openLog(write), readUptime);

async function run(config: Config, isPollOnly: boolean): Promise<void> {
  if (isPollOnly && config.pollUrl === undefined) throw new TillsyncError("CONFIG_INVALID", { missing: "pollUrl" });
  const identity = loadIdentity(config);
  makeFolders(config.stateDir, [OBJECTS_FOLDER]);
  const files = openFileSystem(config.stateDir);
  const release = acquireLock(config.stateDir);
  const { terminal, close: closeTerminal } = openTerminal(config);
  const renew = openRenew(config, identity);
  const world = { clock, uptime: readUptime, random: Math.random, startTimer, log };
  log("info", "agent started", { tusn: identity.tusn, version: AGENT_VERSION, pid: process.pid });
  const agent = await openAgent({
    ...config,
    ...identity,
    isPollOnly,
    renew,
    run: randomBytes(RUN_BYTES),
    files,
    terminal,
    ...world,
  });

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

function openRenew({ enrolUrl: url, certFile }: Config, identity: Identity): Renew | undefined {
  if (url === undefined) return undefined;
  const { tusn, deviceKey, ca, key } = identity;
  return createRenew({
    ...{ tusn, deviceKey, authorities: parseAuthorities(ca) },
    certificatePlace: openPlace(certFile),
    openService: (cert) => openEnrolmentService({ url, ca, own: { cert, key } }),
  });
}

function openTerminal({ terminal: config, stateDir, tusn }: Config): { readonly terminal: Terminal; close(): void } {
  if (config.kind === "simulated") {
    const sn = config.snKey === undefined ? undefined : { tusn, key: config.snKey };
    const terminal = openSimulatedTerminal({ profilePath: config.file, tmk: config.tmk, sn });
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
  if (command === "enrol") {
    process.exitCode = await runEnrol(values, { openTerminal, clock, uptime: readUptime, write, writeAside });
    return;
  }
  if (values.config === undefined) throw new TillsyncError("CONFIG_INVALID", { command, missing: "--config FILE" });
  if (command === "run") return run(loadConfig(values.config), values.poll === true);
  if (command === "status") return showStatus(loadConfig(values.config), values.json === true);
  throw new TillsyncError("CONFIG_INVALID", { command, expected: "enrol, run or status" });
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: "string" },
        url: { type: "string" },
        ca: { type: "string" },
        root: { type: "string" },
        token: { type: "string" },
        "token-file": { type: "string" },
        wait: { type: "string" },
        again: { type: "boolean" },
        poll: { type: "boolean" },
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
