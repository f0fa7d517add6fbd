import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type BenchFleetCertificates, makeCertificates } from "./connect/certificates.ts";
import type { ClientTerminal } from "./connect/client-main.ts";
import {
  type BrokerProcess,
  type ClientProcess,
  hasMosquitto,
  readCpuSeconds,
  readResident,
  startClient,
  startMosquitto,
  startOurs,
} from "./connect/processes.ts";
import { writeRegistry } from "./connect/registry.ts";
import { toTable } from "./connect/table.ts";
import { toMedian, toRounded } from "./measure.ts";

// What connecting costs: TLS 1.3 handshakes by both sides' certificates with MQTT's CONNECT and CONNACK, new and resumed,
// and memory for terminals that are connected and say nothing. Ours with and without the look-ups that admit a terminal,
// and Mosquitto where it is installed, by the same client, in turns. Progress on standard error, the result as JSON and
// a table. `--quick` makes a few connections only.

const isQuick = process.argv.includes("--quick");
const ROUNDS = isQuick ? 2 : 5;
const PER_ROUND = isQuick ? 100 : 400;
const WARM_UP = isQuick ? 50 : 200;
const IDLE = isQuick ? [200, 500] : [2_000, 10_000];
const FLEET = Math.max(...IDLE);
/** Garbage of connecting is gone after this long without work. */
const SETTLE_MS = isQuick ? 500 : 3_000;

const KINDS = ["new", "resumed"] as const;
type Kind = (typeof KINDS)[number];

interface Contender {
  readonly name: string;
  start(): Promise<BrokerProcess>;
}

interface Round {
  /** Connections per second of wall clock. */
  readonly rate: number;
  /** Milliseconds of the broker's processor time per connection, and of the client's. */
  readonly cpuMs: number;
  readonly clientCpuMs: number;
}

const started: BrokerProcess[] = [];
const folder = mkdtempSync(join(tmpdir(), "tillsync-bench-"));
try {
  await run();
} finally {
  // After a failure, too, nothing runs on.
  for (const broker of started) await broker.end();
  rmSync(folder, { recursive: true, force: true });
}

async function run(): Promise<void> {
  const fleet = await makeCertificates(FLEET);
  tell(`${FLEET} certificates`);
  const database = join(folder, "registry.sqlite");
  await writeRegistry(database, fleet, Math.floor(Date.now() / 1_000));
  tell("registry");
  const { server, authority } = fleet;
  const contenders: Contender[] = [
    { name: "ours, no look-ups", start: () => startOurs({ server, authority }) },
    { name: "ours", start: () => startOurs({ server, authority, database }) },
    ...(hasMosquitto() ? [{ name: "mosquitto", start: () => startMosquitto(folder, fleet) }] : []),
  ];
  const client = await startClient(writeTerminals(fleet));
  const rounds = await measureConnecting(contenders, client);
  const memory = new Map<string, readonly number[]>();
  for (const contender of contenders.slice(1)) memory.set(contender.name, await measureMemory(contender, client));
  await client.end();
  print(contenders, rounds, memory);
}

/** Rounds in turns, so that whatever else the machine does falls on all of them. */
async function measureConnecting(contenders: readonly Contender[], client: ClientProcess) {
  const rounds = new Map<string, Round[]>();
  const brokers = await Promise.all(contenders.map(start));
  tell("brokers started");
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const [index, broker] of brokers.entries()) {
      for (const kind of KINDS) {
        const measured = await measureRound(broker, client, kind, round < 0 ? WARM_UP : PER_ROUND);
        const name = toKey(contenders[index]?.name ?? "", kind);
        if (round >= 0) rounds.set(name, [...(rounds.get(name) ?? []), measured]);
      }
    }
    tell(`round ${round + 1} of ${ROUNDS}`);
  }
  await Promise.all(brokers.map((broker) => broker.end()));
  return rounds;
}

