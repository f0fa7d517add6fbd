import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { toUpTopic } from "../../proto/topics.ts";
import { showQuarantines } from "../../src/app/admission/list-quarantines.ts";
import { releaseQuarantine } from "../../src/app/admission/quarantine.ts";
import { bundleAgent, install, killPrograms, makeFolder, startProgram } from "../support/agent-process.ts";
import { loadCertificates } from "../support/certificates.ts";
import { enrolFleet, readLedgerKinds, release, type TestFleet } from "../support/fleet-store.ts";
import { type LiveService, openLiveService, openTodaysFleet } from "../support/live-service.ts";
import { toConnect } from "../support/mqtt-bytes.ts";
import { connectReadyTerminal, endTerminals } from "../support/mqtt-terminal.ts";
import { openTrusting } from "../support/raw-terminal.ts";
import { discard } from "../support/scratch.ts";
import type { TestTerminal } from "../support/test-terminal.ts";

// One image, two devices: real agents as processes of their own, over real TLS, against the real service.

const MAIN = fileURLToPath(new URL("../../agent/main.ts", import.meta.url));
const SOON = { timeout: 60_000, interval: 20 };
const { folder, remove } = makeFolder();
let bundle: string;
let count = 0;

beforeAll(async () => {
  bundle = await bundleAgent(MAIN, join(folder, "tillsync-agent.cjs"));
});

afterEach(() => {
  killPrograms();
  endTerminals();
});

afterAll(remove);

async function open() {
  const fleet = await openTodaysFleet();
  const [terminal] = (await enrolFleet(fleet)) as [TestTerminal];
  return { fleet, terminal, service: await openLiveService(fleet) };
}

/** A terminal as an installer leaves it, and its copy with all that it remembers. */
async function installTwice(fleet: TestFleet, { tusn }: TestTerminal, { address }: LiveService) {
  count += 1;
  const { root } = fleet.approvers.trust;
  const genuine = await install({ folder: join(folder, `genuine-${count}`), tusn, port: address.port, root });
  const copy = { folder: join(folder, `copy-${count}`), configFile: join(folder, `copy-${count}`, "agent.json") };
  return { genuine, copy, takeImage: () => cpSync(genuine.folder, copy.folder, { recursive: true }) };
}

function start(configFile: string) {
  return startProgram(bundle, ["run", "--config", configFile]);
}

async function readQuarantines({ store }: TestFleet) {
  return store.selectFrom("quarantines").selectAll().execute();
}

async function readReported({ store }: TestFleet): Promise<number> {
  return (await store.selectFrom("reported").select("counter").executeTakeFirst())?.counter ?? 0;
}

/** Reports that tell that an order was taken. */
async function countReports({ store }: TestFleet): Promise<number> {
  return (await store.selectFrom("reports").select("counter").execute()).length;
}

