import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { BusHandlers } from "../../../broker/bus.ts";
import type { Trust } from "../../../certs/trust/verify.ts";
import { isEqual, toDigest } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { parseEnvelope, parseReceipt } from "../../../proto/terminal-messages.ts";
import { parseTrustBundle } from "../../../proto/trust-bundle.ts";
import { type FleetService, openFleetService } from "../../../src/app/fleet-service.ts";
import { loadCertificates } from "../../support/certificates.ts";
import {
  enrolFleet,
  openTestFleet,
  readLedgerKinds,
  release,
  START,
  type TestFleet,
} from "../../support/fleet-store.ts";
import { MemoryBus } from "../../support/memory-bus.ts";
import { SOON_MS } from "../../support/patience.ts";
import { createApprovers } from "../../support/release.ts";
import type { TestTerminal } from "../../support/test-terminal.ts";

async function open(fleet: TestFleet, bus = new MemoryBus()) {
  const { authority } = await loadCertificates();
  const openBus = (handlers: BusHandlers) => bus.open(handlers);
  const service = await openFleetService({ ...fleet, now: fleet.now, authority, verifiers: [], openBus });
  onTestFinished(() => service.close());
  return { service, bus };
}

async function openOne() {
  const fleet = await openTestFleet();
  const [terminal] = (await enrolFleet(fleet)) as [TestTerminal];
  return { fleet, terminal, ...(await open(fleet)) };
}

/** Connects the terminal and lets it say hello. */
async function greet(bus: MemoryBus, service: FleetService, terminal: TestTerminal): Promise<void> {
  bus.connect(terminal.tusn);
  await bus.receive(terminal.tusn, "hello", terminal.hello());
  await service.dispatch();
}

const NONE = Buffer.alloc(0);
const EMPTY_BUNDLE = { timestamp: NONE, snapshot: NONE, targets: NONE, policy: NONE };

/** What the service's trust proves, but for what a test says. */
function toTrustOf({ trust }: TestFleet, change: Partial<Trust>): () => Trust {
  const proven = trust.trust();
  return () => ({ ...proven, ...change });
}

async function readStates(fleet: TestFleet): Promise<readonly string[]> {
  const rows = await fleet.store.selectFrom("deployments").select("state").orderBy("sequence").execute();
  return rows.map(({ state }) => state);
}

