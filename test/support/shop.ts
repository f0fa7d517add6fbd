import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseTusn, type Tusn } from "../../proto/tusn.ts";
import { type Acquirer, openAcquirer } from "../../sim/acquirer/acquirer.ts";
import { toSimulatedTmk } from "../../sim/keys.ts";
import { readDataFolder } from "../../src/app/data-folder.ts";
import { FLEET_COLUMNS, type FleetFields } from "../../src/domain/fleet-columns.ts";
import { callTillsync } from "./called-cli.ts";
import type { CliResult } from "./cli.ts";
import { makeDataFolder } from "./data-folder.ts";
import { FLEET_FIELDS } from "./fleet-fields.ts";
import type { TestMail } from "./mail-server.ts";
import { discard, makeScratch } from "./scratch.ts";
import { openShopAcquirer, type ShopAcquirer, type ShopScheme } from "./shop/acquirer.ts";
import { openShopMail, writeNotices } from "./shop/mail.ts";
import { type PackRules, toPackText } from "./shop/pack.ts";
import { POLL_MS, type Running, runSign, startAgent, startService, WAIT_MS } from "./shop/processes.ts";
import { writeShopTrust } from "./shop/trust.ts";

/**
 * One merchant with two terminals, of which the first needs card numbers. Service, agents and the approvers' program are
 * processes of their own.
 */
export interface Shop {
  /** The service's data folder, the agents' folders, the desk where release files lie, and the maker's own machine. */
  readonly folders: Readonly<Record<"data" | "agents" | "desk" | "maker", string>>;
  readonly tusns: readonly [Tusn, Tusn];
  readonly merchant: string;
  /** The merchant's rows of the fleet file, one for each terminal. */
  readonly rows: readonly FleetFields[];
  /** All that any process said, as it was said. */
  readonly said: readonly string[];
  readonly servicePid: number;
  /** Where the desk is served, where look-ups are answered, and where operators are served; the last is 0 without `hasApi`. */
  readonly deskPort: number;
  readonly lookupPort: number;
  readonly apiPort: number;
  /** The authority of all of them, PEM. */
  readonly ca: string;
  /** The host to which terminals send their test transactions. */
  readonly host: Pick<Acquirer, "script" | "records">;
  /** Where the merchant settles; absent without `acquirer`. */
  readonly acquirer?: ShopAcquirer;
  /** What came to the mail server; none without `hasMail`. */
  readonly mails: readonly TestMail[];
  /** An operator's command, beside the service that runs. */
  tillsync(...args: readonly string[]): Promise<CliResult>;
  /** The approvers' program, in the home that all approvers share. */
  sign(...args: readonly string[]): Promise<CliResult>;
  /** The options that say who signs. */
  as(person: string): readonly string[];
  /** Resolves when every terminal has committed the directive of this sequence. */
  untilCommitted(sequence: number): Promise<void>;
  stop(): Promise<void>;
  remove(): void;
}

export interface ShopOptions {
  /** Whether a person has found out that the terminals are genuine; so where absent. */
  readonly isProven?: boolean;
  /** For the Node of the service, such as `--heapsnapshot-signal=SIGUSR2`. */
  readonly nodeOptions?: readonly string[];
  /** Operators are served over HTTPS. */
  readonly hasApi?: boolean;
  /** People are told by e-mail. */
  readonly hasMail?: boolean;
  /** The acquirer of the merchant can be asked, and has the account of the fleet file on record. */
  readonly acquirer?: ShopScheme;
  /** Trust with a second checker and many card changes a day (`shop/trust.ts`). */
  readonly hasOwnTrust?: boolean;
  /** A policy pack is loaded that says this otherwise. */
  readonly pack?: PackRules;
  /** What the fleet file says otherwise of the merchant. */
  readonly fields?: Partial<FleetFields>;
}

/** A fleet file of these rows. */
export function toFleetCsv(rows: readonly FleetFields[]): string {
  const lines = rows.map((row) => FLEET_COLUMNS.map((column) => `"${row[column]}"`).join(","));
  return `${[FLEET_COLUMNS.join(","), ...lines].join("\n")}\n`;
}

