import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_WAIT_MS } from "../../broker/embedded/expiry.ts";
import { EMBEDDED_LIMITS } from "../../broker/embedded/limits.ts";
import type { EmbeddedBusOptions } from "../../broker/embedded.ts";
import { toUpTopic } from "../../proto/topics.ts";
import { describeBus } from "../contract/bus.ts";
import { BusRecorder } from "../support/bus-recorder.ts";
import { loadCertificates, TUSN_A, TUSN_B, TUSN_C } from "../support/certificates.ts";
import { openTestBus, type TestBus } from "../support/embedded-bus.ts";
import { ManualTimers } from "../support/manual-timers.ts";
import { toConnect, toPublish } from "../support/mqtt-bytes.ts";
import { connectReadyTerminal, connectTerminal, endTerminals } from "../support/mqtt-terminal.ts";
import { SOON_MS } from "../support/patience.ts";
import { endRaw, openTrusting } from "../support/raw-terminal.ts";

const DAY_MS = 86_400_000;

describeBus("embedded", (handlers) => openTestBus(handlers));

describe("the embedded bus", () => {
  const code = (name: string) => expect.objectContaining({ code: name });
  let recorder: BusRecorder;
  let opened: TestBus | undefined;

  beforeEach(() => {
    recorder = new BusRecorder();
  });

  afterEach(async () => {
    endTerminals();
    endRaw();
    await opened?.bus.close();
    opened = undefined;
  });

  async function open(options: Partial<EmbeddedBusOptions> = {}): Promise<TestBus> {
    opened = await openTestBus(recorder, options);
    return opened;
  }

  it("tells the port that it was given", async () => {
    const { bus } = await open();
    expect(bus.port).toBeGreaterThan(0);
  });

  it("refuses a port that is taken, and settings that cannot be used", async () => {
    const { bus } = await open();
    await expect(openTestBus(recorder, { port: bus.port })).rejects.toThrow(code("PORT_IN_USE"));
    await expect(openTestBus(recorder, { host: "192.0.2.1" })).rejects.toThrow(code("CONFIG_INVALID"));
    await expect(openTestBus(recorder, { key: "no key" })).rejects.toThrow(code("CONFIG_INVALID"));
    const { foreignAuthority } = await loadCertificates();
    await expect(openTestBus(recorder, { key: foreignAuthority.key })).rejects.toThrow(code("CONFIG_INVALID"));
  });

  it("takes no more sockets than its bound", async () => {
    const { address, log } = await open({ limits: { ...EMBEDDED_LIMITS, connections: 2 } });
    await connectTerminal(address, TUSN_A);
    await connectTerminal(address, TUSN_B);
    await expect(connectTerminal(address, TUSN_C)).rejects.toThrow();
    expect(log).toContainEqual({ event: "bus.connection_dropped", bound: 2 });
    endTerminals();
    await vi.waitFor(() => connectTerminal(address, TUSN_C), SOON_MS);
  });

  it("closes a socket that does not finish its TLS handshake in time", async () => {
    const { address, log } = await open({ limits: { ...EMBEDDED_LIMITS, handshakeMs: 50 } });
    const silent = connect(address.port, address.host).resume();
    silent.on("error", () => {});
    await once(silent, "close");
    expect(log).toMatchObject([{ event: "bus.handshake_refused", reason: "ERR_TLS_HANDSHAKE_TIMEOUT" }]);
  });

  it("closes sockets that are in their TLS handshake when it closes", async () => {
    const { bus, address } = await open({ limits: { ...EMBEDDED_LIMITS, handshakeMs: 3_600_000 } });
    const silent = connect(address.port, address.host).resume();
    silent.on("error", () => {});
    await once(silent, "connect");
    const closed = once(silent, "close");
    await bus.close();
    await closed;
  });

  it("gives a terminal five seconds from its TLS handshake to CONNECT", async () => {
    const timers = new ManualTimers();
    const { address, log } = await open({ startTimer: timers.startTimer });
    const { terminal } = await loadCertificates();
    const silent = await openTrusting(address, await terminal(TUSN_A));
    await vi.waitFor(() => expect(timers.running()).toContain(5_000), SOON_MS);
    timers.elapse(5_000);
    await silent.closed;
    expect(log).toEqual([{ event: "bus.connection_cut", code: "GUARD_TOO_SLOW", tusn: TUSN_A }]);
  });

  it("drops the connection of a message that is not stored in time, and waits no longer when it closes", async () => {
    const timers = new ManualTimers();
    recorder.store = () => new Promise(() => {});
    const { bus, address, log } = await open({ startTimer: timers.startTimer });
    const terminal = await connectTerminal(address, TUSN_A);
    terminal.client.publish(toUpTopic(TUSN_A, "hello"), "x", { qos: 1 });
    await vi.waitFor(() => expect(recorder.received).toHaveLength(1), SOON_MS);
    await vi.waitFor(() => expect(timers.running()).toContain(EMBEDDED_LIMITS.receiveMs), SOON_MS);
    timers.elapse(EMBEDDED_LIMITS.receiveMs);
    await terminal.closed;
    await vi.waitFor(
      () => expect(log).toContainEqual({ event: "bus.not_stored", code: "RECEIVE_TOO_SLOW", tusn: TUSN_A }),
      SOON_MS,
    );
    await bus.close();
  });

  it("ends a connection of which it is not told in time whether it is admitted, whatever is said later", async () => {
    const timers = new ManualTimers();
    let admit = () => {};
    recorder.decide = () => new Promise((resolve) => (admit = () => resolve("full")));
    const { address, log } = await open({ startTimer: timers.startTimer });
    const { terminal } = await loadCertificates();
    const peer = await openTrusting(address, await terminal(TUSN_A));
    peer.socket.write(toConnect({ clientId: TUSN_A }));
    await vi.waitFor(() => expect(timers.running()).toContain(EMBEDDED_LIMITS.admitMs), SOON_MS);
    timers.elapse(EMBEDDED_LIMITS.admitMs);
    await peer.closed;
    admit();
    expect(peer.received()).toEqual(Buffer.alloc(0));
    expect(log).toContainEqual({ event: "bus.not_admitted", code: "ADMISSION_TOO_SLOW", tusn: TUSN_A });
    await vi.waitFor(() => expect(timers.running()).not.toContain(EMBEDDED_LIMITS.admitMs), SOON_MS);
  });

  it("asks nobody about a client whose CONNECT the policy forbids", async () => {
    const { address } = await open();
    const { terminal } = await loadCertificates();
    const peer = await openTrusting(address, await terminal(TUSN_A));
    peer.socket.write(toConnect({ clientId: TUSN_B }));
    await peer.closed;
    expect(recorder.asked).toEqual([]);
  });

  it("reads no more from a terminal than it can store, and goes on when it can", async () => {
    const finish: (() => void)[] = [];
    recorder.store = () => new Promise((resolve) => finish.push(resolve));
    const count = 5_000;
    const { address } = await open({ limits: { ...EMBEDDED_LIMITS, messageBurst: count } });
    const { terminal } = await loadCertificates();
    const flood = await openTrusting(address, await terminal(TUSN_A));
    flood.socket.write(toConnect({ clientId: TUSN_A }));
    await vi.waitFor(() => expect(flood.received()).toHaveLength(4), SOON_MS);
    const message = toPublish(toUpTopic(TUSN_A, "report"), Buffer.alloc(4_000), 1);
    for (let i = 0; i < count; i++) flood.socket.write(message);
    await vi.waitFor(() => expect(recorder.received).toHaveLength(1), SOON_MS);
    // Twenty megabytes do not fit what the kernel buffers: the rest waits at the sender.
    expect(flood.socket.writableLength).toBeGreaterThan(0);
    recorder.store = async () => {};
    for (const resolve of finish) resolve();
    await vi.waitFor(() => expect(recorder.received).toHaveLength(count), { timeout: 20_000 });
  });

  it("cuts a connection when its certificate ends", async () => {
    const timers = new ManualTimers();
    let now = Date.now();
    const { bus, address, log } = await open({ startTimer: timers.startTimer, now: () => now });
    const elapse = (ms: number) => {
      now += ms;
      timers.elapse(ms);
    };
    const terminal = await connectReadyTerminal(address, TUSN_A);
    elapse(MAX_WAIT_MS);
    expect(bus.connected()).toEqual([TUSN_A]);

    now += 30 * DAY_MS;
    elapse(MAX_WAIT_MS);
    await terminal.closed;
    await vi.waitFor(() => expect(recorder.presence).toEqual([`+${TUSN_A}`, `-${TUSN_A}`]), SOON_MS);
    expect(log).toEqual([{ event: "bus.certificate_expired", tusn: TUSN_A }]);
    expect(timers.running()).toEqual([]);
  });

  it("awaits no certificate's end when its connection is over", async () => {
    const timers = new ManualTimers();
    const { address } = await open({ startTimer: timers.startTimer });
    const terminal = await connectTerminal(address, TUSN_A);
    expect(timers.running()).toContain(MAX_WAIT_MS);
    terminal.client.end(true);
    await vi.waitFor(() => expect(timers.running()).toEqual([]), SOON_MS);
  });

  it("closes a connection whose keep-alive is missed", async () => {
    const { address } = await open();
    const terminal = await connectTerminal(address, TUSN_A, { keepalive: 1 });
    // The client's own timer would send pings: a client whose process hangs sends none.
    terminal.client.keepaliveManager?.destroy();
    await terminal.closed;
  });

  it("keeps a terminal's newest connection when many come at once", async () => {
    const { bus, address } = await open();
    const terminals = await Promise.allSettled(Array.from({ length: 6 }, () => connectReadyTerminal(address, TUSN_A)));
    await vi.waitFor(() => {
      const alive = terminals.filter((result) => result.status === "fulfilled" && result.value.client.connected);
      expect(alive).toHaveLength(1);
    }, SOON_MS);
    expect(bus.connected()).toEqual([TUSN_A]);
    expect(recorder.presence.at(-1)).toBe(`+${TUSN_A}`);
    const surplus = recorder.presence.reduce((sum, entry) => sum + (entry.startsWith("+") ? 1 : -1), 0);
    expect(surplus).toBe(1);
  });

  it("cuts a terminal's connection too whose CONNECT is still awaited", async () => {
    const { bus, address } = await open();
    const { terminal } = await loadCertificates();
    const silent = await openTrusting(address, await terminal(TUSN_A));
    await once(silent.socket, "session");
    bus.disconnect(TUSN_A);
    await silent.closed;
    expect(recorder.presence).toEqual([]);
  });
});
