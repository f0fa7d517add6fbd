import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { toPublicKey } from "../../certs/keys.ts";
import { toDeviceKey } from "../../certs/x509/identity.ts";
import { toRsaPublicKey } from "../../certs/x509/rsa-key.ts";
import { toDigest, toHex } from "../../proto/bytes.ts";
import { parseDelivery } from "../../proto/delivery.ts";
import { parseEnvelope, parseReport } from "../../proto/terminal-messages.ts";
import type { DownKind } from "../../proto/topics.ts";
import { type TrustBundle, toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import { type Acquirer, openAcquirer } from "../../sim/acquirer/acquirer.ts";
import { toSimulatedTmk } from "../../sim/keys.ts";
import {
  bundleAgent,
  type Installation,
  install,
  killPrograms,
  makeFolder,
  type RunningProgram,
  startProgram,
} from "../support/agent-process.ts";
import { loadCertificates, TUSN_A } from "../support/certificates.ts";
import { openTestBus, type TestBus } from "../support/embedded-bus.ts";
import { TRUST_FORGERIES } from "../support/red-team-bundles.ts";
import { type Company, createCompany } from "../support/red-team-company.ts";
import { FORGERIES, toScraps, type Victim } from "../support/red-team-forgeries.ts";
import { type Approved, type Held, toSignedName, toTaken } from "../support/red-team-oracle.ts";
import { chooseSeed, createRandom, toKey } from "../support/red-team-random.ts";
import { approveNext, approveTraps, readDirective } from "../support/red-team-releases.ts";
import { toReceiptOf } from "../support/red-team-terminal.ts";
import { SAMPLE_PROFILE, toDirective, toNextProfile } from "../support/release.ts";

// The same with nothing of the agent's left out: the program that ships, its own process, its disk, and a real broker
// that does what the red team wants.

const MAIN = fileURLToPath(new URL("../../agent/main.ts", import.meta.url));
const IS_FULL = Number(process.env["TILLSYNC_DELIVERIES"] ?? 0) >= 100_000;
const DELIVERIES = IS_FULL ? 6_000 : 1_200;
/** Sent at a time: the broker gives up on a terminal for which too much waits. */
const VOLLEY = 20;
const AGAIN_MS = 2_000;
const WAIT = { timeout: 60_000, interval: 10 };
const seed = chooseSeed();
const random = createRandom(seed);
const { folder, remove } = makeFolder();
const now = () => Math.floor(Date.now() / 1_000);

let program: string;
let acquirer: Acquirer;
let opened: TestBus;
let installation: Installation;
let company: Company;
let deviceKey: Uint8Array;
let agent: RunningProgram;
let log = "";
/** Directives that the agent's reports were about, in order. */
const told: string[] = [];

beforeAll(async () => {
  program = await bundleAgent(MAIN, join(folder, "tillsync-agent.cjs"));
  company = createCompany(random, now());
  const { deviceKey: key } = await loadCertificates();
  deviceKey = toDeviceKey(toRsaPublicKey(key));
  const { terminalNo } = SAMPLE_PROFILE.acquiring;
  const terminals = [{ terminalNo, merchantNo: SAMPLE_PROFILE.merchant.number, tmk: toSimulatedTmk(TUSN_A) }];
  acquirer = await openAcquirer({ host: "127.0.0.1", port: 0, terminals });
  opened = await openTestBus({
    receive: async ({ kind, payload }) => {
      if (kind !== "report") return;
      const report = parseReport(parseEnvelope(payload).payload);
      told.push(toHex(report.directive));
      // Without receipts the terminal would take nothing any more, and the red team would have made it deaf.
      opened.bus.send(TUSN_A, "receipt", toReceiptOf(report));
    },
    admit: async () => "full",
    takenOver: () => {},
    connected: () => {},
    disconnected: () => {},
  });
  const { port } = opened.bus;
  installation = await install({ folder: join(folder, "terminal"), tusn: TUSN_A, port, root: company.roots[0] });
  agent = startProgram(program, ["run", "--config", installation.configFile]);
  agent.child.stdout?.on("data", (chunk) => {
    log += chunk;
  });
});

afterEach(() => {
  if (agent.child.exitCode !== null) throw new Error("the agent ended");
});

afterAll(async () => {
  killPrograms();
  await opened.bus.close();
  await acquirer.close();
  remove();
});

function readContent(): string {
  return existsSync(installation.profileFile) ? toHex(toDigest(readFileSync(installation.profileFile))) : "";
}

async function send(kind: DownKind, payload: Uint8Array): Promise<void> {
  await vi.waitFor(() => expect(opened.bus.send(TUSN_A, kind, payload)).toBe(true), WAIT);
}

/** A broker may lose anything, and a machine under load makes it: sent again until it shows. */
async function sendUntil(kind: DownKind, payload: Uint8Array, isThere: () => boolean): Promise<void> {
  await vi.waitFor(
    async () => {
      await send(kind, payload);
      await vi.waitFor(() => expect(isThere()).toBe(true), { timeout: AGAIN_MS, interval: 10 });
    },
    { ...WAIT, interval: 1 },
  );
}

describe("row 13: a red team that holds the broker of a real agent", () => {
  it(`puts no other profile into the terminal in ${DELIVERIES} deliveries, and the approved one arrives in between`, async () => {
    const bundle = company.bundle(2, 1, now());
    await sendUntil("trust", toTrustBundleBytes(bundle), () => log.includes('"event":"root taken"'));
    const first = approveFirst();
    await sendUntil("directive", first.bytes, () => readContent() === first.profile);
    await settle();
    let held: Held = {
      tusn: TUSN_A,
      deviceKey: toHex(deviceKey),
      highest: 1,
      current: first,
      previous: undefined,
      cardChanges: [],
    };

    const rounds = IS_FULL ? 8 : 3;
    for (let round = 0; round < rounds; round += 1) {
      // A card, then names and limits in turn: no cap holds those back within one day.
      const turn = round === 0 ? 0 : 1 + (round % 2);
      const next = approveNext(company, held, now(), 16 * round + 4 * turn);
      const present = [next, ...approveTraps(company, held, now())];
      await attack(held, present, next, bundle, Math.ceil(DELIVERIES / rounds));
      expect(readContent()).toBe((held.current as Approved).profile);
      await sendUntil("directive", next.bytes, () => readContent() === next.profile);
      await settle();
      held = toTaken(held, next, now());
    }
    const approved = company.register.profilesOf(TUSN_A);
    expect(approved.has(readContent())).toBe(true);
    // What is on its disk says under which name it is, and names no policy of anybody else's.
    const objects = join(installation.stateDir, "objects");
    for (const name of readdirSync(objects)) expect(toHex(toDigest(readFileSync(join(objects, name))))).toBe(name);
    // Not by being deaf: what it was sent it judged, and for what it is.
    const codes = new Set(Array.from(log.matchAll(/"code":"([A-Z_]+)"/g), ([, code]) => code));
    expect([...codes]).toEqual(expect.arrayContaining(["STATEMENT_UNSIGNED", "NOT_IN_RELEASE", "BYTES_NOT_CANONICAL"]));
    const status = await readStatus();
    expect(status).toMatchObject({ sequence: held.highest, phase: "idle" });
  }, 900_000);
});

async function readStatus(): Promise<Record<string, unknown>> {
  const { output } = await startProgram(program, ["status", "--json", "--config", installation.configFile]).ended;
  return JSON.parse(output) as Record<string, unknown>;
}

function approveFirst(): Approved {
  const profile = toNextProfile(SAMPLE_PROFILE, { number: 1, acquiring: { port: acquirer.port } });
  const at = now();
  const directive = toDirective({ tusn: TUSN_A, deviceKey, sequence: 1, profile, now: at });
  const [approved] = company.approve({ directives: [directive], purpose: "binding", now: at }, ["li.mei", "wang.jun"]);
  return approved as Approved;
}

/** Waits until the agent has nothing under way. */
async function settle(): Promise<void> {
  await vi.waitFor(async () => expect(await readStatus()).toMatchObject({ phase: "idle" }), {
    timeout: 60_000,
    interval: 200,
  });
}

async function attack(
  held: Held,
  present: readonly Approved[],
  next: Approved,
  bundle: TrustBundle,
  deliveries: number,
): Promise<void> {
  // The online key of now is the in-process harness's: with it a thief may stop a terminal, and a round would end early.
  const keys = [company.onlineKeys[0], ...[1, 2, 3].map(() => toKey(random.bytes(32)))];
  const arsenal = {
    random,
    genuine: company.register.all.map(({ bytes }) => bytes),
    // What is approved and due is for the service to send: here it would only end the round early.
    present: present.filter((one) => one !== next).map(({ bytes }) => bytes),
    keys,
    ownKeyIds: keys.map((key) => Buffer.from(toPublicKey(key).id, "hex")),
    keyIds: Object.values(company.publicKeys).map(({ id }) => Buffer.from(id, "hex")),
    scraps: toScraps(["a certificate", "a database"]),
    signOther: company.signOther,
  };
  const { current, highest: sequence, previous } = held;
  const victim: Victim = {
    ...{ tusn: TUSN_A, deviceKey, sequence, now: now() },
    held: current === undefined ? undefined : readDirective(current).profile,
    previous: previous === undefined ? undefined : readDirective(previous).profile,
  };
  for (let sent = 0; sent < deliveries; sent += VOLLEY) {
    for (let shot = 0; shot < VOLLEY; shot += 1) {
      if (random.chance(0.05)) {
        const [, , forge] = random.pick(TRUST_FORGERIES);
        const forged = forge({ random, bundles: [bundle], roots: company.roots, keys, now: now() });
        await send("trust", forged);
      } else {
        const [, , forge] = random.pick(FORGERIES);
        const forged = forge(arsenal, victim);
        if (nameOf(forged) !== next.name) await send("directive", forged);
      }
    }
    // To the order that it carried out last it gives the same answer again: what came before has been judged by then.
    const before = countAnswers(current as Approved);
    await sendUntil("directive", (current as Approved).bytes, () => countAnswers(current as Approved) > before);
    expect(readContent()).toBe(current?.profile);
  }
}

function countAnswers({ name }: Approved): number {
  return told.filter((directive) => name.endsWith(`:${directive}`)).length;
}

/** Which order it is about; empty where it is none. */
function nameOf(delivery: Uint8Array): string {
  try {
    const { statement, directive } = parseDelivery(delivery);
    return toSignedName(statement, directive);
  } catch {
    return "";
  }
}
