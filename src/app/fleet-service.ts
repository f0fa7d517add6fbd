import { setImmediate } from "node:timers/promises";
import type { Bus, BusHandlers } from "../../broker/bus.ts";
import type { KeyAndCertificate } from "../../certs/x509/authority.ts";
import { toChallengeBytes } from "../../proto/challenge.ts";
import { toErrorCode } from "../../proto/errors.ts";
import { type Hello, toReceiptBytes } from "../../proto/terminal-messages.ts";
import type { DownKind } from "../../proto/topics.ts";
import { toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import type { Tusn } from "../../proto/tusn.ts";
import type { Reconciliation } from "../domain/reconcile.ts";
import { type Log, toErrorFields } from "../log.ts";
import { Admissions } from "./admission/admissions.ts";
import type { Context } from "./context.ts";
import { Dispatch } from "./dispatch/dispatch.ts";
import { Intake } from "./intake/intake.ts";
import type { VerifiedReport } from "./intake/verified-message.ts";
import { Presence } from "./presence.ts";
import { Prover } from "./proof/prover.ts";
import { findExpiring } from "./trust/expiry.ts";
import type { TrustHolder } from "./trust-files.ts";
import type { Verifier } from "./verifiers/verifier.ts";

/** How often the outbox is looked at: another process may have published. */
const DISPATCH_POLL_MS = 500;
/** How often the age of the trust timestamp is looked at. */
const TRUST_POLL_MS = 60_000;
/** Terminals that are sent new trust metadata before other work has its turn. */
const TRUST_CHUNK = 200;

export interface FleetServiceOptions extends Context {
  readonly trust: TrustHolder;
  /** The private authority, which signs lists of revoked certificates. */
  readonly authority: KeyAndCertificate;
  /** Who can tell whether a TUSN is genuine, in the order in which they are asked. */
  readonly verifiers: readonly Verifier[];
  /** Opens the bus; its handlers may be called from then on. */
  openBus(handlers: BusHandlers): Promise<Bus>;
}

/** The running service: takes what terminals say, and sends what they lack. */
export interface FleetService {
  /** Sends whatever is due now rather than at the next poll; resolves when it is on its way. */
  dispatch(): Promise<void>;
  /** Takes over changed trust metadata, signs a new timestamp where it is time, and sends both to all connected. */
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
  /** Roots first, in order, where they do not fit one message; all or, as far as the service knows, nothing. */
  const sendTrust = (tusn: Tusn) => {
    const rootVersion = presence.rootVersion(tusn);
    const bundles = rootVersion === undefined ? [trust.bundle()] : trust.bundlesAfter(rootVersion);
    if (bundles.every((bundle) => send(tusn, "trust", toTrustBundleBytes(bundle)))) presence.trusted(tusn);
  };
  /** Trust goes before a directive: the terminal's gate judges the directive by it. */
  const serve = (tusn: Tusn) => {
    if (presence.lacksTrust(tusn)) sendTrust(tusn);
    dispatch.wake(tusn);
  };
  const isFresh = () => options.now() < trust.trust().freshUntil;
  const dispatch = new Dispatch(options, {
    presence,
    policy: () => (isFresh() ? trust.trust().policy : undefined),
    send: (tusn, delivery) => send(tusn, "directive", delivery),
  });
  const admissions = new Admissions(options, options);
  const prover = new Prover(options, {
    verifiers: options.verifiers,
    send: (tusn, challenge) => send(tusn, "challenge", toChallengeBytes(challenge)),
  });
  const intake = new Intake(options, {
    connections: admissions,
    proven: (proof) => prover.take(proof),
    trust: () => {
      const { versions, rootVersion } = trust.trust();
      return { timestampVersion: versions.timestamp, rootVersion };
    },
    received: ({ report, digest }: VerifiedReport) => {
      send(report.tusn, "receipt", toReceiptBytes({ counter: report.counter, report: digest }));
    },
    greeted: ({ tusn, rootVersion, stale }: Hello, { sendTrust: lacksTrust }: Reconciliation, connection: number) => {
      presence.greeted(tusn, connection, { lacksTrust, rootVersion, isStale: stale && !lacksTrust });
      serve(tusn);
    },
  });

  const spreadTrust = async () => {
    const { versions, rootVersion } = trust.trust();
    log.info({ ...versions, root: rootVersion }, "trust metadata changed");
    for (const [index, tusn] of (bus?.connected() ?? []).entries()) {
      sendTrust(tusn);
      if (index % TRUST_CHUNK === TRUST_CHUNK - 1) await setImmediate();
    }
  };
  /** One at a time, so that what a ceremony put into the folder is never overtaken by a timestamp over its predecessor. */
  const inTurn = toQueue();
  const renewTrust = () =>
    inTurn(async () => {
      const isReloaded = await trust.reload();
      const isRenewed = await trust.renewTimestamp(options.now());
      if (isReloaded || isRenewed) await spreadTrust();
      if (isRenewed) {
        for (const expiring of findExpiring(trust.bundle(), options.now())) log.warn(expiring, "trust expires soon");
      }
    });
  const reloadTrust = toTold(log, () =>
    inTurn(async () => {
      if (await trust.reload()) await spreadTrust();
    }),
  );

  /** Tells once that nothing is sent any more, and that it is again. */
  let wasFresh = true;
  const tellFreshness = () => {
    if (isFresh() === wasFresh) return;
    wasFresh = isFresh();
    if (wasFresh) log.info("trust metadata is fresh again: directives are sent");
    else log.error({ code: "TRUST_EXPIRED" }, "trust metadata has expired: directives wait");
  };

  const inOrder = toQueue();
  let isWaiting = false;
  const poll = () => {
    isWaiting = true;
    return inOrder(async () => {
      isWaiting = false;
      // Before anything is sent: whoever was removed from the policy approves nothing any more.
      await reloadTrust();
      tellFreshness();
      for (const tusn of presence.lackingTrust()) sendTrust(tusn);
      if (bus !== undefined) await admissions.poll(bus);
      await dispatch.poll();
      await prover.poll(bus?.connected() ?? []);
    });
  };

  await renewTrust();
  const opened = await options.openBus({
    admit: (peer) => admissions.admit(peer),
    takenOver: (older, newer) => admissions.takenOver(older, newer),
    // What a terminal says that may only greet is stored, and opens no way to send it anything.
    receive: (message) =>
      intake.receive(message, admissions.isGreeting(message.tusn) ? 0 : presence.connection(message.tusn)),
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
  // Before long: whoever was revoked while nobody looked must not get in by an old session.
  await admissions.poll(opened);
  const timers = [
    // On its own: a large dispatch must not keep anybody connected who was revoked.
    setInterval(() => {
      admissions.poll(opened).catch((error) => log.error(toErrorFields(error), "admissions not looked at"));
    }, DISPATCH_POLL_MS),
    setInterval(() => {
      if (!isWaiting) poll().catch((error) => log.error(toErrorFields(error), "poll failed"));
    }, DISPATCH_POLL_MS),
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
      await inOrder(async () => undefined);
      await intake.close();
      await dispatch.close();
      await prover.close();
      await admissions.close();
    },
  };
}

/** Runs what it is given one after the other. */
function toQueue(): (work: () => Promise<void>) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return (work) => {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  };
}

/** Tells a failure once until it is over or another: what is looked at twice a second must not fill the log. */
function toTold(log: Log, work: () => Promise<void>): () => Promise<void> {
  let told = "";
  return async () => {
    try {
      await work();
      told = "";
    } catch (error) {
      const code = toErrorCode(error);
      if (code !== told) log.error(toErrorFields(error), "trust metadata not read again");
      told = code;
    }
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
