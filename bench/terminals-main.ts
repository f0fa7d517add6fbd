import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type Agent, openAgent } from "../agent/agent.ts";
import { loadConfig } from "../agent/config.ts";
import { loadIdentity } from "../agent/identity.ts";
import { makeFolders, openFileSystem } from "../agent/slots/file-system.ts";
import { OBJECTS_FOLDER } from "../agent/slots/objects.ts";
import { openSimulatedTerminal } from "../agent/terminal/simulated.ts";
import { readUptime, startTimer } from "../agent/timer.ts";

// Many whole agents in one process, each with files and connections of its own: the parent sends the paths of their
// settings and hears "started"; they end with it.

const [configFiles] = (await once(process, "message")) as [readonly string[]];
const agents: Agent[] = [];
for (const file of configFiles) agents.push(await openTerminal(file));
process.send?.("started");
await once(process, "disconnect");
await Promise.all(agents.map((agent) => agent.close()));
process.exit(0);

async function openTerminal(file: string): Promise<Agent> {
  const config = loadConfig(file);
  if (config.terminal.kind !== "simulated") throw new Error("only simulated terminals are measured");
  makeFolders(config.stateDir, [OBJECTS_FOLDER]);
  return await openAgent({
    run: randomBytes(8),
    ...config,
    ...loadIdentity(config),
    files: openFileSystem(config.stateDir),
    terminal: openSimulatedTerminal({ profilePath: config.terminal.file, tmk: config.terminal.tmk }),
    clock: () => Math.floor(Date.now() / 1_000),
    uptime: readUptime,
    random: Math.random,
    startTimer,
    log: () => undefined,
  });
}
