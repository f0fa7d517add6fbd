import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { signRelease } from "../certs/release.ts";
import { toReleaseFileBytes } from "../proto/delivery.ts";
import type { Parameters } from "../proto/profile.ts";
import { openAcquirerProcess } from "../sim/acquirer/process.ts";
import { toSimulatedTmk } from "../sim/keys.ts";
import { DEMO_APPROVERS, readDemoKey } from "../src/app/demo-approvers.ts";
import { readProfileDefaults } from "../src/app/profile-defaults.ts";
import { buildRelease, type ReleaseRequest } from "../src/app/release/build.ts";
import { publishRelease } from "../src/app/release/publish.ts";
import type { ProfileDefaults } from "../src/domain/next-profile.ts";
import { type BenchFleet, type Closers, closeAll, openBenchFleet } from "./fleet.ts";
import { toMedian } from "./measure.ts";

const ACQUIRER_MAIN = fileURLToPath(new URL("../sim/acquirer/main.js", import.meta.url));
const TERMINALS_MAIN = fileURLToPath(new URL("./terminals-main.js", import.meta.url));
const ROUNDS = 3;
const POLL_MS = 20;
const ROUND_MS = 120_000;

/**
 * Deployments per second through the whole path: release signed by one, outbox, broker over mutual TLS, gate, slots on
 * disk, apply, test transaction with its reversal over TCP, report, ledger, receipt. `count` agents share one process,
 * the acquirer has its own. Median of ROUNDS rounds, in each of which every terminal gets one directive.
 */
export async function measureDeployments(count: number): Promise<number> {
  const closers: Closers = [];
  try {
    return await measure(count, closers);
  } finally {
    await closeAll(closers);
  }
}

type Fleet = BenchFleet & { readonly defaults: ProfileDefaults };

async function measure(count: number, closers: Closers): Promise<number> {
  const opened = await openBenchFleet(count, closers);
  const acquirer = await openAcquirerProcess(ACQUIRER_MAIN);
  closers.push(() => acquirer.close());
  await acquirer.addTerminals(
    opened.rows.map(({ terminal: { tusn, terminalNo }, merchant }) => ({
      terminalNo,
      merchantNo: merchant.number,
      tmk: toSimulatedTmk(tusn),
    })),
  );
  closers.push(await startTerminals(opened.configFiles));

  const { acquiring, ...rest } = readProfileDefaults(opened.folder.path);
  const fleet = { ...opened, defaults: { ...rest, acquiring: { ...acquiring, port: acquirer.port } } };
  await takeFirstProfiles(fleet);
  const rates: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    rates.push(count / (await deployToAll(fleet, { deadlineS: 60 + round })));
  }
  return toMedian(rates);
}

/** All agents in one process; resolves, when they were started, with what ends it. */
async function startTerminals(configFiles: readonly string[]): Promise<() => Promise<void>> {
  const child = fork(TERMINALS_MAIN, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  child.send(configFiles);
  await once(child, "message");
  return async () => {
    const exited = once(child, "exit");
    child.disconnect();
    await exited;
  };
}

/** One release per merchant, because a first profile binds a settlement account. */
async function takeFirstProfiles(fleet: Fleet): Promise<void> {
  for (const merchant of new Set(fleet.rows.map((row) => row.merchant.number))) {
    await publish(fleet, { merchant, patch: {} });
  }
  await untilCommitted(fleet, fleet.rows.length);
}

/** Seconds from publishing one release for all to the last outcome stored. */
async function deployToAll(fleet: Fleet, parameters: Partial<Parameters>): Promise<number> {
  const before = await countCommitted(fleet);
  const started = performance.now();
  await publish(fleet, { patch: { parameters } });
  await untilCommitted(fleet, before + fleet.rows.length);
  return (performance.now() - started) / 1_000;
}

async function publish(fleet: Fleet, request: Pick<ReleaseRequest, "merchant" | "patch">): Promise<void> {
  const { context, folder, trust, defaults } = fleet;
  const { file } = await buildRelease(context, {
    ...request,
    reason: "benchmark",
    onFail: "rollback",
    validityS: 3_600,
    defaults,
  });
  const keys = DEMO_APPROVERS.map(({ id }) => readDemoKey(folder.approvers, id));
  await publishRelease(context, toReleaseFileBytes(keys.reduce(signRelease, file)), trust.trust().policy);
  await fleet.service.dispatch();
}

async function untilCommitted(fleet: Fleet, count: number): Promise<void> {
  const deadline = performance.now() + ROUND_MS;
  for (;;) {
    const committed = await countCommitted(fleet);
    if (committed >= count) return;
    if (performance.now() > deadline) throw new Error(`only ${committed} of ${count} committed`);
    await delay(POLL_MS);
  }
}

async function countCommitted({ context }: Fleet): Promise<number> {
  const row = await context.store
    .selectFrom("deployments")
    .select((select) => select.fn.countAll<number>().as("count"))
    .where("state", "=", "committed")
    .executeTakeFirstOrThrow();
  return row.count;
}
