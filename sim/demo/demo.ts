import { createReadStream } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Bus, BusHandlers } from "../../broker/bus.ts";
import { TillsyncError, toErrorCode } from "../../proto/errors.ts";
import type { Context } from "../../src/app/context.ts";
import type { DataFolder } from "../../src/app/data-folder.ts";
import { DEMO_APPROVERS } from "../../src/app/demo-approvers.ts";
import { type FleetService, openFleetService } from "../../src/app/fleet-service.ts";
import type { IdentitySettings } from "../../src/app/identity/settings.ts";
import { importFleet } from "../../src/app/import/import-fleet.ts";
import { parseFleet } from "../../src/app/import/parse-fleet.ts";
import { readProfileDefaults } from "../../src/app/profile-defaults.ts";
import { listTerminals } from "../../src/app/queries/terminals.ts";
import { openTrust } from "../../src/app/trust-files.ts";
import { LocalKeysVerifier } from "../../src/app/verifiers/local-keys.ts";
import type { FleetRow } from "../../src/domain/fleet.ts";
import type { HttpFace } from "../../src/faces/http/app.ts";
import { type EnrolmentServerOptions, openEnrolmentServer } from "../../src/faces/http/enrolment/enrolment-server.ts";
import { openLookupServer } from "../../src/faces/http/lookup/lookup-server.ts";
import { type AcquirerProcess, openAcquirerProcess } from "../acquirer/process.ts";
import { toSimulatedTmk } from "../keys.ts";
import { AgentProcess } from "./agent-process.ts";
import { openApprovers } from "./approvers.ts";
import { MODELS_WITH_CARD_NUMBER } from "./fleet/models.ts";
import { type InstallationRequest, installTerminal } from "./provision.ts";
import type { Screen } from "./screen.ts";
import { toScreenRows } from "./screen-rows.ts";
import { STORY, type Tally } from "./story.ts";
import type { Actor, World } from "./world.ts";

const DRAW_MS = 250;
export const MAX_AGENTS = 64;

/** Paths of what the demonstration starts and reads. Only the composition root knows where it all lies. */
export interface DemoFiles {
  /** The bundled agent. */
  readonly agent: string;
  /** The bundled program of the approvers. */
  readonly sign: string;
  /** The acquirer's compiled main.js. */
  readonly acquirer: string;
  /** The sample fleet. */
  readonly fleet: string;
}

export interface DemoOptions {
  readonly files: DemoFiles;
  readonly context: Context;
  readonly folder: DataFolder;
  readonly settings: IdentitySettings;
  /** How many terminals run as processes, 1 to MAX_AGENTS. */
  readonly agents: number;
  readonly acquirerPort: number;
  readonly host: string;
  readonly enrolmentPort: number;
  readonly lookupPort: number;
  readonly screen: Screen;
  /** Ends the story where it is. */
  readonly signal: AbortSignal;
  openBus(handlers: BusHandlers): Promise<Bus & { readonly port: number }>;
}

export interface DemoResult extends Readonly<Tally> {
  /** Imported terminals. */
  readonly terminals: number;
  readonly seconds: number;
  /** Code of the step that did not end as told; absent where all did. */
  readonly failed?: string;
}

