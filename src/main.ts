#!/usr/bin/env node
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import pino from "pino";
import type { BusHandlers } from "../broker/bus.ts";
import { openJoinedBus } from "../broker/joined.ts";
import { TillsyncError } from "../proto/errors.ts";
import type { DemoFiles, DemoResult } from "../sim/demo/demo.ts";
import { toAccountKeyFile } from "./app/accounts/account-key.ts";
import type { Accounts } from "./app/accounts/accounts.ts";
import { openAccounts } from "./app/accounts/open-accounts.ts";
import { openAcquirers } from "./app/acquirers/open.ts";
import { readAcquirerSettings } from "./app/acquirers/settings.ts";
import { type ChangeService, openChangeService, openOrderRunner } from "./app/changes/service.ts";
import type { ChangeTools } from "./app/changes/submit.ts";
import { toChangeTools } from "./app/changes/tools.ts";
import type { Context } from "./app/context.ts";
import { type DataFolder, openDataFolder } from "./app/data-folder.ts";
import { DEMO_APPROVERS } from "./app/demo-approvers.ts";
import { openFleetService } from "./app/fleet-service.ts";
import type { IdentitySettings } from "./app/identity/settings.ts";
import { readNoticeSettings } from "./app/notices/settings.ts";
import { openReviewService } from "./app/reviews/service.ts";
import { LocalKeysVerifier } from "./app/verifiers/local-keys.ts";
import { ManualVerifier } from "./app/verifiers/manual.ts";
import { openRegistry } from "./app/verifiers/registry.ts";
import type { Verifier } from "./app/verifiers/verifier.ts";
import type { OpenedAcquirers } from "./faces/cli/acquirer-commands.ts";
import { openBackend } from "./faces/cli/backend.ts";
import type { Output } from "./faces/cli/output.ts";
import type { Backend, CliPorts, DemoCommandOptions, ServeCommandOptions, ServeOptions } from "./faces/cli/ports.ts";
import { DEFAULT_DATA, runCli } from "./faces/cli/program.ts";
import type { Acquiring } from "./faces/http/api/endpoint.ts";
import type { HttpFace } from "./faces/http/app.ts";
import { type Log, type LogLevel, openLog } from "./log.ts";

// The composition root of the service and its command line: the only place that knows which adapters there are. What
// only a long-running command needs is loaded when it runs, so that the others answer quickly.

// This file is dist/src/main.js when compiled and dist/tillsync/main.js in its bundle: both lie equally deep. Every other
// module may end up in any file of the bundle, so that only this one can say where something is.
const FONT = toPath("../tillsync/NotoSansSC-Regular.ttf.gz");
const ERRORS_PAGE = toPath("../../docs/errors.md");
const DEMO_FILES: DemoFiles = {
  agent: toPath("../tillsync-agent.cjs"),
  sign: toPath("../tillsync-sign.cjs"),
  acquirer: toPath("../sim/acquirer/main.js"),
  fleet: toPath("../sim/data/fleet.csv"),
};
const VERSION = readVersion(toPath("../../package.json"));

const ports: CliPorts = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  errorsPage: ERRORS_PAGE,
  font: readFont,
  openBackend: (data) => openBackendAt(data, "warn"),
  init: async (data, trust) => (await openDataFolder(data, toNow(), trust)).created,
  openAcquirers: openAcquirersAt,
  serve,
  demo,
};

// A reader that went away (a pipe to `head`) ends a command quietly; a log that cannot be written ends nothing.
process.stdout.on("error", () => process.exit());
process.stderr.on("error", () => undefined);

process.exitCode = await runCli(process.argv.slice(2), ports, process.env["TILLSYNC_DATA"] ?? DEFAULT_DATA, VERSION);

function openBackendAt(data: string, level: LogLevel): Promise<Backend> {
  return openBackend(data, toNow, openLog(level, openLogDestination()));
}

function openAcquirersAt(context: Context, folder: string): OpenedAcquirers {
  const settings = readAcquirerSettings(folder);
  const acquirers = openAcquirers(context, settings);
  return { settings, acquirers, runner: openOrderRunner(context, acquirers) };
}

function openLogDestination(): pino.DestinationStream {
  const destination = pino.destination(2);
  destination.on("error", () => undefined);
  return destination;
}

