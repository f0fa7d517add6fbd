import { MAX_ENVELOPE_BYTES } from "../proto/bounds.ts";
import { DOWN_KINDS, toDownTopic, toUpTopic, UP_KINDS } from "../proto/topics.ts";
import type { Tusn } from "../proto/tusn.ts";

// Who may do what on the bus, whichever broker carries it. Everything not named here is forbidden. A topic or filter is
// compared whole with those that the terminal's own TUSN makes, so that no wildcard, `$` topic or other terminal's topic
// can ever be allowed, and no text of a client is ever put into a pattern.

/** MQTT 3.1.1. */
const PROTOCOL_VERSION = 4;
const MAX_QOS = 1;
/** A terminal that vanished is noticed within one and a half times this. */
export const MAX_KEEPALIVE_SECONDS = 300;

export interface ConnectRequest {
  /** From the verified certificate of this very connection. */
  readonly certificateTusn: Tusn;
  readonly clientId: string;
  readonly clean: boolean;
  readonly will: boolean;
  /** Whether a user name or password was given. */
  readonly credentials: boolean;
  readonly protocolVersion: number;
  /** Seconds; 0 means never, which is refused. */
  readonly keepalive: number;
}

export interface PublishRequest {
  readonly tusn: Tusn;
  readonly topic: string;
  readonly qos: number;
  readonly retain: boolean;
  /** Size of the payload. */
  readonly bytes: number;
}

export interface SubscribeRequest {
  readonly tusn: Tusn;
  readonly filter: string;
  readonly qos: number;
}

/** Identity comes from the certificate alone: the client id has to repeat it and credentials are refused. */
export function isConnectAllowed(request: ConnectRequest): boolean {
  return (
    request.clientId === request.certificateTusn &&
    request.clean &&
    !request.will &&
    !request.credentials &&
    request.protocolVersion === PROTOCOL_VERSION &&
    request.keepalive >= 1 &&
    request.keepalive <= MAX_KEEPALIVE_SECONDS
  );
}

/** A terminal publishes envelopes on its own up topics. */
export function isPublishAllowed(request: PublishRequest): boolean {
  return (
    UP_KINDS.some((kind) => request.topic === toUpTopic(request.tusn, kind)) &&
    request.qos <= MAX_QOS &&
    !request.retain &&
    request.bytes <= MAX_ENVELOPE_BYTES
  );
}

/** A terminal subscribes to its own down topics. */
export function isSubscribeAllowed(request: SubscribeRequest): boolean {
  return isOwnDownTopic(request.tusn, request.filter) && request.qos <= MAX_QOS;
}

/** Checked again at each delivery: nothing but a terminal's own down topics ever reaches it. */
export function isDeliveryAllowed(tusn: Tusn, topic: string): boolean {
  return isOwnDownTopic(tusn, topic);
}

function isOwnDownTopic(tusn: Tusn, topic: string): boolean {
  return DOWN_KINDS.some((kind) => topic === toDownTopic(tusn, kind));
}
