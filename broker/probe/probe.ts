import type { KeyAndCertificate } from "../../certs/x509/authority.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { SERVICE_NAME } from "../acl.ts";
import {
  tryExpiredCertificate,
  tryForeignCertificate,
  tryNoCertificate,
  tryOldTls,
  tryPlainPort,
  tryWebSocketPort,
} from "./entrance.ts";
import { makeIdentities } from "./identities.ts";
import {
  tryClientIds,
  tryOwnTopics,
  tryPublishing,
  tryQos2,
  tryRetained,
  trySubscriptions,
  tryWills,
} from "./rights.ts";
import { Trial, type TrialOptions } from "./trial.ts";

const STEP_MS = 3_000;
const GRACE_MS = 250;
/** One check takes some tens of steps at most, each of which has its own bound; this one is for all of them. */
const CHECK_MS = 60_000;

export interface ProbeOptions {
  readonly host: string;
  readonly port: number;
  /** A port without TLS, and one for WebSocket, where the broker has any. */
  readonly plainPort?: number;
  readonly webSocketPort?: number;
  /** The private authority: it makes the canaries' certificates, and the broker's own must be of it. */
  readonly authority: KeyAndCertificate;
  /** Another authority that the broker must not believe; one made for the occasion where absent. */
  readonly foreign?: KeyAndCertificate;
  /** Name of the service on the broker. */
  readonly service?: string;
  readonly now: Date;
  readonly stepMs?: number;
  readonly graceMs?: number;
}

/** What a broker allows that the access policy forbids. */
export interface Finding {
  readonly check: string;
  readonly detail: string;
}

type Check = (trial: Trial) => Promise<string | undefined>;

const CHECKS: Readonly<Record<string, Check>> = {
  "no-certificate": tryNoCertificate,
  "foreign-certificate": tryForeignCertificate,
  "expired-certificate": tryExpiredCertificate,
  "tls-1.2": tryOldTls,
  "client-id": tryClientIds,
  subscribe: trySubscriptions,
  publish: tryPublishing,
  retained: tryRetained,
  will: tryWills,
  "qos-2": tryQos2,
};

/**
 * Tries on a broker of somebody else's what the access policy forbids, with two canary terminals and the service's
 * identity, and tells what it allows. Nothing of it is left on the broker.
 *
 * @throws TillsyncError CONFIG_INVALID where the broker does not even do what it should, so that nothing could be told
 */
export async function probeBroker(options: ProbeOptions): Promise<readonly Finding[]> {
  const { host, port, authority, service = SERVICE_NAME, plainPort, webSocketPort } = options;
  const { stepMs = STEP_MS, graceMs = GRACE_MS } = options;
  const identities = await makeIdentities(authority, service, options.now, options.foreign);
  const trial = { host, port, authority: authority.certificate, identities, stepMs, graceMs };
  const reason = await run(trial, tryOwnTopics);
  if (reason !== undefined) throw new TillsyncError("CONFIG_INVALID", { broker: `${host}:${port}`, reason });
  const checks: Readonly<Record<string, Check>> = {
    ...CHECKS,
    ...(plainPort === undefined ? {} : { "plain-port": (one: Trial) => tryPlainPort(one, plainPort) }),
    ...(webSocketPort === undefined ? {} : { websocket: (one: Trial) => tryWebSocketPort(one, webSocketPort) }),
  };
  const findings: Finding[] = [];
  for (const [check, look] of Object.entries(checks)) {
    const detail = await run(trial, look);
    if (detail !== undefined) findings.push({ check, detail });
  }
  return findings;
}

/** @throws TillsyncError BROKER_OPEN naming what is open, CONFIG_INVALID */
export async function verifyBroker(options: ProbeOptions): Promise<void> {
  const findings = await probeBroker(options);
  if (findings.length > 0) throw toBrokerOpen(findings);
}

export function toBrokerOpen(findings: readonly Finding[]): TillsyncError {
  return new TillsyncError("BROKER_OPEN", { open: findings.map(({ check }) => check).join(", ") });
}

async function run(options: TrialOptions, look: Check): Promise<string | undefined> {
  const trial = new Trial(options);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no end within ${CHECK_MS / 1_000} s`), CHECK_MS);
  });
  try {
    return await Promise.race([look(trial), late]);
  } finally {
    clearTimeout(timer);
    trial.end();
  }
}
