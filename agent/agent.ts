import type { KeyObject } from "node:crypto";
import type { Tusn } from "../proto/tusn.ts";
import type { CardKey } from "./card-key.ts";
import { createPerform } from "./effects.ts";
import { watchFreshness } from "./freshness.ts";
import { Link, type LinkHandlers, type LinkOptions } from "./link/link.ts";
import { toErrorFields } from "./log.ts";
import { createPauses } from "./pause.ts";
import type { PresentPorts } from "./present.ts";
import { Runner } from "./runner.ts";
import { createSafeMode } from "./safe-mode.ts";
import type { FileSystem } from "./slots/file-system.ts";
import { type Objects, openObjects } from "./slots/objects.ts";
import { openSlots } from "./slots/slots.ts";
import { openStateFile, type StateFile } from "./slots/state-file.ts";
import { openTrustStore, type TrustStore } from "./slots/trust-store.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** What an installation gives an agent, and the world it runs in. */
export interface AgentOptions extends LinkOptions, PresentPorts {
  readonly tusn: Tusn;
  /** Private half of the device key, for signing. */
  readonly deviceKey: KeyObject;
  /** SHA-256 of the SubjectPublicKeyInfo of the device key. */
  readonly deviceKeyDigest: Uint8Array;
  readonly pinnedRoot: Uint8Array;
  /** Where the terminal needs card numbers (clause 3.5). */
  readonly cardKey?: CardKey | undefined;
  readonly files: FileSystem;
  readonly terminal: Terminal;
}

export interface Agent {
  /** Ends the connection and finishes writing. What is under way is taken up again at the next start. */
  close(): Promise<void>;
}

/**
 * Starts an agent; it settles what it was doing first and connects then.
 *
 * @throws TillsyncError TRUST_INVALID, TRUST_UNSIGNED, KEY_INVALID, BYTES_TOO_LARGE where the pinned root is none
 */
export async function openAgent(options: AgentOptions): Promise<Agent> {
  const objects = openObjects(options.files);
  const trusts = openTrustStore(objects, options.pinnedRoot);
  const stateFile = readStateFile(options);
  return stateFile === undefined ? openInSafeMode(options, trusts) : openRunning(options, objects, trusts, stateFile);
}

async function openRunning(
  options: AgentOptions,
  objects: Objects,
  trusts: TrustStore,
  stateFile: StateFile,
): Promise<Agent> {
  const { terminal, cardKey, clock, uptime, startTimer, log, tusn } = options;
  if (stateFile.recovered) log("error", "state recovered", { code: "STATE_CORRUPT" });
  const pauses = createPauses(options.startTimer, options.random);
  const slots = openSlots(objects, trusts, tusn);
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
    objects,
    slots,
    trusts,
    deviceKey: options.deviceKeyDigest,
    cardKey,
    outbox: link,
    perform: createPerform({ slots, terminal, cardKey: cardKey?.privateKey, pause }),
    clock,
    uptime,
    pause,
    log,
  });
  await runner.start();
  link.open();
  const announce = () => link.announce();
  const endWatch = watchFreshness({ isStale: () => runner.isStale, announce, startTimer, log });
  return {
    close: async () => {
      endWatch();
      link.close();
      const closed = runner.close();
      pauses.endAll();
      await closed;
    },
  };
}

function openInSafeMode(options: AgentOptions, { roots }: TrustStore): Agent {
  const link = new Link(options, createSafeMode({ ...options, rootVersion: roots.version }));
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
