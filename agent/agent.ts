import type { KeyObject } from "node:crypto";
import type { Tusn } from "../proto/tusn.ts";
import type { CardKey } from "./card-key.ts";
import { Challenges } from "./challenges.ts";
import { createPerform } from "./effects.ts";
import type { Renew } from "./enrol/renew.ts";
import { watchFreshness } from "./freshness.ts";
import { Link, type LinkHandlers, type LinkOptions } from "./link/link.ts";
import { noteLink } from "./link-file.ts";
import { toErrorFields } from "./log.ts";
import { createPauses } from "./pause.ts";
import type { PresentPorts } from "./present.ts";
import { Readiness, watchReadiness } from "./readiness.ts";
import { watchRenewal } from "./renewal.ts";
import { Runner } from "./runner.ts";
import { createSafeMode } from "./safe-mode.ts";
import type { FileSystem } from "./slots/file-system.ts";
import { type Objects, openObjects } from "./slots/objects.ts";
import { openSlots } from "./slots/slots.ts";
import { openStateFile, type StateFile } from "./slots/state-file.ts";
import { openTrustStore, type TrustStore } from "./slots/trust-store.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** What an installation gives an agent, and the world it runs in. */
export interface AgentOptions extends Omit<LinkOptions, "onWay">, PresentPorts {
  readonly tusn: Tusn;
  /** Private half of the device key, for signing. */
  readonly deviceKey: KeyObject;
  /** SHA-256 of the SubjectPublicKeyInfo of the device key. */
  readonly deviceKeyDigest: Uint8Array;
  readonly pinnedRoot: Uint8Array;
  /** Where the terminal needs card numbers (clause 3.5). */
  readonly cardKey?: CardKey | undefined;
  /** Where the service renews certificates. */
  readonly renew?: Renew | undefined;
  /** RUN_BYTES random bytes, others at each start. */
  readonly run: Uint8Array;
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
    receive: async (kind, payload) => {
      if (kind === "challenge") challenges.take(payload);
      else await runner.receive(kind, payload);
    },
  };
  const link = openLink(options, handlers);
  const challenges = new Challenges({
    ...{ tusn, terminal, uptime, log },
    isAtWork: () => runner.isAtWork,
    send: (proof) => link.prove(proof),
  });
  const { pause } = pauses;
  const readiness = new Readiness(terminal);
  const runner = new Runner({
    stateFile,
    objects,
    slots,
    trusts,
    deviceKey: options.deviceKeyDigest,
    cardKey,
    run: options.run,
    outbox: link,
    perform: createPerform({ slots, terminal, readiness, cardKey: cardKey?.privateKey, pause }),
    readiness,
    clock,
    uptime,
    pause,
    log,
  });
  await runner.start();
  link.open();
  const announce = () => link.announce();
  const endFreshness = watchFreshness({ isStale: () => runner.isStale, announce, startTimer, log });
  const endReadiness = watchReadiness({ readiness, isAtWork: () => runner.isAtWork, announce, startTimer, log });
  const endRenewal = renewOver(link, options, () => runner.now);
  return {
    close: async () => {
      endFreshness();
      endReadiness();
      endRenewal();
      link.close();
      const closed = runner.close();
      pauses.endAll();
      await closed;
    },
  };
}

function openInSafeMode(options: AgentOptions, { roots }: TrustStore): Agent {
  const link = openLink(options, createSafeMode({ ...options, rootVersion: roots.version }));
  link.open();
  // Or it would be out of reach for good, and nobody would hear that it is broken.
  const endRenewal = renewOver(link, options, options.clock);
  return {
    close: async () => {
      endRenewal();
      link.close();
    },
  };
}

function openLink(options: AgentOptions, handlers: LinkHandlers): Link {
  const { files, clock, log } = options;
  return new Link({ ...options, onWay: (way) => noteLink(files, way, clock(), log) }, handlers);
}

function renewOver(link: Link, options: AgentOptions, now: () => number): () => void {
  const { cert, renew, random, startTimer, log } = options;
  const use = (certificate: string) => link.use(certificate);
  return watchRenewal({ certificate: cert, renew, use, now, random, startTimer, log });
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
