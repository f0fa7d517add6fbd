import { randomBytes, randomInt } from "node:crypto";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createApproverKey, toPrivateKeyPem } from "../../certs/keys.ts";
import { isEqual, toDigest } from "../../proto/bytes.ts";
import { parseEnvelope, parseReceipt, parseReport, toReportBytes } from "../../proto/terminal-messages.ts";
import { toUpTopic, type UpKind } from "../../proto/topics.ts";
import { verifyLedger } from "../../src/app/queries/ledger.ts";
import { orderRollback } from "../../src/app/release/order-rollback.ts";
import { writeTrust } from "../../src/app/trust-files.ts";
import { listDeployments } from "../../src/store/deployments.ts";
import { loadCertificates } from "../support/certificates.ts";
import { commitAll } from "../support/committed.ts";
import {
  enrolFleet,
  makeFolder,
  openTestFleet,
  readLedgerKinds,
  release,
  type TestFleet,
} from "../support/fleet-store.ts";
import { connectReadyTerminal, endTerminals, type MqttTerminal } from "../support/mqtt-terminal.ts";
import type { KillPoint, ServiceConfig } from "../support/service-main.ts";
import { buildService, type ServiceBundle, ServiceProcess } from "../support/service-process.ts";
import { readDelivery, type TestTerminal } from "../support/test-terminal.ts";

// The service as a process of its own, killed at the worst moments. Releases are published from the test's process, as
// the command line does it.

const PATIENCE = { timeout: 20_000, interval: 10 };
const KINDS = ["verified", "applied", "committed"] as const;

let bundle: ServiceBundle;
let running: ServiceProcess | undefined;

beforeAll(async () => {
  bundle = await buildService();
});

afterAll(() => bundle.remove());

afterEach(async () => {
  endTerminals();
  await running?.cutPower();
  running = undefined;
});

/** A fleet, and a way to start the service over it. */
async function openFleet(count: number) {
  const fleet = await openTestFleet(Math.floor(Date.now() / 1_000));
  const terminals = await enrolFleet(fleet, count);
  const folder = join(makeFolder(), "trust");
  await writeTrust(folder, fleet.approvers.trust, toPrivateKeyPem(createApproverKey()));
  const { server, authority } = await loadCertificates();
  const config: ServiceConfig = {
    database: fleet.file,
    trust: folder,
    key: server.key,
    certificate: server.certificate,
    authority: authority.certificate,
    authorityKey: authority.key,
  };
  const start = async (killAt?: KillPoint) => {
    running = await ServiceProcess.start(bundle, killAt === undefined ? config : { ...config, killAt });
    return running;
  };
  return { fleet, terminals, start };
}

/** Sends without waiting for what becomes of it: the service may be gone. */
function tell(client: MqttTerminal, terminal: TestTerminal, kind: UpKind, payload: Uint8Array): void {
  client.client.publishAsync(toUpTopic(terminal.tusn, kind), Buffer.from(payload), { qos: 1 }).catch(() => {});
}

/** Connects and says hello, as every terminal does first. */
async function greet(service: ServiceProcess, terminal: TestTerminal): Promise<MqttTerminal> {
  const client = await connectReadyTerminal(service.address, terminal.tusn);
  tell(client, terminal, "hello", terminal.hello());
  return client;
}

function waitFor(condition: () => boolean | Promise<boolean>): Promise<unknown> {
  return vi.waitUntil(condition, PATIENCE);
}

async function waitForDelivery(client: MqttTerminal): Promise<Uint8Array> {
  await waitFor(() => client.messages.some(({ kind }) => kind === "directive"));
  return client.messages.find(({ kind }) => kind === "directive")?.payload ?? new Uint8Array(0);
}

function hasReceipt(client: MqttTerminal, report: Uint8Array): boolean {
  const digest = toDigest(parseEnvelope(report).payload);
  return client.messages.some(
    ({ kind, payload }) => kind === "receipt" && isEqual(parseReceipt(payload).report, digest),
  );
}

/** Reports the whole course of a delivery, each step once its predecessor is receipted. */
async function reportAll(client: MqttTerminal, terminal: TestTerminal, delivery: Uint8Array): Promise<void> {
  for (const kind of KINDS) {
    const report = terminal.report(delivery, kind);
    tell(client, terminal, "report", report);
    await waitFor(() => hasReceipt(client, report));
  }
}

/** Everything was told once and recorded once. */
async function expectOnce(fleet: TestFleet, terminals: readonly TestTerminal[]): Promise<void> {
  const states = await fleet.store.selectFrom("deployments").select("state").execute();
  expect(states).toEqual(terminals.map(() => ({ state: "committed" })));
  expect(await fleet.store.selectFrom("outbox").selectAll().execute()).toEqual([]);
  expect(await fleet.store.selectFrom("reports").select("counter").execute()).toHaveLength(3 * terminals.length);
  const kinds = await readLedgerKinds(fleet);
  for (const kind of KINDS) expect(kinds.filter((one) => one === `report.${kind}`)).toHaveLength(terminals.length);
  expect(kinds.filter((kind) => kind === "release.published")).toHaveLength(1);
  expect(kinds.filter((kind) => kind.startsWith("alarm"))).toEqual([]);
  expect(await verifyLedger(fleet.store)).not.toHaveProperty("firstBad");
}

