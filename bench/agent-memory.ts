import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Bus } from "../broker/bus.ts";
import { type Closers, closeAll, openBenchFleet } from "./fleet.ts";

/** How long an agent is connected and left alone before it is measured. */
const IDLE_MS = 5_000;
const CONNECT_MS = 20_000;
const POLL_MS = 50;

/** Resident set of one agent process in megabytes (10^6 bytes): connected, greeted, then left alone for IDLE_MS. */
export async function measureAgentMemory(bundle: string): Promise<number> {
  const closers: Closers = [];
  try {
    const { bus, configFiles } = await openBenchFleet(1, closers);
    const child = spawn(process.execPath, [bundle, "run", "--config", ...configFiles], { stdio: "ignore" });
    closers.push(() => child.kill("SIGKILL"));
    await untilConnected(bus);
    await delay(IDLE_MS);
    return readResidentMegabytes(child);
  } finally {
    await closeAll(closers);
  }
}

async function untilConnected(bus: Bus): Promise<void> {
  const deadline = performance.now() + CONNECT_MS;
  while (bus.connected().length === 0) {
    if (performance.now() > deadline) throw new Error("the agent did not connect");
    await delay(POLL_MS);
  }
}

function readResidentMegabytes({ pid }: ChildProcess): number {
  const match = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return (Number(match?.[1]) * 1_024) / 1_000_000;
}
