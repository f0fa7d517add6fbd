import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import type { KeyAndCertificate } from "../../certs/x509/authority.ts";
import { loadCertificates } from "./certificates.ts";
import type { Address } from "./mqtt-terminal.ts";
import { discard, makeScratch } from "./scratch.ts";

const PATH = `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/local/sbin`;
const START_MS = 20_000;
const POLL_MS = 10;

export const HAS_MOSQUITTO = spawnSync("mosquitto", ["-h"], { env: { PATH } }).error === undefined;

/** To be called once in each test file that leaves tests out where there is no mosquitto. */
export function expectMosquitto(): void {
  it.runIf(process.env["TILLSYNC_REQUIRE_ALL"] === "1")(
    "mosquitto is on the machine where everything must be checked",
    () => expect(HAS_MOSQUITTO).toBe(true),
  );
}

export interface MosquittoOptions {
  /** Text of the access control list; no list where absent. */
  readonly acl?: string;
  /** What the documented configuration is changed by, in order. */
  readonly changes?: readonly (readonly [from: string | RegExp, to: string])[];
  /** The test certificates where absent. */
  readonly authority?: KeyAndCertificate;
  readonly server?: KeyAndCertificate;
  /** Certificates beside the private authority's that are believed. */
  readonly alsoTrusted?: string;
}

/** A mosquitto of its own in a process of its own, over TLS under the test certificates. */
export interface Mosquitto {
  readonly address: Address;
  /** For a second listener: `PLAIN` in the changes. */
  readonly plainPort: number;
  readonly pid: number;
  /** Puts another list in place and has it read. */
  reload(acl: string): Promise<void>;
  kill(): Promise<void>;
}

const running = new Set<() => Promise<void>>();

/** As docs/external-broker.md has it, with paths and port of the test. */
export async function startMosquitto(options: MosquittoOptions): Promise<Mosquitto> {
  const { acl, changes = [], alsoTrusted = "" } = options;
  const folder = makeScratch("mosquitto");
  const { authority, server } = { ...(await loadCertificates()), ...options };
  const save = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const [port, plainPort] = [await findFreePort(), await findFreePort()];
  const paths = {
    "/etc/mosquitto/tillsync.acl": save("acl", acl ?? ""),
    "/etc/mosquitto/tillsync/ca.pem": save("ca.pem", authority.certificate + alsoTrusted),
    "/etc/mosquitto/tillsync/server.pem": save("server.pem", server.certificate),
    "/etc/mosquitto/tillsync/server.key": save("server.key", server.key),
    "listener 8883": `listener ${port} 127.0.0.1`,
  };
  const documented = Object.entries(paths).reduce((text, [from, to]) => replaceOnce(text, from, to), readConfig());
  const changed = changes.reduce((text, [from, to]) => replaceOnce(text, from, to), documented);
  const config = `user ${userInfo().username}\n${changed}`.replaceAll("PLAIN", String(plainPort));
  const child = spawn("mosquitto", ["-c", save("conf", config)], {
    env: { PATH },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  const kill = async () => {
    running.delete(kill);
    await end(child);
    discard(folder);
  };
  running.add(kill);
  await untilListening(port, child, () => errors);
  return {
    address: { host: "127.0.0.1", port },
    plainPort,
    pid: child.pid ?? 0,
    reload: async (text) => {
      save("acl", text);
      const before = errors.length;
      child.kill("SIGHUP");
      while (!errors.slice(before).includes("Reloading config")) await delay(POLL_MS);
    },
    kill,
  };
}

/** Kills every mosquitto that a test has left running. */
export async function endMosquittos(): Promise<void> {
  for (const kill of running) await kill();
}

/** The one block of configuration in the documentation. */
function readConfig(): string {
  const page = readFileSync("docs/external-broker.md", "utf8");
  return /```conf\n(.*?)```/s.exec(page)?.[1] ?? "";
}

function replaceOnce(text: string, from: string | RegExp, to: string): string {
  const replaced = text.replace(from, to);
  if (replaced === text) throw new Error(`the configuration has no ${from}`);
  return replaced;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

async function untilListening(port: number, child: ChildProcess, errors: () => string): Promise<void> {
  const deadline = Date.now() + START_MS;
  while (!(await isListening(port))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`mosquitto did not start: ${errors()}`);
    await delay(POLL_MS);
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** A port that was free a moment ago: mosquitto takes no 0. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