describe("row 51: two agents from one image", () => {
  it("are found out within two answers, and nothing is applied by either from then on", async () => {
    const { fleet, terminal, service } = await open();
    const { genuine, copy, takeImage } = await installTwice(fleet, terminal, service);
    const before = start(genuine.configFile);
    await vi.waitFor(async () => expect(await readReported(fleet)).toBeGreaterThan(0), SOON);
    await before.stop("SIGTERM");
    takeImage();

    const agents = [start(genuine.configFile), start(copy.configFile)];
    await vi.waitFor(async () => expect(await readQuarantines(fleet)).toHaveLength(1), SOON);
    // As many as the copy got answered before it was found out.
    expect(await countReports(fleet)).toBeLessThanOrEqual(2);

    // An order that was published before, and is due.
    for (const agent of agents) await agent.stop("SIGKILL");
    await fleet.store.updateTable("quarantines").set({ releasedAt: 1 }).execute();
    await release(fleet);
    await fleet.store.updateTable("quarantines").set({ releasedAt: null }).execute();
    const reports = await countReports(fleet);
    const heard = await readReported(fleet);
    const again = start(genuine.configFile);
    const clone = start(copy.configFile);
    await vi.waitFor(async () => expect(await readReported(fleet)).toBeGreaterThan(heard + 1), SOON);
    for (const _ of [1, 2, 3, 4]) await service.look();
    expect(await countReports(fleet)).toBe(reports);
    for (const { configFile } of [genuine, copy]) {
      expect(existsSync(join(configFile, "..", "terminal", "profile.bin"))).toBe(false);
    }
    expect(await fleet.store.selectFrom("outbox").select("sends").execute()).toEqual([{ sends: 0 }]);
    // Without the quarantine it would have been taken.
    await clone.stop("SIGKILL");
    await releaseQuarantine(fleet, terminal.tusn, { reason: "the copy was destroyed" });
    await vi.waitFor(async () => expect(await countReports(fleet)).toBeGreaterThan(reports), SOON);
    await again.stop("SIGKILL");
    const [view] = await showQuarantines(fleet.store, terminal.tusn);
    expect(view?.before).toMatch(/127\.0\.0\.1 with certificate [0-9a-f]{12}/);
    expect(view?.now).toMatch(/127\.0\.0\.1 with certificate [0-9a-f]{12}/);
    expect(await readLedgerKinds(fleet)).toContain("alarm.clone_suspected");
  }, 180_000);

  it("are found out while an order is carried out, and an operator lets the genuine one in again", async () => {
    const { fleet, terminal, service } = await open();
    const { genuine, copy, takeImage } = await installTwice(fleet, terminal, service);
    const before = start(genuine.configFile);
    await vi.waitFor(async () => expect(await readReported(fleet)).toBeGreaterThan(0), SOON);
    await before.stop("SIGTERM");
    takeImage();
    await release(fleet);

    start(genuine.configFile);
    const clone = start(copy.configFile);
    await vi.waitFor(async () => expect(await readQuarantines(fleet)).toHaveLength(1), SOON);
    await clone.stop("SIGKILL");
    await releaseQuarantine(fleet, terminal.tusn, { reason: "the copy was destroyed" });
    await service.look();
    const heard = await readReported(fleet);
    await vi.waitFor(async () => expect(await readReported(fleet)).toBeGreaterThan(heard), SOON);
    expect(await readQuarantines(fleet)).toHaveLength(1);
  }, 180_000);

  it("is not what one agent alone looks like that is killed and started again and again", async () => {
    const { fleet, terminal, service } = await open();
    const { genuine } = await installTwice(fleet, terminal, service);
    let known = 0;
    for (let round = 0; round < 5; round += 1) {
      const running = start(genuine.configFile);
      await vi.waitFor(async () => expect(await readReported(fleet)).toBeGreaterThan(known), SOON);
      known = await readReported(fleet);
      await running.stop("SIGKILL");
    }
    expect(await readQuarantines(fleet)).toEqual([]);
    expect((await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("alarm"))).toEqual([]);
  }, 180_000);
});

describe("row 55: an agent whose disk was put back", () => {
  it("is flagged within one hello", async () => {
    const { fleet, terminal, service } = await open();
    const { genuine } = await installTwice(fleet, terminal, service);
    const image = join(folder, `image-${count}`);
    let known = 0;
    const boot = async () => {
      const running = start(genuine.configFile);
      await vi.waitFor(async () => expect(await readReported(fleet)).toBeGreaterThan(known), SOON);
      known = await readReported(fleet);
      await running.stop("SIGTERM");
    };
    await boot();
    cpSync(genuine.stateDir, image, { recursive: true });
    for (const _ of [1, 2, 3]) await boot();

    discard(genuine.stateDir);
    cpSync(image, genuine.stateDir, { recursive: true });
    const before = (await readLedgerKinds(fleet)).length;
    const putBack = start(genuine.configFile);
    await vi.waitFor(
      async () => expect((await readLedgerKinds(fleet)).slice(before)).toContain("alarm.counter_behind"),
      SOON,
    );
    await putBack.stop("SIGKILL");
    expect(await readReported(fleet)).toBe(known);
  }, 180_000);
});

describe("a certificate that nobody was given", () => {
  it("is refused over TLS, and puts the terminal that it names in quarantine", async () => {
    const { fleet, terminal, service } = await open();
    const genuine = await connectReadyTerminal(service.address, terminal.tusn);
    await genuine.client.publishAsync(toUpTopic(terminal.tusn, "hello"), Buffer.from(terminal.hello()), { qos: 1 });
    const foreign = await (await loadCertificates()).terminal(terminal.tusn, {});
    const peer = await openTrusting(service.address, foreign);
    peer.socket.write(toConnect({ clientId: terminal.tusn }));
    await peer.closed;
    expect(peer.received()).toEqual(Buffer.alloc(0));
    await genuine.closed;
    await vi.waitFor(
      async () => expect(await readQuarantines(fleet)).toMatchObject([{ why: "certificate_unknown" }]),
      SOON,
    );
  }, 60_000);
});
