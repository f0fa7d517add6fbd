import { type ChildProcess, fork } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type BenchFleetCertificates, makeCertificates } from "./connect/certificates.ts";
import type { ClientTerminal } from "./connect/client-main.ts";
import { readCpuSeconds, readResident } from "./connect/processes.ts";
import { writeRegistry } from "./connect/registry.ts";
import { toTable } from "./connect/table.ts";
import { toMedian, toRounded } from "./measure.ts";
import type { PollingDone, PollingOrder } from "./polling/client-main.ts";

// What polling costs: the face for terminals that poll over mutual TLS 1.3, in a process of its own, with the look-ups that
// admit a terminal, asked by one client process. Answers with content (200), answers that nothing is new (304), and the
// latter over a new connection each; memory for terminals that stay connected. Progress on standard error, the result as
// JSON and a table. `--quick` has 100 terminals, `--terminals=N` so many.

const isQuick = process.argv.includes("--quick");
const TERMINALS = readTerminals() ?? (isQuick ? 100 : 2_000);
const ROUNDS = 5;
/** Requests of each terminal in one round; in all fewer than what one terminal may ask at once. */
const PER_TERMINAL = 4;
const NEW_PER_ROUND = Math.min(TERMINALS, isQuick ? 50 : 400);
const WARM_UP = 50;
const PAYLOAD_BYTES = 1_024;
/** Garbage of connecting is gone after this long without work. */
const SETTLE_MS = isQuick ? 500 : 3_000;
const SERVER_MAIN = fileURLToPath(new URL("./polling/server-main.js", import.meta.url));
const CLIENT_MAIN = fileURLToPath(new URL("./polling/client-main.js", import.meta.url));

interface Round {
  /** Requests per second of wall clock. */
  readonly rate: number;
  /** Milliseconds of the service's processor time per request, and of the client's. */
  readonly cpuMs: number;
  readonly clientCpuMs: number;
  /** Milliseconds. */
  readonly median: number;
  readonly p99: number;
}

const children: ChildProcess[] = [];
const folder = mkdtempSync(join(tmpdir(), "tillsync-bench-"));
try {
  await run();
} finally {
  // After a failure, too, nothing runs on.
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}

async function run(): Promise<void> {
  const fleet = await makeCertificates(TERMINALS);
  const database = join(folder, "registry.sqlite");
  await writeRegistry(database, fleet, Math.floor(Date.now() / 1_000));
  tell(`${TERMINALS} certificates and their registry`);
  const { server, authority } = fleet;
  const face = await start(SERVER_MAIN, { server, authority, database, payloadBytes: PAYLOAD_BYTES });
  const client = await start(CLIENT_MAIN, writeTerminals(fleet));
  const [port, pid] = [Number(face.said), face.child.pid ?? 0];
  const ask = async (order: Omit<PollingOrder, "port">, status: number) => {
    const cpuBefore = readCpuSeconds(pid);
    const answered = once(client.child, "message");
    client.child.send({ ...order, port });
    const [done] = (await answered) as [PollingDone];
    if (done.statuses[status] !== order.count) throw new Error(`${order.kind}: ${JSON.stringify(done.statuses)}`);
    return toRound(done, order.count, readCpuSeconds(pid) - cpuBefore);
  };
  // What is compiled and pooled on first use is no terminal's.
  await ask({ kind: "hello", count: WARM_UP }, 200);
  for (let n = 0; n < 2; n += 1) await ask({ kind: "content", count: WARM_UP }, 200);
  await delay(SETTLE_MS);
  const before = readResident(pid);
  const hello = await ask({ kind: "hello", count: TERMINALS }, 200);
  await delay(SETTLE_MS);
  // Those of before were connected already.
  const perTerminal = (readResident(pid) - before) / (TERMINALS - WARM_UP);
  tell(`${TERMINALS} connected`);
  const rounds: Record<"200" | "304" | "304, new connection", Round[]> = {
    ...{ "200": [], "304": [], "304, new connection": [] },
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let n = 0; n < PER_TERMINAL; n += 1) {
      rounds["200"].push(await ask({ kind: "content", count: TERMINALS }, 200));
    }
    tell(`content: round ${round + 1} of ${ROUNDS}`);
  }
  // From here on what waited counts as taken.
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let n = 0; n < PER_TERMINAL; n += 1) {
      rounds["304"].push(await ask({ kind: "unchanged", count: TERMINALS }, 304));
    }
    rounds["304, new connection"].push(await ask({ kind: "new", count: NEW_PER_ROUND }, 304));
    tell(`nothing new: round ${round + 1} of ${ROUNDS}`);
  }
  print({ "hello, new connection": [hello], ...rounds }, perTerminal);
}

/** A child, and what it says once it is ready. */
async function start(
  main: string,
  settings: object,
): Promise<{ readonly child: ChildProcess; readonly said: unknown }> {
  const child = fork(main, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  children.push(child);
  child.send(settings);
  const [said] = await once(child, "message");
  return { child, said };
}

function toRound({ seconds, cpuSeconds, latencies }: PollingDone, count: number, serverCpuSeconds: number): Round {
  return {
    rate: count / seconds,
    cpuMs: (serverCpuSeconds / count) * 1_000,
    clientCpuMs: (cpuSeconds / count) * 1_000,
    median: toMedian(latencies),
    p99: latencies[Math.min(count - 1, Math.floor(count * 0.99))] ?? Number.NaN,
  };
}

function print(rounds: Readonly<Record<string, readonly Round[]>>, perTerminal: number): void {
  const middle = (all: readonly Round[], of: keyof Round) => toRounded(toMedian(all.map((round) => round[of])));
  const headings = ["answer", "requests/s", "CPU ms", "requests/s and core", "median ms", "p99 ms"];
  const table = Object.entries(rounds).map(([name, all]) => [
    ...[name, middle(all, "rate"), middle(all, "cpuMs"), toRounded(1_000 / middle(all, "cpuMs"))],
    ...[middle(all, "median"), middle(all, "p99")],
  ]);
  const result = {
    node: process.version,
    terminals: TERMINALS,
    payloadBytes: PAYLOAD_BYTES,
    newConnectionsPerRound: NEW_PER_ROUND,
    answers: Object.fromEntries(
      table.map(([name, ...figures]) => [
        name,
        Object.fromEntries(figures.map((figure, at) => [headings[at + 1], figure])),
      ]),
    ),
    clientCpuMs: Object.fromEntries(
      Object.entries(rounds).map(([name, all]) => [name, middle(all, "clientCpuMs")] as const),
    ),
    kilobytesPerTerminal: toRounded(perTerminal / 1_000),
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n\n${toTable(headings, table)}\n`);
}

function writeTerminals({ terminals, authority, deviceKey }: BenchFleetCertificates) {
  const file = join(folder, "terminals.jsonl");
  const lines = terminals.map(({ tusn, certificate }) => {
    const terminal: ClientTerminal = { tusn, certificate: new X509Certificate(certificate).toString() };
    return `${JSON.stringify(terminal)}\n`;
  });
  writeFileSync(file, lines.join(""));
  return { authority: authority.certificate, deviceKey, terminals: file };
}

function readTerminals(): number | undefined {
  const text = process.argv.find((argument) => argument.startsWith("--terminals="))?.split("=")[1];
  return text === undefined ? undefined : Math.max(2 * WARM_UP, Number(text));
}

function tell(text: string): void {
  process.stderr.write(`${Math.round(performance.now() / 1_000)} s: ${text}\n`);
}
