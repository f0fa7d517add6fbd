import type { KeyObject } from "node:crypto";
import type { Tusn } from "../proto/tusn.ts";
import { createPerform } from "./effects.ts";
import { Link, type LinkHandlers, type LinkOptions } from "./link/link.ts";
import { toErrorFields } from "./log.ts";
import { createPauses } from "./pause.ts";
import type { PresentPorts } from "./present.ts";
import { Runner } from "./runner.ts";
import { createSafeMode } from "./safe-mode.ts";
import type { FileSystem } from "./slots/file-system.ts";
import { openObjects } from "./slots/objects.ts";
import { openSlots } from "./slots/slots.ts";
import { openStateFile, type StateFile } from "./slots/state-file.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** What an installation gives an agent, and the world it runs in. */
export interface AgentOptions extends LinkOptions, PresentPorts {
  readonly tusn: Tusn;
  /** Private half of the device key, for signing. */
  readonly deviceKey: KeyObject;
  /** SHA-256 of the SubjectPublicKeyInfo of the device key. */
  readonly deviceKeyDigest: Uint8Array;
  readonly pinnedRoot: Uint8Array;
  readonly files: FileSystem;
  readonly terminal: Terminal;
}

export interface Agent {
  /** Ends the connection and finishes writing. What is under way is taken up again at the next start. */
  close(): Promise<void>;
}

/** Starts an agent; it settles what it was doing first and connects then. */
export async function openAgent(options: AgentOptions): Promise<Agent> {
  const stateFile = readStateFile(options);
  return stateFile === undefined ? openInSafeMode(options) : openRunning(options, stateFile);
}

async function openRunning(options: AgentOptions, stateFile: StateFile): Promise<Agent> {
  const { files, terminal, clock, uptime, log, pinnedRoot, tusn } = options;
  if (stateFile.recovered) log("error", "state recovered", { code: "STATE_CORRUPT" });
  const pauses = createPauses(options.startTimer, options.random);
  const slots = openSlots(openObjects(files), pinnedRoot, tusn);
  // Link and runner need each other: reports go one way, messages the other.
  const handlers: LinkHandlers = {
    greet: () => runner.greet(),
    unsent: () => runner.unsent(),
    receive: (kind, payload) => runner.receive(kind, payload),
  };
  const link = new Link(options, handlers);
  const { pause } = pauses;
  const runner = new Runner({
    stateFile,
    slots,
    pinnedRoot,
    deviceKey: options.deviceKeyDigest,
    outbox: link,
    perform: createPerform({ slots, terminal, pause }),
    clock,
    uptime,
    pause,
    log,
  });
  await runner.start();
  link.open();
  return {
    close: async () => {
      link.close();
      const closed = runner.close();
      pauses.endAll();
      await closed;
    },
  };
}

function openInSafeMode(options: AgentOptions): Agent {
  const link = new Link(options, createSafeMode(options.tusn, options.clock, options.log));
  link.open();
  return { close: async () => link.close() };
}

/** Undefined where the state cannot be read: nothing is guessed then, and nothing is written over. */
function readStateFile({ files, tusn, clock, log }: AgentOptions): StateFile | undefined {
  try {
    return openStateFile(files, tusn, clock());
  } catch (error) {
    const fields = toErrorFields(error);
    if (fields["code"] !== "STATE_CORRUPT") throw error;
    log("error", "state unreadable", fields);
    return undefined;
  }
}
