import { type ChildProcess, fork, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { toAclEntry, toAclHead } from "../../broker/acl.ts";
import type { BenchFleetCertificates } from "./certificates.ts";
import type { ClientSettings, Done, Order } from "./client-main.ts";
import type { ServerSettings } from "./server-main.ts";

const SERVER_MAIN = fileURLToPath(new URL("./server-main.js", import.meta.url));
const CLIENT_MAIN = fileURLToPath(new URL("./client-main.js", import.meta.url));
const PATH = `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/local/sbin`;
/** Mosquitto takes its time to read a list of ten thousand terminals. */
const START_MS = 180_000;
const POLL_MS = 20;
/** Clock ticks per second in proc(5), the same on every Linux that Node runs on. */
const TICKS = 100;

/** A broker in a process of its own. */
export interface BrokerProcess {
  readonly port: number;
  readonly pid: number;
  end(): Promise<void>;
}

export interface ClientProcess {
  fulfil(order: Order): Promise<Done>;
  end(): Promise<void>;
}

export function hasMosquitto(): boolean {
  return spawnSync("mosquitto", ["-h"], { env: { PATH } }).error === undefined;
}

export async function startOurs(settings: ServerSettings): Promise<BrokerProcess> {
  const child = fork(SERVER_MAIN, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  child.send(settings);
  const [port] = (await once(child, "message")) as [number];
  return { port, pid: child.pid ?? 0, end: () => end(child) };
}

/** Under the list that `tillsync broker acl` prints for this fleet; otherwise as docs/external-broker.md has it. */
export async function startMosquitto(folder: string, fleet: BenchFleetCertificates): Promise<BrokerProcess> {
  const save = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const port = await findFreePort();
  const acl = fleet.terminals.map(({ tusn }) => toAclEntry(tusn, "full")).join("");
  const lines = [
    `user ${userInfo().username}`,
    "allow_anonymous false",
    `acl_file ${save("acl", toAclHead() + acl)}`,
    ...["persistence false", "sys_interval 0", "max_inflight_messages 0", "max_queued_messages 0"],
    ...[`listener ${port} 127.0.0.1`, "max_qos 1", "tls_version tlsv1.3"],
    `cafile ${save("ca.pem", fleet.authority.certificate)}`,
    `certfile ${save("server.pem", fleet.server.certificate)}`,
    `keyfile ${save("server.key", fleet.server.key)}`,
    ...["require_certificate true", "use_identity_as_username true", "use_username_as_clientid true"],
  ];
  const child = spawn("mosquitto", ["-c", save("conf", `${lines.join("\n")}\n`)], { env: { PATH }, stdio: "ignore" });
  const deadline = Date.now() + START_MS;
  while (!(await isListening(port))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error("mosquitto did not start");
    await delay(POLL_MS);
  }
  return { port, pid: child.pid ?? 0, end: () => end(child) };
}

export async function startClient(settings: ClientSettings): Promise<ClientProcess> {
  const child = fork(CLIENT_MAIN, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  child.send(settings);
  await once(child, "message");
  return {
    fulfil: async (order) => {
      const done = once(child, "message");
      child.send(order);
      return ((await done) as [Done])[0];
    },
    end: () => end(child),
  };
}

/** Processor time that a process has used, in seconds to a hundredth. */
export function readCpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Resident memory in bytes. */
export function readResident(pid: number): number {
  const match = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(match?.[1]) * 1_024;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
