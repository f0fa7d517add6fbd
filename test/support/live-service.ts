import { once } from "node:events";
import { onTestFinished } from "vitest";
import type { Tusn } from "../../proto/tusn.ts";
import { openFleetService } from "../../src/app/fleet-service.ts";
import { openStore } from "../../src/store/store.ts";
import { loadCertificates } from "./certificates.ts";
import { openTestBus } from "./embedded-bus.ts";
import { openTestFleet, type TestFleet } from "./fleet-store.ts";
import type { Address } from "./mqtt-terminal.ts";
import { openTrusting } from "./raw-terminal.ts";

/** The fleet service over a real database and the real broker. */
export interface LiveService {
  readonly address: Address;
  /** Looks at once at what others have decided, rather than at the next poll. */
  look(): Promise<void>;
  close(): Promise<void>;
}

export async function openLiveService(fleet: TestFleet): Promise<LiveService> {
  const { authority } = await loadCertificates();
  let address: Address = { host: "", port: 0 };
  const service = await openFleetService({
    ...fleet,
    authority,
    verifiers: [],
    now: fleet.now,
    openBus: async (handlers) => {
      const opened = await openTestBus(handlers);
      address = opened.address;
      return opened.bus;
    },
  });
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= service.close();
    return closing;
  };
  onTestFinished(close);
  return { address, look: () => service.dispatch(), close };
}

/** A fleet of today: certificates and the broker go by the machine's clock. */
export function openTodaysFleet(): Promise<TestFleet> {
  return openTestFleet(Math.floor(Date.now() / 1_000));
}

/** The same database as another process has it open, such as a command line. */
export async function openBesides(fleet: TestFleet): Promise<TestFleet> {
  const store = await openStore(fleet.file);
  onTestFinished(() => store.destroy());
  return { ...fleet, store, now: fleet.now };
}

/**
 * A TLS handshake with the terminal's certificate: the ticket that it brought, `resumed` where the given one was taken, or
 * `refused`.
 */
export async function shakeHands(
  address: Address,
  tusn: Tusn,
  session?: Buffer,
): Promise<Buffer | "resumed" | "refused"> {
  const { terminal } = await loadCertificates();
  const options = session === undefined ? {} : { session };
  const { socket, closed } = await openTrusting(address, await terminal(tusn), options);
  // A ticket is given once the certificate is found to be good; a resumed session brings no other one.
  const ticket = once(socket, "session").then(([given]) => given as Buffer);
  const shaken = once(socket, "secureConnect").then(async () => {
    return socket.isSessionReused() ? ("resumed" as const) : await ticket;
  });
  const refused = closed.then(() => "refused" as const);
  const outcome = await Promise.race([shaken.catch(() => refused), refused]);
  socket.destroy();
  return outcome;
}

export async function takeTicket(address: Address, tusn: Tusn): Promise<Buffer> {
  const ticket = await shakeHands(address, tusn);
  if (!Buffer.isBuffer(ticket)) throw new Error(`no ticket was given: ${ticket}`);
  return ticket;
}