describe("the fleet service", () => {
  it("brings a release to a connected terminal, and its report to the records and back as a receipt", async () => {
    const { fleet, terminal, service, bus } = await openOne();
    await greet(bus, service, terminal);
    await release(fleet);
    await service.dispatch();
    const [delivery = new Uint8Array(0)] = bus.sentTo(terminal.tusn, "directive");
    const report = terminal.report(delivery, "committed");
    await bus.receive(terminal.tusn, "report", report);
    const [receipt = new Uint8Array(0)] = bus.sentTo(terminal.tusn, "receipt");
    const { payload } = parseEnvelope(report);
    expect(parseReceipt(receipt)).toEqual({ counter: terminal.counter, report: toDigest(payload) });
    expect(await readStates(fleet)).toEqual(["committed"]);
    await service.dispatch();
    expect(bus.sentTo(terminal.tusn, "directive")).toHaveLength(1);
  });

  it("waits with a directive until a terminal has said hello", async () => {
    const { fleet, terminal, service, bus } = await openOne();
    await release(fleet);
    bus.connect(terminal.tusn);
    await service.dispatch();
    expect(bus.sent).toEqual([]);
    await bus.receive(terminal.tusn, "hello", terminal.hello());
    await service.dispatch();
    expect(bus.sentTo(terminal.tusn, "directive")).toHaveLength(1);
  });

  it("sends a directive that got lost again when the terminal comes back", async () => {
    const { fleet, terminal, service, bus } = await openOne();
    await release(fleet);
    await greet(bus, service, terminal);
    bus.cut(terminal.tusn);
    expect(await readStates(fleet)).toEqual(["sent"]);
    await greet(bus, service, terminal);
    expect(bus.sentTo(terminal.tusn, "directive")).toHaveLength(2);
  });

  it("sends trust metadata before the directive to a terminal whose own is older", async () => {
    const { fleet, terminal, service, bus } = await openOne();
    await release(fleet);
    bus.connect(terminal.tusn);
    await bus.receive(terminal.tusn, "hello", terminal.hello({ timestampVersion: 0 }));
    await service.dispatch();
    expect(bus.sent.map(({ kind }) => kind)).toEqual(["trust", "directive"]);
    expect(parseTrustBundle(bus.sentTo(terminal.tusn, "trust")[0] ?? new Uint8Array(0))).toEqual(fleet.trust.bundle());
  });

  it("holds a directive back until the trust metadata that the terminal lacks went out", async () => {
    const { fleet, terminal, service, bus } = await openOne();
    await release(fleet);
    const { tusn } = terminal;
    await bus.receive(tusn, "hello", terminal.hello({ timestampVersion: 0 }));
    bus.deaf = tusn;
    bus.connect(tusn);
    await service.dispatch();
    bus.deaf = undefined;
    const send = bus.send.bind(bus);
    bus.send = (to, kind, payload) => kind !== "trust" && send(to, kind, payload);
    await service.dispatch();
    expect(bus.sent).toEqual([]);
    bus.send = send;
    await service.dispatch();
    expect(bus.sent.map(({ kind }) => kind)).toEqual(["trust", "directive"]);
  });

  it("sends no directive to a terminal that is stale on the very metadata that we hold, until it is fresh", async () => {
    const { fleet, terminal, service, bus } = await openOne();
    await release(fleet);
    const { tusn } = terminal;
    bus.connect(tusn);
    // Its clock is ahead: it would refuse for good.
    await bus.receive(tusn, "hello", terminal.hello({ stale: true }));
    await service.dispatch();
    fleet.at += 4_000;
    await service.renewTrust();
    await service.dispatch();
    expect(bus.sentTo(tusn, "directive")).toEqual([]);
    expect(await readStates(fleet)).toEqual(["pending"]);
    await bus.receive(tusn, "hello", terminal.hello({ timestampVersion: 2 }));
    await service.dispatch();
    expect(bus.sentTo(tusn, "directive")).toHaveLength(1);
  });

  it("sends no directive while its own trust metadata has expired, and goes on once it is renewed", async () => {
    const { fleet, terminal, service, bus } = await openOne();
    await greet(bus, service, terminal);
    await release(fleet);
    const { freshUntil } = fleet.trust.trust();
    fleet.at = freshUntil;
    await service.dispatch();
    expect(bus.sentTo(terminal.tusn, "directive")).toEqual([]);
    fleet.at = freshUntil - 1;
    await service.dispatch();
    expect(bus.sentTo(terminal.tusn, "directive")).toHaveLength(1);
  });

  it("takes a hello that is stored after its connection ended for no greeting of the next one", async () => {
    const { fleet, terminal, service, bus } = await openOne();
    await release(fleet);
    const { tusn } = terminal;
    bus.connect(tusn);
    const late = bus.receive(tusn, "hello", terminal.hello());
    bus.cut(tusn);
    bus.connect(tusn);
    await late;
    await service.dispatch();
    expect(bus.sentTo(tusn, "directive")).toEqual([]);
    await bus.receive(tusn, "hello", terminal.hello());
    await service.dispatch();
    expect(bus.sentTo(tusn, "directive")).toHaveLength(1);
  });

  it("signs a new trust timestamp in time and sends it to all that are connected", async () => {
    const { fleet, terminal, service, bus } = await openOne();
    bus.connect(terminal.tusn);
    await service.renewTrust();
    expect(bus.sent).toEqual([]);
    fleet.at = START + 4_000;
    await service.renewTrust();
    const [bytes = new Uint8Array(0)] = bus.sentTo(terminal.tusn, "trust");
    expect(parseTrustBundle(bytes)).toEqual(fleet.trust.bundle());
    expect(fleet.trust.trust().versions.timestamp).toBe(2);
  });

  it("takes over at once what a ceremony put into its trust folder, and sends it to all that are connected", async () => {
    const { fleet, terminal, service, bus } = await openOne();
    await greet(bus, service, terminal);
    expect(bus.sent).toEqual([]);
    fleet.trust.next = fleet.approvers.renew(7, START);
    await service.dispatch();
    const [bytes = new Uint8Array(0)] = bus.sentTo(terminal.tusn, "trust");
    expect(isEqual(parseTrustBundle(bytes).timestamp, fleet.trust.bundle().timestamp)).toBe(true);
    expect(fleet.trust.trust().versions.timestamp).toBe(7);
    await service.dispatch();
    expect(bus.sentTo(terminal.tusn, "trust")).toHaveLength(1);
  });

  it("sends nothing any more that a removed person signed, without being started again", async () => {
    const { fleet, terminal, service, bus } = await openOne();
    await greet(bus, service, terminal);
    await release(fleet);
    fleet.trust.next = createApprovers(START).trust;
    await service.dispatch();
    expect(bus.sentTo(terminal.tusn, "directive")).toEqual([]);
    expect(await readStates(fleet)).toEqual(["superseded"]);
    expect((await readLedgerKinds(fleet)).at(-1)).toBe("alarm.not_approved");
    expect(await fleet.store.selectFrom("outbox").selectAll().execute()).toEqual([]);
  });

  it("sends a terminal the roots that it lacks, and what does not fit one message in several, in order", async () => {
    const { fleet, terminal, service, bus } = await openOne();
    const asked: number[] = [];
    const { bundle } = fleet.trust;
    const roots = { ...EMPTY_BUNDLE, roots: [Buffer.from("a root")] };
    fleet.trust.bundlesAfter = (rootVersion) => {
      asked.push(rootVersion);
      return [roots, bundle()];
    };
    fleet.trust.trust = toTrustOf(fleet, { rootVersion: 4 });
    bus.connect(terminal.tusn);
    await bus.receive(terminal.tusn, "hello", terminal.hello({ rootVersion: 2 }));
    await service.dispatch();
    expect(asked).toEqual([2]);
    expect(bus.sentTo(terminal.tusn, "trust").map(parseTrustBundle)).toMatchObject([roots, { roots: bundle().roots }]);
    await release(fleet);
    await service.dispatch();
    expect(bus.sentTo(terminal.tusn, "directive")).toHaveLength(1);
  });

  it("answers a terminal whose trust metadata is newer with its own, and an alarm", async () => {
    const { fleet, terminal, service, bus } = await openOne();
    bus.connect(terminal.tusn);
    await bus.receive(terminal.tusn, "hello", terminal.hello({ timestampVersion: 0xffff_ffff }));
    await service.dispatch();
    expect(bus.sentTo(terminal.tusn, "trust")).toHaveLength(1);
    expect((await readLedgerKinds(fleet)).at(-1)).toBe("alarm.trust_ahead");
  });

  it("goes on with the trust metadata that it has where the folder cannot be read, and says so once", async () => {
    const { fleet, terminal, service, bus } = await openOne();
    await greet(bus, service, terminal);
    await release(fleet);
    const { reload } = fleet.trust;
    fleet.trust.reload = () => Promise.reject(new TillsyncError("TRUST_UNSIGNED"));
    await service.dispatch();
    await service.dispatch();
    expect(bus.sentTo(terminal.tusn, "directive")).toHaveLength(1);
    const told = () => fleet.lines.filter(({ msg }) => msg === "trust metadata not read again");
    expect(told()).toMatchObject([{ code: "TRUST_UNSIGNED" }]);
    await expect(service.renewTrust()).rejects.toThrow(expect.objectContaining({ code: "TRUST_UNSIGNED" }));
    fleet.trust.reload = reload;
    await service.renewTrust();
    await service.dispatch();
    expect(told()).toHaveLength(1);
  });

  it("looks for work by itself", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { fleet, terminal, service, bus } = await openOne();
    await greet(bus, service, terminal);
    await release(fleet);
    fleet.at = START + 4_000;
    vi.advanceTimersByTime(60_000);
    await vi.waitUntil(() => bus.sentTo(terminal.tusn, "directive").length > 0, SOON_MS);
    await vi.waitUntil(() => bus.sentTo(terminal.tusn, "trust").length > 0, SOON_MS);
    await service.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("goes on where the bus refuses a message", async () => {
    const { fleet, terminal, service, bus } = await openOne();
    await release(fleet);
    bus.send = () => {
      throw new TillsyncError("BUS_CLOSED");
    };
    await greet(bus, service, terminal);
    expect(await readStates(fleet)).toEqual(["pending"]);
    expect(fleet.lines).toContainEqual(expect.objectContaining({ msg: "message not sent", code: "BUS_CLOSED" }));
  });

  it("finds everything in the database again after a restart", async () => {
    const { fleet, terminal, service, bus } = await openOne();
    await greet(bus, service, terminal);
    await release(fleet);
    await service.close();
    const second = await open(fleet);
    await greet(second.bus, second.service, terminal);
    expect(second.bus.sentTo(terminal.tusn, "directive")).toHaveLength(1);
  });

  it("stores what came in before it closes", async () => {
    const { fleet, terminal, service, bus } = await openOne();
    await release(fleet);
    await greet(bus, service, terminal);
    const [delivery = new Uint8Array(0)] = bus.sentTo(terminal.tusn, "directive");
    void bus.receive(terminal.tusn, "report", terminal.report(delivery, "committed"));
    await service.close();
    expect(await readStates(fleet)).toEqual(["committed"]);
  });
});
