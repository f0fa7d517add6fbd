import { describe, expect, it, onTestFinished, vi } from "vitest";
import { toDigest } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { parseEnvelope, parseReceipt } from "../../../proto/terminal-messages.ts";
import { parseTrustBundle } from "../../../proto/trust-bundle.ts";
import { type FleetService, openFleetService } from "../../../src/app/fleet-service.ts";
import { enrolFleet, openTestFleet, release, START, type TestFleet } from "../../support/fleet-store.ts";
import { MemoryBus } from "../../support/memory-bus.ts";
import type { TestTerminal } from "../../support/test-terminal.ts";

async function open(fleet: TestFleet, bus = new MemoryBus()) {
  const service = await openFleetService({ ...fleet, now: fleet.now, openBus: (handlers) => bus.open(handlers) });
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
    await vi.waitUntil(() => bus.sentTo(terminal.tusn, "directive").length > 0);
    await vi.waitUntil(() => bus.sentTo(terminal.tusn, "trust").length > 0);
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
