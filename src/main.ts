#!/usr/bin/env node
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import pino from "pino";
import type { BusHandlers } from "../broker/bus.ts";
import { TillsyncError } from "../proto/errors.ts";
import type { DemoResult } from "../sim/demo/demo.ts";
import { type DataFolder, openDataFolder, readDataFolder } from "./app/data-folder.ts";
import { DEMO_APPROVERS } from "./app/demo-approvers.ts";
import { openFleetService } from "./app/fleet-service.ts";
import { openTrust } from "./app/trust-files.ts";
import type { Output } from "./faces/cli/output.ts";
import type { Backend, CliPorts, DemoCommandOptions, ServeCommandOptions, ServeOptions } from "./faces/cli/ports.ts";
import { DEFAULT_DATA, runCli } from "./faces/cli/program.ts";
import { type Log, type LogLevel, openLog } from "./log.ts";
import { openStore } from "./store/store.ts";

// The composition root of the service and its command line: the only place that knows which adapters there are. What
// only a long-running command needs is loaded when it runs, so that the others answer quickly.

const VERSION = readVersion();

const ports: CliPorts = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  openBackend: (data) => openBackend(data, "warn"),
  init: async (data, trust) => (await openDataFolder(data, toNow(), trust)).created,
  serve,
  demo,
};

// A reader that went away (a pipe to `head`) ends a command quietly; a log that cannot be written ends nothing.
process.stdout.on("error", () => process.exit());
process.stderr.on("error", () => undefined);

process.exitCode = await runCli(process.argv.slice(2), ports, process.env["TILLSYNC_DATA"] ?? DEFAULT_DATA, VERSION);

async function openBackend(data: string, level: LogLevel): Promise<Backend> {
  if (!existsSync(data)) throw new TillsyncError("DATA_FOLDER_INVALID", { missing: data });
  const folder = readDataFolder(data);
  const trust = await openTrust(folder.trust);
  const store = await openStore(folder.database);
  const context = { store, now: toNow, randomBytes, log: openLog(level, openLogDestination()) };
  return { context, folder, trust, close: () => store.destroy() };
}

function openLogDestination(): pino.DestinationStream {
  const destination = pino.destination(2);
  destination.on("error", () => undefined);
  return destination;
}

async function serve(options: ServeCommandOptions, output: Output): Promise<void> {
  const { context, folder, trust, close } = await openBackend(options.data, "info");
  try {
    const open = toOpenBus(options, folder, context.log);
    const openBus = async (handlers: BusHandlers) => {
      const bus = await open(handlers);
      output.err(`Tillsync ${VERSION} serves terminals on ${options.host}:${bus.port}. Ctrl-C ends it.\n`);
      return bus;
    };
    const ending = toEnding();
    const service = await openFleetService({ ...context, trust, openBus });
    try {
      const desk = options.desk ? await openDesk(options, { context, folder, trust }) : undefined;
      if (desk !== undefined) output.err(`Approvers are served on ${options.host}:${desk.port}.\n`);
      await untilAborted(ending.signal);
      await desk?.close();
    } finally {
      await service.close();
    }
  } finally {
    await close();
  }
}

async function openDesk(options: ServeCommandOptions, { context, folder, trust }: Omit<Backend, "close">) {
  const { openDeskServer } = await import("./faces/http/desk-server.ts");
  return await openDeskServer({ ...context, ...folder.server, trust, host: options.host, port: options.deskPort });
}

async function demo(options: DemoCommandOptions, output: Output): Promise<number> {
  const [{ runDemo }, { openScreen }] = await Promise.all([
    import("../sim/demo/demo.ts"),
    import("../sim/demo/screen.ts"),
  ]);
  // With --json, standard output holds the one line of the result.
  const stream = output.json ? process.stderr : process.stdout;
  const screen = openScreen(stream, !output.json && process.stdout.isTTY);
  const { created } = await openDataFolder(options.data, toNow());
  for (const line of created ? toCreatedLines(options.data) : [`Data folder ${options.data} is there already`]) {
    screen.say(line);
  }
  const { context, folder, close } = await openBackend(options.data, "warn");
  const ending = toEnding();
  try {
    const openBus = toOpenBus(options, folder, context.log);
    const { signal } = ending;
    const { result, close: closeDemo } = await runDemo({ ...options, context, folder, screen, openBus, signal });
    screen.close();
    if (output.json) output.out(`${JSON.stringify(result)}\n`);
    else output.out(`${toSummary(result)}\n`);
    if (!options.once && result.failed === undefined) {
      screen.say("Everything runs on. Ask it in a second shell: npx tillsync terminals list. Ctrl-C ends it.");
      await untilAborted(ending.signal);
    }
    await closeDemo();
    return result.failed === undefined ? 0 : 1;
  } finally {
    await close();
  }
}

function toOpenBus(options: ServeOptions, folder: DataFolder, log: Log) {
  const { host, port } = options;
  const { key, certificate } = folder.server;
  const authority = folder.authority.certificate;
  return async (handlers: BusHandlers) => {
    const { openEmbeddedBus } = await import("../broker/embedded.ts");
    return await openEmbeddedBus(
      { host, port, key, certificate, authority, log: (event, fields) => log.info(fields, event) },
      handlers,
    );
  };
}

function toCreatedLines(data: string): readonly string[] {
  const people = DEMO_APPROVERS.map(({ name, id, roles }) => `${name} (${id}, ${roles.join(" and ")})`).join(" and ");
  return [
    `Data folder ${data} made: private CA, certificates, trust root`,
    `DEMO approvers ${people}: passphrases lie beside their keys in ${data}/approvers, for trying out only`,
  ];
}

function toSummary(result: DemoResult): string {
  const { terminals, committed, rolledBack, refused, recovered, offlineCaughtUp, seconds } = result;
  return (
    `${terminals} terminals: ${committed} commits, ${rolledBack} rollbacks, ${refused} forgeries refused, ` +
    `${recovered} recovered from a power cut, ${offlineCaughtUp} caught up after being off line, in ${seconds} s`
  );
}

/** Aborts when the process is told to end, whatever it is doing then. */
function toEnding(): AbortController {
  const ending = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => ending.abort());
  return ending;
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}

function toNow(): number {
  return Math.floor(Date.now() / 1_000);
}

function readVersion(): string {
  const page = ["../package.json", "../../package.json"].find((path) => existsSync(new URL(path, import.meta.url)));
  const { version } = JSON.parse(readFileSync(new URL(page ?? "", import.meta.url), "utf8"));
  return String(version);
}