async function measureRound(broker: BrokerProcess, client: ClientProcess, kind: Kind, count: number): Promise<Round> {
  const before = readCpuSeconds(broker.pid);
  const done = await client.fulfil({ port: broker.port, from: 0, count, kind });
  const cpuSeconds = readCpuSeconds(broker.pid) - before;
  const isSound = done.connected === count && done.resumed === (kind === "resumed" ? count : 0);
  if (!isSound) throw new Error(`${kind}: ${JSON.stringify(done)}`);
  return {
    rate: count / done.seconds,
    cpuMs: (cpuSeconds / count) * 1_000,
    clientCpuMs: (done.cpuSeconds / count) * 1_000,
  };
}

/** Bytes per idle terminal at each size of the fleet, above what the broker has before any is connected. */
async function measureMemory(contender: Contender, client: ClientProcess): Promise<readonly number[]> {
  const broker = await start(contender);
  // What is compiled and pooled on first use is no terminal's.
  await client.fulfil({ port: broker.port, from: 0, count: WARM_UP, kind: "new" });
  await delay(SETTLE_MS);
  const before = readResident(broker.pid);
  const perTerminal: number[] = [];
  let connected = 0;
  for (const size of IDLE) {
    const done = await client.fulfil({ port: broker.port, from: connected, count: size - connected, kind: "hold" });
    if (done.failed > 0) throw new Error(`${contender.name}: ${done.failed} could not connect`);
    connected = size;
    await delay(SETTLE_MS);
    perTerminal.push((readResident(broker.pid) - before) / size);
    tell(`${contender.name}: ${size} idle`);
  }
  await client.fulfil({ port: broker.port, from: 0, count: 0, kind: "drop" });
  await broker.end();
  return perTerminal;
}

function print(
  contenders: readonly Contender[],
  rounds: ReadonlyMap<string, readonly Round[]>,
  memory: ReadonlyMap<string, readonly number[]>,
): void {
  const middle = (name: string, kind: Kind, of: keyof Round) =>
    toMedian((rounds.get(toKey(name, kind)) ?? []).map((round) => round[of]));
  /** Median over the rounds of one contender's figure by another's in the same round. */
  const ratio = (name: string, other: string, kind: Kind) => {
    const others = rounds.get(toKey(other, kind)) ?? [];
    const ratios = (rounds.get(toKey(name, kind)) ?? []).map(
      ({ cpuMs }, at) => cpuMs / (others[at]?.cpuMs ?? Number.NaN),
    );
    return toRounded(toMedian(ratios));
  };
  const table = contenders.map(({ name }) => [
    name,
    ...KINDS.flatMap((kind) => [
      toRounded(middle(name, kind, "rate")),
      toRounded(middle(name, kind, "cpuMs")),
      toRounded(1_000 / middle(name, kind, "cpuMs")),
    ]),
    ...(memory.get(name) ?? IDLE.map(() => Number.NaN)).map((bytes) =>
      Number.isNaN(bytes) ? "-" : toRounded(bytes / 1_000),
    ),
  ]);
  const headings = [
    "broker",
    ...KINDS.flatMap((kind) => [`${kind}/s`, `${kind}: CPU ms`, `${kind}/s and core`]),
    ...IDLE.map((size) => `KB each at ${size}`),
  ];
  const names = contenders.map(({ name }) => name);
  const [bare = "", ours = "", other] = names;
  const result = {
    node: process.version,
    rounds: ROUNDS,
    connectionsPerRound: PER_ROUND,
    fleet: FLEET,
    contenders: Object.fromEntries(
      table.map(([name, ...figures]) => [
        name,
        Object.fromEntries(figures.map((figure, at) => [headings[at + 1], figure])),
      ]),
    ),
    clientCpuMs: Object.fromEntries(KINDS.map((kind) => [kind, toRounded(middle(ours, kind, "clientCpuMs"))])),
    cpuWithLookUpsByWithout: Object.fromEntries(KINDS.map((kind) => [kind, ratio(ours, bare, kind)])),
    ...(other === undefined
      ? {}
      : { cpuOursByMosquitto: Object.fromEntries(KINDS.map((kind) => [kind, ratio(ours, other, kind)])) }),
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

function toKey(name: string, kind: Kind): string {
  return `${name} ${kind}`;
}

async function start(contender: Contender): Promise<BrokerProcess> {
  const broker = await contender.start();
  started.push(broker);
  return broker;
}

function tell(text: string): void {
  process.stderr.write(`${Math.round(performance.now() / 1_000)} s: ${text}\n`);
}