/** The running demonstration. */
export interface Demo {
  readonly result: DemoResult;
  /** Ends agents, acquirer and service, in that order. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts the service, the acquirer and the agents, and tells the story. They run on until closed, whatever the story's
 * end.
 *
 * @throws TillsyncError where something cannot be started, such as PORT_IN_USE
 */
export async function runDemo(options: DemoOptions): Promise<Demo> {
  const started = performance.now();
  const open: (() => Promise<void>)[] = [];
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= closeAll(open);
    return closing;
  };
  try {
    const { world, terminals } = await openWorld(options, open);
    const tally: Tally = {
      ...{ enrolled: 0, proven: 0, clonesCaught: 0, lookedUp: 0 },
      ...{ committed: 0, rolledBack: 0, refused: 0, recovered: 0, offlineCaughtUp: 0, takenBack: 0 },
    };
    const failed = await tellStory(world, tally, options);
    const seconds = Number(((performance.now() - started) / 1_000).toFixed(1));
    return { result: { terminals, ...tally, seconds, ...(failed === undefined ? {} : { failed }) }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openWorld(options: DemoOptions, open: (() => Promise<void>)[]) {
  const { context, folder, screen } = options;
  const rows = await readFleet(options.files.fleet);
  // What a merchant changed since is not put back to what the file says.
  if ((await listTerminals(context.store)).length === 0) await importFleet(context, rows);
  const known = await listTerminals(context.store);
  const merchants = new Set(known.map(({ merchantNumber }) => merchantNumber)).size;
  screen.say(`${known.length} terminals of ${merchants} merchants are in the records`);

  const trust = await openTrust(folder.trust);
  const verifiers = [new LocalKeysVerifier(context, options.settings.snKeyFile)];
  let bus: (Bus & { readonly port: number }) | undefined;
  const service: FleetService = await openFleetService({
    ...context,
    trust,
    authority: folder.authority,
    verifiers,
    openBus: async (handlers) => {
      bus = await options.openBus(handlers);
      return bus;
    },
  });
  open.push(() => service.close());
  if (bus === undefined) throw new TillsyncError("BUS_CLOSED");
  screen.say(`The fleet service listens for terminals on TLS port ${bus.port}`);

  const acquirer = await openAcquirerProcess(options.files.acquirer, options.acquirerPort);
  open.push(() => acquirer.close());
  screen.say(`The simulated acquirer speaks ISO 8583 on TCP port ${acquirer.port} (process ${acquirer.pid})`);

  const faces = await openFaces(options, { trust, verifiers });
  open.push(async () => void (await Promise.all(faces.map((face) => face.close()))));
  const [enrolUrl = "", lookupUrl = ""] = faces.map((face) => `https://localhost:${face.port}`);
  screen.say(`Terminals enrol on ${enrolUrl}; auditors and merchants look them up on ${lookupUrl}`);

  const chosen = rows.slice(0, options.agents);
  const installation = { enrolUrl, root: trust.trust().root, port: bus.port };
  const cast = await Promise.all(chosen.map((row) => openActor(options, row, installation)));
  await addToAcquirer(acquirer, chosen);
  open.push(async () => void (await Promise.all(cast.map(({ agent }) => agent.stop()))));

  const defaults = readProfileDefaults(folder.path);
  const [maker = "", checker = ""] = DEMO_APPROVERS.map(({ id }) => id);
  const approvers = openApprovers({
    ...{ program: options.files.sign, home: folder.approvers, desk: join(folder.path, "papers") },
    ...{ maker, checker },
  });
  open.push(async () => approvers.close());
  await approvers.updateTrust(folder.trust);
  const world: World = {
    signal: options.signal,
    ...{ context, folder, settings: options.settings, trust, bus, acquirer, approvers, cast, enrolUrl, lookupUrl },
    defaults: { ...defaults, acquiring: { ...defaults.acquiring, port: acquirer.port } },
    wake: () => void service.dispatch(),
    say: (line) => screen.say(line),
  };
  return { world, terminals: known.length };
}

type FaceParts = Pick<EnrolmentServerOptions, "verifiers"> & Pick<World, "trust">;

/** Where terminals enrol, and where they are looked up. */
async function openFaces(
  { context, folder, settings, host, enrolmentPort, lookupPort }: DemoOptions,
  { trust, verifiers }: FaceParts,
): Promise<readonly HttpFace[]> {
  const common = { ...context, ...folder.server, host };
  const { authority } = folder;
  const enrolment = await openEnrolmentServer({ ...common, authority, settings, verifiers, port: enrolmentPort });
  const lookup = await openLookupServer({
    ...common,
    ...{ trust, trustFolder: folder.trust, authority: authority.certificate, port: lookupPort },
  });
  return [enrolment, lookup];
}

type Installation = Pick<InstallationRequest, "enrolUrl" | "root" | "port">;

async function openActor({ folder, files }: DemoOptions, row: FleetRow, installation: Installation): Promise<Actor> {
  const { tusn, terminalNo } = row.terminal;
  const agents = join(folder.path, "agents");
  const needsCardNumber = MODELS_WITH_CARD_NUMBER.includes(row.terminal.model);
  const ca = folder.authority.certificate;
  const terminal = await installTerminal({ ...installation, tusn, agents, ca, needsCardNumber });
  const { kind, bank, cnaps, holder, accountNo } = row.account;
  const settlement = { kind, bank, cnaps, holder, accountNo };
  const agent = new AgentProcess(files.agent, terminal);
  return { agent, tusn, terminalNo, merchant: row.merchant, settlement, needsCardNumber };
}

async function addToAcquirer(acquirer: AcquirerProcess, rows: readonly FleetRow[]): Promise<void> {
  await acquirer.addTerminals(
    rows.map(({ terminal: { tusn, terminalNo }, merchant }) => ({
      terminalNo,
      merchantNo: merchant.number,
      tmk: toSimulatedTmk(tusn),
    })),
  );
}

/** Tells the story to its end or to the first step that fails; gives that step's code. */
async function tellStory(world: World, tally: Tally, { screen, context }: DemoOptions): Promise<string | undefined> {
  let done = 0;
  let title = "";
  let isTelling = true;
  const draw = async () => {
    if (!screen.isLive) return;
    const rows = toScreenRows(await listTerminals(context.store), world);
    screen.draw({ title, done, steps: STORY.length, rows });
  };
  const drawing = (async () => {
    while (isTelling && screen.isLive) {
      await draw();
      await delay(DRAW_MS);
    }
  })();
  // It is awaited below; until then its failure is not an unhandled one.
  drawing.catch(() => undefined);
  try {
    for (const step of STORY) {
      title = step.title;
      screen.say(`${done + 1}. ${title}`);
      await step.run(world, tally);
      done += 1;
    }
    title = "Everything ended as told";
    return undefined;
  } catch (error) {
    title = `Failed: ${title}`;
    screen.say(error instanceof Error ? `   ${error.message}` : String(error));
    return toErrorCode(error);
  } finally {
    isTelling = false;
    await drawing;
    await draw();
  }
}

async function readFleet(path: string): Promise<readonly FleetRow[]> {
  const file = await parseFleet(createReadStream(path));
  if (file.faultCount > 0) throw new TillsyncError("IMPORT_REFUSED", { faults: file.faultCount });
  return file.rows;
}

/** The last opened is closed first. */
async function closeAll(open: (() => Promise<void>)[]): Promise<void> {
  for (const close of open.reverse()) await close();
}
