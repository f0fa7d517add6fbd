import { setImmediate } from "node:timers/promises";
import type { Bus, BusHandlers } from "../../broker/bus.ts";
import { toReceiptBytes } from "../../proto/terminal-messages.ts";
import type { DownKind } from "../../proto/topics.ts";
import { toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import type { Tusn } from "../../proto/tusn.ts";
import type { Reconciliation } from "../domain/reconcile.ts";
import { toErrorFields } from "../log.ts";
import type { Context } from "./context.ts";
import { Dispatch } from "./dispatch/dispatch.ts";
import { Intake } from "./intake/intake.ts";
import type { VerifiedReport } from "./intake/verified-message.ts";
import { Presence } from "./presence.ts";
import type { TrustHolder } from "./trust-files.ts";

/** How often the outbox is looked at: another process may have published. */
const DISPATCH_POLL_MS = 500;
/** How often the age of the trust timestamp is looked at. */
const TRUST_POLL_MS = 60_000;
/** Terminals that are sent new trust metadata before other work has its turn. */
const TRUST_CHUNK = 200;

export interface FleetServiceOptions extends Context {
  readonly trust: TrustHolder;
  /** Opens the bus; its handlers may be called from then on. */
  openBus(handlers: BusHandlers): Promise<Bus>;
}

/** The running service: takes what terminals say, and sends what they lack. */
export interface FleetService {
  /** Sends whatever is due now rather than at the next poll; resolves when it is on its way. */
  dispatch(): Promise<void>;
  /** Signs a new trust timestamp where it is time, and sends it to all connected terminals. */
  renewTrust(): Promise<void>;
  /** Cuts all connections and resolves when everything that came in is stored. The store stays open. */
  close(): Promise<void>;
}

/** @throws TillsyncError whatever `openBus` and `renewTimestamp` throw */
export async function openFleetService(options: FleetServiceOptions): Promise<FleetService> {
  const { trust, log } = options;
  let bus: Bus | undefined;
  const send = (tusn: Tusn, kind: DownKind, payload: Uint8Array) => sendSafely(options, bus, tusn, kind, payload);
  const presence = new Presence();
  const sendTrust = (tusn: Tusn) => {
    if (send(tusn, "trust", toTrustBundleBytes(trust.bundle()))) presence.trusted(tusn);
  };
  /** Trust goes before a directive: the terminal's gate judges the directive by it. */
  const serve = (tusn: Tusn) => {
    if (presence.lacksTrust(tusn)) sendTrust(tusn);
    dispatch.wake(tusn);
  };
  const dispatch = new Dispatch(options, {
    presence,
    policy: () => trust.trust().policy,
    send: (tusn, delivery) => send(tusn, "directive", delivery),
  });
  const intake = new Intake(options, {
    timestampVersion: () => trust.trust().versions.timestamp,
    received: ({ report, digest }: VerifiedReport) => {
      send(report.tusn, "receipt", toReceiptBytes({ counter: report.counter, report: digest }));
    },
    greeted: (tusn: Tusn, reconciliation: Reconciliation, connection: number) => {
      presence.greeted(tusn, connection, reconciliation.sendTrust);
      serve(tusn);
    },
  });

  const renewTrust = async () => {
    if (!(await trust.renewTimestamp(options.now()))) return;
    log.info({ version: trust.trust().versions.timestamp }, "trust timestamp renewed");
    for (const [index, tusn] of (bus?.connected() ?? []).entries()) {
      sendTrust(tusn);
      if (index % TRUST_CHUNK === TRUST_CHUNK - 1) await setImmediate();
    }
  };

  const poll = () => {
    for (const tusn of presence.lackingTrust()) sendTrust(tusn);
    return dispatch.poll();
  };

  await renewTrust();
  const opened = await options.openBus({
    receive: (message) => intake.receive(message, presence.connection(message.tusn)),
    connected: (tusn) => {
      log.info({ terminal: tusn }, "terminal connected");
      presence.connected(tusn);
      serve(tusn);
    },
    disconnected: (tusn) => {
      log.info({ terminal: tusn }, "terminal disconnected");
      presence.disconnected(tusn);
    },
  });
  bus = opened;
  const timers = [
    setInterval(() => void poll(), DISPATCH_POLL_MS),
    setInterval(() => {
      renewTrust().catch((error) => log.error(toErrorFields(error), "trust timestamp not renewed"));
    }, TRUST_POLL_MS),
  ];
  return {
    dispatch: poll,
    renewTrust,
    close: async () => {
      for (const timer of timers) clearInterval(timer);
      await opened.close();
      await intake.close();
      await dispatch.close();
    },
  };
}

/** A message that cannot be handed over is worth a line, never the service: the terminal will ask again. */
function sendSafely({ log }: Context, bus: Bus | undefined, tusn: Tusn, kind: DownKind, payload: Uint8Array): boolean {
  try {
    return bus?.send(tusn, kind, payload) ?? false;
  } catch (error) {
    log.warn({ terminal: tusn, kind, ...toErrorFields(error) }, "message not sent");
    return false;
  }
}