/** @param accountNo settlement card in the fleet file */
export async function openShop(accountNo: string, options: ShopOptions = {}): Promise<Shop> {
  const folder = makeScratch("shop");
  const [data, agents, desk, maker] = ["data", "agents", "desk", "maker"].map((name) => join(folder, name));
  const folders = { data, agents, desk, maker } as Shop["folders"];
  const running: Running = { children: [], said: [] };
  const closing: (() => Promise<void>)[] = [];
  const rows = [0, 1].map((n): FleetFields => {
    const terminal = { tusn: `00000304N7NL0190000${n}`, terminal_no: `58D0000${n}` };
    return { ...FLEET_FIELDS, ...options.fields, ...terminal, account_no: accountNo };
  });
  const tusns = rows.map(({ tusn }) => parseTusn(tusn)) as unknown as Shop["tusns"];
  const host = await openHost(rows);
  closing.push(() => host.close());

  const note = (result: CliResult): CliResult => {
    running.said.push(result.stdout, result.stderr);
    return result;
  };
  const tillsync = async (...args: readonly string[]) => note(await callTillsync(folders.data, "--json", ...args));
  const sign = async (...args: readonly string[]) => note(await runSign(join(folders.data, "approvers"), args));

  for (const path of [folders.agents, folders.desk, folders.maker]) mkdirSync(path, { mode: 0o700 });
  const fleetFile = join(folders.maker, "fleet.csv");
  writeFileSync(fleetFile, toFleetCsv(rows));
  await makeDataFolder(folders.data);
  if (options.hasOwnTrust === true) await writeShopTrust(folders.data);
  await demandDone(tillsync("terminals", "import", fleetFile));
  if (options.pack !== undefined) {
    const packFile = join(folders.maker, "pack.json");
    writeFileSync(packFile, toPackText(options.pack));
    await demandDone(tillsync("policies", "load", packFile));
  }
  useHost(folders.data, host);
  const mail = options.hasMail === true ? await openShopMail(readDataFolder(folders.data).server) : undefined;
  if (mail !== undefined) {
    writeNotices(folders.data, mail.port);
    closing.push(() => mail.close());
  }
  const acquirer = options.acquirer === undefined ? undefined : await openSettling(folders, rows, options.acquirer);
  if (acquirer !== undefined) closing.push(() => acquirer.process.close());
  const { nodeOptions = [], hasApi = false, isProven = true } = options;
  const service = await startService(folders.data, running, { nodeOptions, hasApi });
  for (const [n, tusn] of tusns.entries()) {
    const terminal = { tusn, port: service.port, needsCardNumber: n === 0, isProven };
    await startAgent({ data: folders.data, agents: folders.agents, ...terminal }, running);
  }
  await untilHeard(tillsync, tusns.length);

  return {
    ...{ folders, tusns, rows, said: running.said, tillsync, sign, host },
    merchant: FLEET_FIELDS.merchant_no,
    ...{
      servicePid: service.pid,
      deskPort: service.deskPort,
      lookupPort: service.lookupPort,
      apiPort: service.apiPort,
    },
    ca: readDataFolder(folders.data).authority.certificate,
    ...(acquirer === undefined ? {} : { acquirer }),
    mails: mail?.mails ?? [],
    as: (person) => {
      const home = join(folders.data, "approvers");
      return ["--key", join(home, `${person}.pem`), "--passphrase-file", join(home, `${person}.passphrase`)];
    },
    untilCommitted: async (sequence) => {
      const deadline = performance.now() + WAIT_MS;
      let last = "";
      while (performance.now() < deadline) {
        const { stdout } = await tillsync("deployments");
        const states = JSON.parse(stdout) as readonly { sequence: number; state: string }[];
        if (states.filter((row) => row.sequence === sequence && row.state === "committed").length === 2) return;
        last = stdout;
        await delay(POLL_MS);
      }
      throw new Error(`not committed: ${last}`);
    },
    stop: async () => {
      await endAll(running.children);
      for (const close of closing.splice(0).reverse()) await close();
    },
    remove: () => discard(folder),
  };
}

function openHost(rows: readonly FleetFields[]): Promise<Acquirer> {
  const terminals = rows.map(({ tusn, terminal_no: terminalNo, merchant_no: merchantNo }) => {
    return { terminalNo, merchantNo, tmk: toSimulatedTmk(parseTusn(tusn)) };
  });
  return openAcquirer({ host: "127.0.0.1", port: 0, terminals });
}

async function openSettling(
  { data, maker }: Shop["folders"],
  [row]: readonly FleetFields[],
  scheme: ShopScheme,
): Promise<ShopAcquirer> {
  if (row === undefined) throw new Error("no terminal");
  const { acquirer: code, merchant_no: merchant, bank, cnaps, holder, account_no: number } = row;
  const account = { kind: "card", bank, cnaps, holder, number } as const;
  return await openShopAcquirer({ scheme, code, merchant, account, data, maker });
}

/** Resolves when so many terminals have said hello: before that nobody knows which of them needs card numbers. */
async function untilHeard(tillsync: Shop["tillsync"], count: number): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  while (performance.now() < deadline) {
    const { stdout } = await tillsync("terminals", "list");
    const terminals = JSON.parse(stdout) as readonly { readonly reported?: object }[];
    if (terminals.filter(({ reported }) => reported !== undefined).length === count) return;
    await delay(POLL_MS);
  }
  throw new Error("terminals were not heard");
}

async function demandDone(result: Promise<CliResult>): Promise<void> {
  const { code, stderr } = await result;
  if (code !== 0) throw new Error(stderr);
}

function useHost(data: string, { port }: Acquirer): void {
  const file = join(data, "profile-defaults.json");
  const defaults = JSON.parse(readFileSync(file, "utf8"));
  defaults.acquiring.port = port;
  writeFileSync(file, JSON.stringify(defaults));
}

async function endAll(children: ChildProcess[]): Promise<void> {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const closed = once(child, "close");
    child.kill("SIGTERM");
    await closed;
  }
}