describe("a service killed between commit and publish", () => {
  const points: readonly KillPoint[] = [
    { when: "before", kind: "directive", nth: 1 },
    { when: "after", kind: "directive", nth: 1 },
    { when: "before", kind: "directive", nth: 2 },
    { when: "after", kind: "directive", nth: 2 },
  ];

  it.each(points)("$when directive $nth loses and doubles nothing", async (killAt) => {
    const { fleet, terminals, start } = await openFleet(2);
    await release(fleet);
    const first = await start(killAt);
    for (const terminal of terminals) await greet(first, terminal).catch(() => {});
    expect(await first.ended).toBe("SIGKILL");

    const second = await start();
    await Promise.all(
      terminals.map(async (terminal) => {
        const client = await greet(second, terminal);
        await reportAll(client, terminal, await waitForDelivery(client));
      }),
    );
    await expectOnce(fleet, terminals);
  });
});

describe("a service killed while a way back that was ordered is being sent", () => {
  it.each(["before", "after"] as const)(
    "%s it is handed over sends it when it is back, and nothing unasked",
    async (when) => {
      const { fleet, terminals, start } = await openFleet(2);
      const [first, second] = terminals as [TestTerminal, TestTerminal];
      await release(fleet);
      await commitAll(fleet, terminals);
      const { releaseId } = await release(fleet, { patch: { parameters: { attempts: 3 } }, withRollback: true });
      await commitAll(fleet, [first]);
      const held = first.previous;
      const order = { releaseId, reason: "too many attempts" };
      expect(await orderRollback(fleet, order, fleet.approvers.policy)).toMatchObject({ ordered: 1 });

      const killed = await start({ when, kind: "directive", nth: 1 });
      await greet(killed, first).catch(() => {});
      expect(await killed.ended).toBe("SIGKILL");

      const service = await start();
      const client = await greet(service, first);
      await reportAll(client, first, await waitForDelivery(client));
      expect(first.current).toEqual(held);
      const other = await greet(service, second);
      expect(readDelivery(await waitForDelivery(other)).parsed).toMatchObject({ sequence: 2 });
      await waitFor(async () => (await listDeployments(fleet.store, { state: "sent", limit: 1 })).length > 0);
      const rows = await fleet.store
        .selectFrom("deployments")
        .selectAll()
        .where("sequence", ">", 1)
        .orderBy("tusn")
        .execute();
      expect(rows.map(({ sequence, state }) => [sequence, state])).toEqual([
        [2, "committed"],
        [3, "committed"],
        [2, "sent"],
        [3, "reserved"],
      ]);
      expect((await readLedgerKinds(fleet)).filter((kind) => kind.startsWith("alarm"))).toEqual([]);
      expect(await verifyLedger(fleet.store)).not.toHaveProperty("firstBad");
    },
  );
});

describe("a service killed between intake and receipt", () => {
  it.each([1, 2, 3])("keeps report %i, does not count it twice, and sends the receipt later", async (nth) => {
    const { fleet, terminals, start } = await openFleet(1);
    const [terminal] = terminals as [TestTerminal];
    await release(fleet);
    const first = await start({ when: "before", kind: "receipt", nth });
    const client = await greet(first, terminal);
    const delivery = await waitForDelivery(client);
    const reports = KINDS.map((kind) => terminal.report(delivery, kind));
    for (const [n, report] of reports.slice(0, nth).entries()) {
      tell(client, terminal, "report", report);
      if (n < nth - 1) await waitFor(() => hasReceipt(client, report));
    }
    expect(await first.ended).toBe("SIGKILL");
    expect(hasReceipt(client, reports[nth - 1] as Uint8Array)).toBe(false);
    expect(await fleet.store.selectFrom("reports").select("counter").execute()).toHaveLength(nth);

    const second = await start();
    const again = await greet(second, terminal);
    for (const report of reports.slice(nth - 1)) {
      tell(again, terminal, "report", report);
      await waitFor(() => hasReceipt(again, report));
    }
    await expectOnce(fleet, terminals);
  });
});

describe("a service killed at any moment under a stream of reports", () => {
  const ROUNDS = 6;
  const REPORTS = 40;

  it("has every report that it sent a receipt for, once, and a ledger that holds", async () => {
    const { fleet, terminals, start } = await openFleet(1);
    const [terminal] = terminals as [TestTerminal];
    const told: Uint8Array[] = [];
    const receipted = new Set<number>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const service = await start();
      const client = await greet(service, terminal);
      const unsent = told.filter((report) => !receipted.has(counterOf(report)));
      const fresh = Array.from({ length: REPORTS }, () => refuse(terminal));
      told.push(...fresh);
      for (const report of [...unsent, ...fresh]) tell(client, terminal, "report", report);
      const moment = randomInt(REPORTS);
      await vi.waitUntil(() => client.messages.length >= moment, { ...PATIENCE, interval: 1 });
      await service.cutPower();
      for (const message of client.messages) {
        if (message.kind === "receipt") receipted.add(parseReceipt(message.payload).counter);
      }
    }
    const rows = await fleet.store.selectFrom("reports").select("counter").execute();
    const stored = new Set(rows.map(({ counter }) => counter));
    expect([...receipted].filter((counter) => !stored.has(counter))).toEqual([]);
    expect((await readLedgerKinds(fleet)).filter((kind) => kind === "report.refused")).toHaveLength(stored.size);
    expect(await verifyLedger(fleet.store)).not.toHaveProperty("firstBad");

    const last = await start();
    const client = await greet(last, terminal);
    for (const report of told) tell(client, terminal, "report", report);
    await waitFor(() => told.every((report) => hasReceipt(client, report)));
    expect(await fleet.store.selectFrom("reports").select("counter").execute()).toHaveLength(told.length);
  });
});

/** A report of something forged: whatever it was, it has to be kept. */
function refuse(terminal: TestTerminal): Uint8Array {
  return terminal.sign("report", toReportBytes(terminal.toReport("refused", randomBytes(32))));
}

function counterOf(report: Uint8Array): number {
  return parseReport(parseEnvelope(report).payload).counter;
}
