import { randomBytes } from "node:crypto";
// The agent composed of its real parts, which kills itself without warning right after the n-th thing it made durable or
// had the terminal do: `killed-agent-main CONFIG N`. With N = 0 it lives.
import { openAgent } from "../../agent/agent.ts";
import { loadConfig } from "../../agent/config.ts";
import { loadIdentity } from "../../agent/identity.ts";
import { type FileSystem, makeFolders, openFileSystem } from "../../agent/slots/file-system.ts";
import { OBJECTS_FOLDER } from "../../agent/slots/objects.ts";
import { openSimulatedTerminal } from "../../agent/terminal/simulated.ts";
import type { Terminal } from "../../agent/terminal/terminal.ts";
import { readUptime, startTimer } from "../../agent/timer.ts";

const [configFile = "", killAt = "0"] = process.argv.slice(2);
let points = 0;

/** One more point at which the power may go. */
function pass(): void {
  points += 1;
  if (points === Number(killAt)) process.kill(process.pid, "SIGKILL");
}

function killingFiles(files: FileSystem): FileSystem {
  return {
    ...files,
    sync: (name) => {
      files.sync(name);
      // A folder: what was renamed into it is durable now.
      if (!name.includes("/") || name === OBJECTS_FOLDER) pass();
    },
  };
}

function killingTerminal(terminal: Terminal): Terminal {
  const after = async <T>(done: Promise<T>): Promise<T> => {
    const result = await done;
    pass();
    return result;
  };
  return {
    readStatus: () => after(terminal.readStatus()),
    apply: (profile, cardNumber) => after(terminal.apply(profile, cardNumber)),
    loadWorkingKeys: (field62) => after(terminal.loadWorkingKeys(field62)),
    computeMac: (data) => after(terminal.computeMac(data)),
    computeCryptogram: (factor) => terminal.computeCryptogram(factor),
  };
}

const config = loadConfig(configFile);
const { terminal } = config;
if (terminal.kind !== "simulated") throw new Error("simulated terminals only");
makeFolders(config.stateDir, [OBJECTS_FOLDER]);
void openAgent({
  run: randomBytes(8),
  ...config,
  ...loadIdentity(config),
  files: killingFiles(openFileSystem(config.stateDir)),
  terminal: killingTerminal(openSimulatedTerminal({ profilePath: terminal.file, tmk: terminal.tmk })),
  clock: () => Math.floor(Date.now() / 1_000),
  uptime: readUptime,
  random: Math.random,
  startTimer,
  log: () => undefined,
});