async function serve(options: ServeCommandOptions, output: Output): Promise<void> {
  const backend = await openBackendAt(options.data, "info");
  const { context, folder, settings, trust, close } = backend;
  try {
    const open = toOpenBus(options, folder, context.log);
    const openMqtt = async (handlers: BusHandlers) => {
      const bus = await open(handlers);
      output.err(`Tillsync ${VERSION} serves terminals on ${options.host}:${bus.port}. Ctrl-C ends it.\n`);
      return bus;
    };
    const openPolling = async (handlers: BusHandlers) => {
      const { openTerminalServer } = await import("./faces/http/terminal/terminal-server.ts");
      const tls = { ...folder.server, authority: folder.authority.certificate, host: options.host };
      const polling = await openTerminalServer({ ...context, ...tls, port: options.terminalPort }, handlers);
      output.err(`Terminals poll on ${options.host}:${polling.port}.\n`);
      return polling;
    };
    const openBus = (handlers: BusHandlers) =>
      openJoinedBus(options.terminal ? [openMqtt, openPolling] : [openMqtt], handlers);
    const ending = toEnding();
    const verifiers = openVerifiers(context, settings);
    const { authority } = folder;
    const acquirerSettings = readAcquirerSettings(folder.path);
    const acquirers = openAcquirers(context, acquirerSettings);
    const tools = toChangeTools(backend, acquirers);
    const accounts = await openAccounts(context, { keyFile: toAccountKeyFile(folder.path) });
    const service = await openFleetService({ ...context, trust, authority, verifiers, openBus });
    let changes: ChangeService | undefined;
    const reviews = openReviewService(context, acquirers);
    const faces: HttpFace[] = [];
    try {
      const attestor = { trust, trustFolder: folder.trust, authority: folder.authority.certificate };
      changes = openChangeService(context, tools, { acquirers, notices: readNoticeSettings(folder.path), attestor });
      const acquiring = { settings: acquirerSettings, acquirers, orders: changes.orders };
      const served = { ...backend, verifiers, tools, acquiring, accounts };
      for (const open of toFaces(options, served, output)) faces.push(await open());
      await untilAborted(ending.signal);
    } finally {
      for (const face of faces.reverse()) await face.close();
      await reviews.close();
      await changes?.close();
      await service.close();
      await accounts.close();
    }
  } finally {
    await close();
  }
}

/** Asked in this order: what can be computed here, what a registry says, what a person was told. */
function openVerifiers(context: Context, { snKeyFile, registry }: IdentitySettings): readonly Verifier[] {
  return [
    new LocalKeysVerifier(context, snKeyFile),
    ...(registry === undefined ? [] : [openRegistry(registry, context.log)]),
    new ManualVerifier(context),
  ];
}

interface Served extends Omit<Backend, "close"> {
  readonly verifiers: readonly Verifier[];
  readonly tools: ChangeTools;
  readonly acquiring: Acquiring;
  readonly accounts: Accounts;
}

/** The HTTPS faces that are wanted, each of which says where it listens. */
function toFaces(options: ServeCommandOptions, served: Served, output: Output): readonly (() => Promise<HttpFace>)[] {
  const { context, folder, settings, trust, verifiers, tools, acquiring, accounts } = served;
  const { host } = options;
  const common = { ...context, ...folder.server, host };
  const told = async (who: string, opening: Promise<HttpFace>) => {
    const face = await opening;
    output.err(`${who} ${host}:${face.port}.\n`);
    return face;
  };
  const openDesk = async () => {
    const { openDeskServer } = await import("./faces/http/desk/desk-server.ts");
    return told("Approvers are served on", openDeskServer({ ...common, trust, port: options.deskPort }));
  };
  const openEnrolment = async () => {
    const { openEnrolmentServer } = await import("./faces/http/enrolment/enrolment-server.ts");
    const { authority } = folder;
    const port = options.enrolmentPort;
    return told("Terminals enrol on", openEnrolmentServer({ ...common, authority, settings, verifiers, port }));
  };
  const openLookup = async () => {
    const { openLookupServer } = await import("./faces/http/lookup/lookup-server.ts");
    const attestor = { trust, trustFolder: folder.trust, authority: folder.authority.certificate };
    return told("Look-ups are answered on", openLookupServer({ ...common, ...attestor, port: options.lookupPort }));
  };
  const openApi = async () => {
    const { openApiServer } = await import("./faces/http/api/api-server.ts");
    const served = { ...common, accounts, tools, acquiring, dataFolder: folder.path, font: readFont };
    return told("Operators are served on", openApiServer({ ...served, port: options.apiPort }));
  };
  return [
    ...(options.desk ? [openDesk] : []),
    ...(options.enrolment ? [openEnrolment] : []),
    ...(options.lookup ? [openLookup] : []),
    ...(options.api ? [openApi] : []),
  ];
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
  const { context, folder, settings, close } = await openBackendAt(options.data, "error");
  const ending = toEnding();
  try {
    const openBus = toOpenBus(options, folder, context.log);
    const { signal } = ending;
    const { result, close: closeDemo } = await runDemo({
      ...options,
      ...{ context, folder, settings, screen, openBus, signal, files: DEMO_FILES },
    });
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

function readFont(): Uint8Array {
  try {
    return readFileSync(FONT);
  } catch (cause) {
    throw new TillsyncError("CONFIG_INVALID", { unreadable: FONT }, cause);
  }
}

function toPath(fromHere: string): string {
  return fileURLToPath(new URL(fromHere, import.meta.url));
}

function readVersion(page: string): string {
  const { version } = JSON.parse(readFileSync(page, "utf8"));
  return String(version);
}
