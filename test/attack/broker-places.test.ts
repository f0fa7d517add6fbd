import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { EMBEDDED_LIMITS } from "../../broker/embedded/limits.ts";
import { parseTusn } from "../../proto/tusn.ts";
import { BusUnderAttack, CONNACK } from "../support/bus-under-attack.ts";
import { loadCertificates, TUSN_B, TUSN_C } from "../support/certificates.ts";
import { ManualTimers } from "../support/manual-timers.ts";
import { toConnect } from "../support/mqtt-bytes.ts";
import { connectTerminal } from "../support/mqtt-terminal.ts";
import { SOON_MS } from "../support/patience.ts";
import { openTrusting, type RawTerminal } from "../support/raw-terminal.ts";

const SILENT = 12;
const BOUND = 4;
/** Another machine, as far as the bus can tell. */
const FOREIGN_ADDRESS = "127.0.0.2";

/** Nothing ends by the time that it took. */
const { startTimer } = new ManualTimers();

let attacked: BusUnderAttack;

afterEach(() => attacked.close());

/** Opens connections with one genuine certificate, each after the other, and sends no CONNECT by any of them. */
async function openSilent(count: number): Promise<readonly RawTerminal[]> {
  const silent: RawTerminal[] = [];
  for (let i = 0; i < count; i++) {
    const opened = await attacked.openInsider(TUSN_B);
    await once(opened.socket, "session");
    silent.push(opened);
  }
  return silent;
}

function openFromAfar(): Socket {
  const { port, host } = attacked.opened.address;
  return connect({ port, host, localAddress: FOREIGN_ADDRESS }).on("error", () => {});
}

/** A terminal at that address gets as far as CONNECT. */
async function expectTakenFromAfar(): Promise<void> {
  const { opened } = attacked;
  const credentials = await (await loadCertificates()).terminal(TUSN_C);
  const terminal = await openTrusting(opened.address, credentials, { socket: openFromAfar() });
  const session = once(terminal.socket, "session").then(() => "taken");
  expect(await Promise.race([session, terminal.closed])).toBe("taken");
}

describe("one certificate that opens connections and never sends CONNECT", () => {
  it("holds no more places than a terminal has", async () => {
    attacked = await BusUnderAttack.open({ startTimer });
    const silent = await openSilent(SILENT);
    const kept = silent.slice(-EMBEDDED_LIMITS.terminalSessions);
    const cut = silent.slice(0, -EMBEDDED_LIMITS.terminalSessions);
    await Promise.all(cut.map(({ closed }) => closed));
    expect(kept.map(({ socket }) => socket.destroyed)).toEqual(kept.map(() => false));
    expect(attacked.logged("bus.session_surplus")).toEqual(
      cut.map(() => ({ event: "bus.session_surplus", tusn: TUSN_B, bound: EMBEDDED_LIMITS.terminalSessions })),
    );
    await attacked.expectUndisturbed();
  });

  it("leaves its newest connection for CONNECT, and its terminal connected until then", async () => {
    attacked = await BusUnderAttack.open({ startTimer });
    const current = await attacked.connectInsider(TUSN_B);
    const silent = await openSilent(SILENT);
    await Promise.all(silent.slice(0, -1).map(({ closed }) => closed));
    expect(current.socket.destroyed).toBe(false);
    const newest = silent.at(-1);
    newest?.socket.write(toConnect({ clientId: TUSN_B }));
    await vi.waitFor(() => expect(newest?.received()).toEqual(CONNACK), SOON_MS);
    await current.closed;
  });
});

describe("one address that opens sockets and sends nothing", () => {
  it("holds no more places than its bound, and takes none of another address's", async () => {
    attacked = await BusUnderAttack.open({ limits: { ...EMBEDDED_LIMITS, arrivalsPerAddress: BOUND } });
    const sockets = Array.from({ length: SILENT }, () => openFromAfar().resume());
    const closed = new Set<Socket>();
    for (const socket of sockets) socket.once("close", () => closed.add(socket));
    await vi.waitFor(() => expect(closed.size).toBe(SILENT - BOUND), SOON_MS);
    expect(attacked.logged("bus.address_full")).toEqual(
      Array.from(closed, () => ({ event: "bus.address_full", remote: FOREIGN_ADDRESS, bound: BOUND })),
    );
    await attacked.expectUndisturbed();

    for (const socket of sockets) socket.destroy();
    await vi.waitFor(() => expectTakenFromAfar(), SOON_MS);
  });

  it("has its places back from terminals that have connected, so that many can share it", async () => {
    attacked = await BusUnderAttack.open({ limits: { ...EMBEDDED_LIMITS, arrivalsPerAddress: BOUND } });
    const clients = [];
    for (let i = 0; i < 2 * BOUND; i++) {
      const { client } = await connectTerminal(attacked.opened.address, parseTusn(`00000304N7NL0000000${i}`));
      clients.push(client);
    }
    expect(clients.map(({ connected }) => connected)).toEqual(clients.map(() => true));
    expect(attacked.logged("bus.address_full")).toEqual([]);
  });
});
