import type { CardKey } from "../../agent/card-key.ts";
import { createPerform, type Perform } from "../../agent/effects.ts";
import { toSlotsInUse } from "../../agent/machine/state.ts";
import { Readiness } from "../../agent/readiness.ts";
import { Runner } from "../../agent/runner.ts";
import { openObjects } from "../../agent/slots/objects.ts";
import { openSlots, type Slots } from "../../agent/slots/slots.ts";
import { openStateFile } from "../../agent/slots/state-file.ts";
import { openTrustStore, type TrustStore } from "../../agent/slots/trust-store.ts";
import type { Terminal } from "../../agent/terminal/terminal.ts";
import { toDigest } from "../../proto/bytes.ts";
import { type Report, toReceiptBytes, toReportBytes } from "../../proto/terminal-messages.ts";
import { toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { TUSN } from "./machine.ts";
import type { MemoryFiles } from "./memory-files.ts";
import { createApprovers, type TestApprovers } from "./release.ts";

export const NOW = 1_800_000_000;
export const DEVICE_KEY = toDigest(Buffer.from("device key"));

/** What is outside the agent and survives its power cuts: the terminal's content, the acquirer's books, the service. */
export interface MemoryWorld {
  readonly approvers: TestApprovers;
  /** Encoded profile that the terminal trades on. */
  content: Uint8Array | undefined;
  /** Card number that the terminal was told with it. */
  cardNumber: string | undefined;
  /** Where the terminal's model needs card numbers. */
  cardKey: CardKey | undefined;
  /** What the terminal's clock says, in seconds. */
  clock: number;
  /** Seconds on a clock that nobody sets. */
  uptime: number;
  /** How often the terminal says that it is busy before it is ready. */
  busyTimes: number;
  /** Purchases that stand at the acquirer. */
  standing: number;
  /** What the next test transactions show; passed where there is none. */
  readonly verdicts: ("passed" | "failed" | "inconclusive")[];
  readonly reports: Report[];
}

export function createWorld(approvers = createApprovers(NOW)): MemoryWorld {
  return {
    approvers,
    content: undefined,
    cardNumber: undefined,
    cardKey: undefined,
    clock: NOW,
    uptime: 0,
    busyTimes: 0,
    standing: 0,
    verdicts: [],
    reports: [],
  };
}

/** A real runner over a disk in memory, in a world that always answers at once. */
export interface MemoryAgent {
  readonly runner: Runner;
  readonly slots: Slots;
  readonly trusts: TrustStore;
  readonly files: MemoryFiles;
  readonly log: string[];
  /** Resolves when the agent has nothing more to do, or has lost its power. */
  settle(): Promise<void>;
  receiptAll(): Promise<void>;
}

/** @throws TillsyncError STATE_CORRUPT */
export function openMemoryAgent(world: MemoryWorld, files: MemoryFiles, tusn: Tusn = TUSN): MemoryAgent {
  const objects = openObjects(files);
  const trusts = openTrustStore(objects, world.approvers.trust.root);
  const slots = openSlots(objects, trusts, tusn);
  const { cardKey } = world;
  const log: string[] = [];
  let busy = 0;
  let dead = false;
  const forever = () => new Promise<never>(() => {});

  const terminal: Terminal = {
    readStatus: async () => {
      if (world.busyTimes === 0) return { kind: "ready" };
      world.busyTimes -= 1;
      return { kind: "busy", reason: "open_batch" };
    },
    apply: async (profile, cardNumber) => {
      world.content = profile;
      world.cardNumber = cardNumber;
      return { kind: "applied" };
    },
    loadWorkingKeys: forever,
    computeMac: forever,
    computeCryptogram: forever,
  };
  const readiness = new Readiness(terminal);
  const performTerminal = createPerform({
    slots,
    terminal,
    readiness,
    cardKey: cardKey?.privateKey,
    pause: async () => {},
  });

  const perform: Perform = async (effect) => {
    if (isCut(files)) return forever();
    busy += 1;
    // Answers come later, as real ones do.
    await new Promise((resolve) => setImmediate(resolve));
    return answer(effect).finally(() => {
      busy -= 1;
    });
  };
  const answer: Perform = async (effect) => {
    switch (effect.kind) {
      case "read_status":
      case "apply":
        return performTerminal(effect);
      case "test": {
        const kind = world.verdicts.shift() ?? "passed";
        if (kind !== "failed") world.standing += 1;
        return { kind: "tested", verdict: { kind, detail: "" }, reversalReason: kind === "failed" ? undefined : "98" };
      }
      case "reverse":
        world.standing = 0;
        return { kind: "reversed", answered: true };
      case "pause":
        return { kind: "resumed" };
    }
  };

  const runner = new Runner({
    run: new Uint8Array(8),
    stateFile: openStateFile(files, tusn, NOW),
    objects,
    slots,
    trusts,
    deviceKey: DEVICE_KEY,
    cardKey,
    outbox: { send: (reports) => world.reports.push(...reports), announce: () => log.push("announce") },
    perform,
    readiness,
    clock: () => world.clock,
    uptime: () => world.uptime,
    pause: async () => {
      // Without power there is no trying again.
      dead ||= isCut(files);
      if (dead) await forever();
    },
    log: (_level, event) => log.push(event),
  });

  return {
    runner,
    slots,
    trusts,
    files,
    log,
    settle: async () => {
      let quiet = 0;
      while (quiet < 3 && !dead) {
        await new Promise((resolve) => setImmediate(resolve));
        quiet = busy === 0 ? quiet + 1 : 0;
      }
    },
    receiptAll: async () => {
      for (const report of runner.unsent()) {
        await runner.receive("receipt", toReceiptBytes(toReceipt(report)));
      }
    },
  };
}

export function toReceipt(report: Report) {
  return { counter: report.counter, report: toDigest(toReportBytes(report)) };
}

export function toTrustBytes(world: MemoryWorld): Uint8Array {
  return toTrustBundleBytes(world.approvers.trust);
}

/** Whether every slot that the agent's state names proves itself. */
export function isWhole({ runner, slots }: MemoryAgent): boolean {
  return toSlotsInUse(runner.state).every((slot) => slots.read(slot) !== undefined);
}

function isCut(files: MemoryFiles): boolean {
  return files.cutAt !== 0 && files.operations >= files.cutAt;
}
