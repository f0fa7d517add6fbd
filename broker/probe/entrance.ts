import { CANARIES } from "../acl.ts";
import type { Trial } from "./trial.ts";
import { openWebSocket } from "./websocket.ts";

// Getting in where one should not.

const ME = CANARIES[1];
/** Where brokers offer MQTT over WebSocket: Mosquitto anywhere, EMQX, RabbitMQ. */
const PATHS = ["/mqtt", "/ws", "/"];

export async function tryNoCertificate(trial: Trial): Promise<string | undefined> {
  const { client } = await trial.open(undefined, ME);
  return client && "lets a client in that has no certificate";
}

export async function tryForeignCertificate(trial: Trial): Promise<string | undefined> {
  const { client } = await trial.open(trial.options.identities.foreign, ME);
  return client && "lets a client in whose certificate another authority issued";
}

export async function tryExpiredCertificate(trial: Trial): Promise<string | undefined> {
  const { client } = await trial.open(trial.options.identities.expired, ME);
  return client && "lets a client in whose certificate has expired";
}

export async function tryOldTls(trial: Trial): Promise<string | undefined> {
  const { client } = await trial.open(trial.options.identities.second, ME, { tls: { maxVersion: "TLSv1.2" } });
  return client && "speaks TLS 1.2";
}

export async function tryPlainPort(trial: Trial, port: number): Promise<string | undefined> {
  const { client } = await trial.speak(trial.tcp(port), ME);
  return client && `lets anybody in on port ${port}, without TLS`;
}

export async function tryWebSocketPort(trial: Trial, port: number): Promise<string | undefined> {
  for (const path of PATHS) {
    if (await isLetIn(trial, port, path, false)) return `lets anybody in on port ${port}, over WebSocket without TLS`;
    if (await isLetIn(trial, port, path, true))
      return `lets clients without a certificate in on port ${port}, over WebSocket`;
  }
  return undefined;
}

async function isLetIn(trial: Trial, port: number, path: string, isTls: boolean): Promise<boolean> {
  const { host, stepMs } = trial.options;
  const socket = isTls ? trial.tls(port, undefined) : trial.tcp(port);
  try {
    const stream = await openWebSocket(socket, host, path, AbortSignal.timeout(stepMs));
    return (await trial.speak(stream, ME)).client !== undefined;
  } catch {
    // Whatever the reason, nobody got in this way.
    return false;
  }
}
