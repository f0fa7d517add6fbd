import { randomBytes } from "node:crypto";
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import type { Bus } from "../broker/bus.ts";
import { openEmbeddedBus } from "../broker/embedded.ts";
import type { Tusn } from "../proto/tusn.ts";
import { provisionTerminal } from "../sim/demo/provision.ts";
import type { Context } from "../src/app/context.ts";
import { type DataFolder, openDataFolder } from "../src/app/data-folder.ts";
import { enrolTerminal } from "../src/app/enrolment/record-device.ts";
import { type FleetService, openFleetService } from "../src/app/fleet-service.ts";
import { giveVerdict } from "../src/app/identity/verdicts.ts";
import { importFleet } from "../src/app/import/import-fleet.ts";
import { parseFleet } from "../src/app/import/parse-fleet.ts";
import { openTrust, type TrustHolder } from "../src/app/trust-files.ts";
import type { FleetRow } from "../src/domain/fleet.ts";
import { DEFAULT_IDENTITY_POLICY } from "../src/domain/verdict.ts";
import { openLog } from "../src/log.ts";
import { openStore, transact } from "../src/store/store.ts";

const FLEET = new URL("../sim/data/fleet.csv", import.meta.url);

/** A real service over a data folder of its own, with the first terminals of the sample fleet enrolled. */
export interface BenchFleet {
  readonly context: Context;
  readonly folder: DataFolder;
  readonly trust: TrustHolder;
  readonly bus: Bus;
  readonly service: FleetService;
  readonly rows: readonly FleetRow[];
  /** Settings of one agent per terminal. */
  readonly configFiles: readonly string[];
}

/** Work to be done at the end, the last added first. */
export type Closers = (() => unknown)[];

export async function openBenchFleet(count: number, closers: Closers): Promise<BenchFleet> {
  const parent = mkdtempSync(join(tmpdir(), "tillsync-bench-"));
  closers.push(() => rmSync(parent, { recursive: true, force: true }));
  const { folder } = await openDataFolder(join(parent, "data"), toNow());
  const store = await openStore(folder.database);
  closers.push(() => store.destroy());
  const context: Context = {
    store,
    now: toNow,
    randomBytes,
    identity: DEFAULT_IDENTITY_POLICY,
    log: openLog("error", pino.destination(2)),
  };
  const rows = (await parseFleet(createReadStream(FLEET))).rows.slice(0, count);
  await importFleet(context, rows);

  const trust = await openTrust(folder.trust);
  const { service, bus, port } = await openService(context, folder, trust);
  closers.push(() => service.close());
  const root = trust.trust().root;
  const configFiles = await Promise.all(rows.map((row) => enrol(context, folder, row, root, port)));
  return { context, folder, trust, bus, service, rows, configFiles };
}

export async function closeAll(closers: Closers): Promise<void> {
  for (const close of closers.reverse()) await close();
}

async function openService(context: Context, folder: DataFolder, trust: TrustHolder) {
  const { key, certificate } = folder.server;
  const options = { host: "127.0.0.1", port: 0, key, certificate, authority: folder.authority.certificate };
  const opened: Awaited<ReturnType<typeof openEmbeddedBus>>[] = [];
  const service = await openFleetService({
    ...context,
    trust,
    authority: folder.authority,
    verifiers: [],
    openBus: async (handlers) => {
      const bus = await openEmbeddedBus({ ...options, log: () => undefined }, handlers);
      opened.push(bus);
      return bus;
    },
  });
  const [bus] = opened;
  if (bus === undefined) throw new Error("the service opened no bus");
  return { service, bus, port: bus.port };
}

async function enrol(
  context: Context,
  folder: DataFolder,
  { terminal: { tusn } }: FleetRow,
  root: Uint8Array,
  port: number,
): Promise<string> {
  const agents = join(folder.path, "agents");
  const now = new Date(toNow() * 1_000);
  const made = await provisionTerminal({
    tusn,
    agents,
    authority: folder.authority,
    root,
    port,
    needsCardNumber: false,
    now,
  });
  await enrolTerminal(context, tusn, made.certificate);
  await recordVerdict(context, tusn);
  return made.configFile;
}

/** Settlements go to proven terminals only. */
async function recordVerdict({ store, now, identity }: Context, tusn: Tusn): Promise<void> {
  const given = { tusn, verdict: "verified-manual", source: "manual", evidence: {}, actor: "bench" } as const;
  await transact(store, (tx) => giveVerdict(tx, now(), identity, given));
}

function toNow(): number {
  return Math.floor(Date.now() / 1_000);
}
