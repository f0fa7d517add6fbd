import { MAX_ENVELOPE_BYTES } from "../proto/bounds.ts";
import { DOWN_KINDS, toDownTopic, toUpTopic, UP_KINDS, type UpKind } from "../proto/topics.ts";
import type { Tusn } from "../proto/tusn.ts";
import type { Admission } from "./bus.ts";

// Who may do what on the bus, whichever broker carries it. Everything not named here is forbidden. A topic or filter is
// compared whole with those that the terminal's own TUSN makes, so that no wildcard, `$` topic or other terminal's topic
// can ever be allowed, and no text of a client is ever put into a pattern.

/** MQTT 3.1.1. */
const PROTOCOL_VERSION = 4;
const MAX_QOS = 1;
const GREETING_KINDS: readonly UpKind[] = ["hello"];
/** Stands for every terminal in the filters of the service, which is none of them. */
const EVERY = "+" as Tusn;

/** What the service, as a client of an external broker, subscribes to and publishes on. */
export const SERVICE_READS: readonly string[] = UP_KINDS.map((kind) => toUpTopic(EVERY, kind));
export const SERVICE_WRITES: readonly string[] = DOWN_KINDS.map((kind) => toDownTopic(EVERY, kind));
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
  readonly admission: Admission;
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

/** What a terminal may publish on: its own up topics; one that may only greet, its hello's. */
export function toPublishTopics(tusn: Tusn, admission: Admission): readonly string[] {
  return (admission === "full" ? UP_KINDS : GREETING_KINDS).map((kind) => toUpTopic(tusn, kind));
}

/** What ever reaches a terminal: its own down topics; one that may only greet, nothing. */
export function toDeliveryTopics(tusn: Tusn, admission: Admission): readonly string[] {
  return admission === "full" ? DOWN_KINDS.map((kind) => toDownTopic(tusn, kind)) : [];
}

/** A terminal publishes envelopes, never larger or kept by the broker. */
export function isPublishAllowed(request: PublishRequest): boolean {
  return (
    toPublishTopics(request.tusn, request.admission).includes(request.topic) &&
    request.qos <= MAX_QOS &&
    !request.retain &&
    request.bytes <= MAX_ENVELOPE_BYTES
  );
}

/** A terminal subscribes to its own down topics, also while it may only greet: nothing comes of it then. */
export function isSubscribeAllowed(request: SubscribeRequest): boolean {
  return toDeliveryTopics(request.tusn, "full").includes(request.filter) && request.qos <= MAX_QOS;
}

/** Checked again at each delivery. */
export function isDeliveryAllowed(tusn: Tusn, admission: Admission, topic: string): boolean {
  return toDeliveryTopics(tusn, admission).includes(topic);
}
