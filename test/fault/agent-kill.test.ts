import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type State, toPhase } from "../../agent/machine/state.ts";
import { openFileSystem } from "../../agent/slots/file-system.ts";
import { openObjects } from "../../agent/slots/objects.ts";
import { openSlots } from "../../agent/slots/slots.ts";
import { readState } from "../../agent/slots/state-file.ts";
import { openTrustStore } from "../../agent/slots/trust-store.ts";
import { toDeviceKey } from "../../certs/x509/identity.ts";
import { toRsaPublicKey } from "../../certs/x509/rsa-key.ts";
import { type Profile, toProfileBytes } from "../../proto/profile.ts";
import { toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import type { Tusn } from "../../proto/tusn.ts";
import type { Behaviour } from "../../sim/acquirer/behaviour.ts";
import { toSimulatedTmk } from "../../sim/keys.ts";
import { openTamperedAcquirer, type TamperedAcquirer, toStanding } from "../support/acquirer.ts";
import {
  bundleAgent,
  type Installation,
  install,
  killPrograms,
  makeFolder,
  type RunningProgram,
  startProgram,
} from "../support/agent-process.ts";
import { loadCertificates, TUSN_A, TUSN_B, TUSN_C } from "../support/certificates.ts";
import { SAMPLE_PROFILE, toDeliveries, toDirective, toNextProfile } from "../support/release.ts";
import { createApproversUnder, createRoleSigners, toBundle, toRootBytes } from "../support/rotation.ts";
import { openTestService, type TestService, toOutcomes } from "../support/test-service.ts";

// An agent process is killed after every single thing it makes durable or has the terminal do, and started again.

const MAIN = fileURLToPath(new URL("../support/killed-agent-main.ts", import.meta.url));
const WORKERS: readonly Tusn[] = [TUSN_A, TUSN_B, TUSN_C];
const WAIT = { timeout: 60_000, interval: 10 };
/** Points after which a story must have ended without being killed. */
const MAX_POINTS = 80;
const STORY_MS = 240_000;
const TELL_MS = 50;

const { folder, remove } = makeFolder();
const now = () => Math.floor(Date.now() / 1_000);
let bundle: string;
let service: TestService;
let deviceKey: Uint8Array;
/** Per terminal a state folder in which profile 1 is committed. */
const templates = new Map<Tusn, Installation>();

interface Story {
  /** What the new profile changes beside its acquirer's port. */
  readonly script: readonly Behaviour[];
  readonly forged: boolean;
  /** Whether the update comes after a rotation of the trust roots, under people of the new ones. */
  readonly rotated?: boolean;
  readonly outcome: RegExp;
  /** Whether the terminal ends on the new profile. */
  readonly taken: boolean;
  /** Points at which it must have been killed, so that an empty story cannot pass. */
  readonly leastKills: number;
}

const STORIES: Readonly<Record<string, Story>> = {
  "an update that commits": { script: [], forged: false, outcome: /^committed$/, taken: true, leastKills: 15 },
  "an update that rolls back": {
    script: [{ kind: "wrongMac" }, ...Array<Behaviour>(4).fill({ kind: "decline", code: "58" })],
    forged: false,
    outcome: /^rolled_back TEST_(FAILED|INCONCLUSIVE)$/,
    taken: false,
    leastKills: 20,
  },
  "a rotation of the trust roots, and an update after it": {
    script: [],
    forged: false,
    rotated: true,
    outcome: /^committed$/,
    taken: true,
    leastKills: 20,
  },
  "a forged update": { script: [], forged: true, outcome: /^refused STATEMENT_UNSIGNED$/, taken: false, leastKills: 3 },
};

/** Root 2 takes the online key away, root 3 all others. */
const ONE = createRoleSigners();
const TWO = { ...ONE, timestamp: createRoleSigners().timestamp };
const THREE = createRoleSigners();

function toRotation(): Uint8Array {
  const roots = [toRootBytes(2, ONE, TWO, now()), toRootBytes(3, TWO, THREE, now())];
  return toTrustBundleBytes(toBundle(THREE, { policy: service.approvers.policy, now: now(), roots }));
}

function toProfile(port: number): Profile {
  return toNextProfile(SAMPLE_PROFILE, { number: 1, acquiring: { port }, parameters: { attempts: 2 } });
}

function toDelivery(tusn: Tusn, sequence: number, profile: Profile, base: Profile | undefined, forged = false) {
  const terms = { tusn, deviceKey, sequence, profile, now: now(), ...(base === undefined ? {} : { base }) };
  const { maker, checker } = service.approvers;
  const signers = forged ? [maker] : [maker, checker];
  const request = { directives: [toDirective(terms)], purpose: "binding" as const, signers, now: now() };
  return toDeliveries(request)[0] as Uint8Array;
}

async function openHost(tusn: Tusn, script: readonly Behaviour[] = []): Promise<TamperedAcquirer> {
  const acquirer = await openTamperedAcquirer((_request, answer) => [answer]);
  const { terminalNo } = SAMPLE_PROFILE.acquiring;
  const merchantNo = SAMPLE_PROFILE.merchant.number;
  acquirer.host.addTerminals([{ terminalNo, merchantNo, tmk: toSimulatedTmk(tusn) }]);
  acquirer.host.script(terminalNo, script);
  return acquirer;
}

function start(configFile: string, killAt: number): RunningProgram {
  return startProgram(bundle, [configFile, String(killAt)]);
}

function toState(installation: Installation): State {
  const found = readState(openFileSystem(installation.stateDir));
  if (found === undefined) throw new Error("no state");
  return found.generation.state;
}

/** Everything is told, receipted and paid back. */
async function settled(installation: Installation, delivery: Uint8Array): Promise<void> {
  await vi.waitFor(() => {
    expect(toOutcomes(service.reports, delivery)).not.toEqual([]);
    const state = toState(installation);
    expect(state).toMatchObject({ unsent: [], owed: [], underWay: undefined });
  }, WAIT);
}

async function makeTemplate(tusn: Tusn): Promise<Installation> {
  const request = { folder: join(folder, tusn), tusn, port: service.port, root: service.approvers.trust.root };
  const installation = await install(request);
  const acquirer = await openHost(tusn);
  const delivery = toDelivery(tusn, 1, toProfile(acquirer.port), undefined);
  service.offer(tusn, delivery);
  const agent = start(installation.configFile, 0);
  await settled(installation, delivery);
  await agent.stop("SIGKILL");
  await acquirer.close();
  return installation;
}

/** Plays the story with one kill; false where the story ended before the kill's turn came. */
async function play(tusn: Tusn, story: Story, killAt: number): Promise<boolean> {
  const template = templates.get(tusn) as Installation;
  const copy = join(folder, `${tusn}-${Object.values(STORIES).indexOf(story)}-${killAt}`);
  cpSync(template.folder, copy, { recursive: true });
  const configFile = join(copy, "agent.json");
  const installation = { ...template, folder: copy, configFile, stateDir: join(copy, "state") };
  const profileFile = join(copy, "terminal/profile.bin");
  const before = toState(installation);
  const held = readProfile(installation, tusn);

  const acquirer = await openHost(tusn, story.script);
  const profile = { ...toProfile(acquirer.port), number: 2 };
  const delivery = toDelivery(tusn, 2, profile, held, story.forged);
  // Told again and again, as a service would after every hello.
  const rotation = story.rotated === true ? toRotation() : undefined;
  const telling = setInterval(() => {
    if (rotation === undefined) return;
    if (isRotated(installation)) {
      clearInterval(telling);
      service.offer(tusn, delivery);
    } else {
      service.send(tusn, "trust", rotation);
    }
  }, TELL_MS);
  if (rotation === undefined) service.offer(tusn, delivery);

  const first = start(configFile, killAt);
  const done = settled(installation, delivery).then(() => "settled" as const);
  const ended = await Promise.race([done, first.ended.then(({ signal }) => signal)]);
  const killed = ended === "SIGKILL";
  const second = killed ? start(configFile, 0) : first;
  await done;
  clearInterval(telling);
  await second.stop("SIGKILL");
  await acquirer.close();

  const label = `killed at ${killAt}`;
  const outcomes = toOutcomes(service.reports, delivery).map(({ kind, code }) => `${kind} ${code}`.trim());
  expect(outcomes, label).toEqual([expect.stringMatching(story.outcome)]);
  const state = toState(installation);
  expect(toPhase(state), label).toBe("idle");
  expect(state.roots, label).toHaveLength(rotation === undefined ? 0 : 2);
  expect(state.sequence, label).toBe(story.forged ? 1 : 2);
  expect(state.counter, label).toBeGreaterThan(before.counter);
  const current = readProfile(installation, tusn);
  expect(current, label).toEqual(story.taken ? profile : held);
  expect(readFileSync(profileFile), label).toEqual(Buffer.from(toProfileBytes(current)));
  expect(toStanding(acquirer.host.records()), label).toBe(0);
  const traces = acquirer.requests.filter(({ type }) => type !== "0400").map(({ fields }) => fields[11]);
  expect(new Set(traces).size, label).toBe(traces.length);
  return killed;
}

/** Whether the new roots and the metadata under them are durable. */
function isRotated(installation: Installation): boolean {
  const { roots, trust } = toState(installation);
  return roots.length === 2 && trust?.versions.timestamp === 1;
}

/** The current profile, proven from the files alone; the previous one must prove itself too. */
function readProfile(installation: Installation, tusn: Tusn): Profile {
  const objects = openObjects(openFileSystem(installation.stateDir));
  const trusts = openTrustStore(objects, service.approvers.trust.root);
  const state = toState(installation);
  trusts.follow(state.roots);
  const slots = openSlots(objects, trusts, tusn);
  const { current, previous } = state.slots;
  if (previous !== undefined) slots.read(previous);
  if (current === undefined) throw new Error("no current slot");
  return slots.read(current).profile;
}

beforeAll(async () => {
  bundle = await bundleAgent(MAIN, join(folder, "agent.cjs"));
  service = await openTestService(createApproversUnder(ONE, now()));
  deviceKey = toDeviceKey(toRsaPublicKey((await loadCertificates()).deviceKey));
  for (const tusn of WORKERS) templates.set(tusn, await makeTemplate(tusn));
}, STORY_MS);

afterEach(killPrograms);

afterAll(async () => {
  await service.close();
  remove();
});

describe("an agent killed at every point comes back whole, reports once and owes nothing, in", () => {
  it.each(Object.keys(STORIES))(
    "%s",
    async (name) => {
      const story = STORIES[name] as Story;
      let killAt = 0;
      let ended = false;
      let kills = 0;
      await Promise.all(
        WORKERS.map(async (tusn) => {
          while (!ended) {
            killAt += 1;
            expect(killAt).toBeLessThan(MAX_POINTS);
            if (await play(tusn, story, killAt)) kills += 1;
            else ended = true;
          }
        }),
      );
      expect(kills).toBeGreaterThanOrEqual(story.leastKills);
    },
    STORY_MS,
  );
});
