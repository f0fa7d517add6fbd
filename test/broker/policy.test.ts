import { describe, expect, it } from "vitest";
import {
  type ConnectRequest,
  isConnectAllowed,
  isDeliveryAllowed,
  isPublishAllowed,
  isSubscribeAllowed,
  MAX_KEEPALIVE_SECONDS,
} from "../../broker/policy.ts";
import { MAX_ENVELOPE_BYTES } from "../../proto/bounds.ts";
import { DOWN_KINDS, toDownTopic, toUpTopic, UP_KINDS } from "../../proto/topics.ts";
import { parseTusn } from "../../proto/tusn.ts";

const OWN = parseTusn("00000304N7NL01933217");
const OTHER = parseTusn("00000304N7NL00072365");

const OWN_DOWN = DOWN_KINDS.map((kind) => toDownTopic(OWN, kind));
const OWN_UP = UP_KINDS.map((kind) => toUpTopic(OWN, kind));

/** Every topic and filter of up to `depth` levels over the segments an attacker would combine. */
function* combine(segments: readonly string[], depth: number): Generator<string> {
  for (const segment of segments) {
    yield segment;
    if (depth > 1) for (const rest of combine(segments, depth - 1)) yield `${segment}/${rest}`;
  }
}

const HOSTILE = [
  ...combine([OWN, OTHER, "+", "#", "", "$SYS", "$share"], 4),
  ...Array.from(
    combine([OWN, OTHER, "+", "#", "up", "down", "hello", "directive", ""], 3),
    (rest) => `tillsync/v1/${rest}`,
  ),
  ...combine([OWN, "+", "#", "tillsync", "v1", "down", "directive"], 5),
  ...DOWN_KINDS.flatMap((kind) => [
    toDownTopic(OTHER, kind),
    `/${toDownTopic(OWN, kind)}`,
    `${toDownTopic(OWN, kind)}/`,
    `${toDownTopic(OWN, kind)}/#`,
    `${toDownTopic(OWN, kind)}\0`,
    `$share/group/${toDownTopic(OWN, kind)}`,
    `$queue/${toDownTopic(OWN, kind)}`,
    toDownTopic(OWN, kind).toUpperCase(),
  ]),
  ...UP_KINDS.flatMap((kind) => [toUpTopic(OTHER, kind), `${toUpTopic(OWN, kind)}/x`, `$SYS/${toUpTopic(OWN, kind)}`]),
  "$SYS/#",
  "$SYS/other/new/clients",
];

describe("connecting", () => {
  const genuine: ConnectRequest = {
    certificateTusn: OWN,
    clientId: OWN,
    clean: true,
    will: false,
    credentials: false,
    protocolVersion: 4,
    keepalive: 60,
  };

  it("is allowed to the terminal that the certificate names", () => {
    expect(isConnectAllowed(genuine)).toBe(true);
    expect(isConnectAllowed({ ...genuine, keepalive: 1 })).toBe(true);
    expect(isConnectAllowed({ ...genuine, keepalive: MAX_KEEPALIVE_SECONDS })).toBe(true);
  });

  it.each<[string, Partial<ConnectRequest>]>([
    ["another terminal's client id", { clientId: OTHER }],
    ["an empty client id", { clientId: "" }],
    ["a wildcard for a client id", { clientId: "+" }],
    ["a client id with a NUL", { clientId: `${OWN}\0` }],
    ["a client id with a level", { clientId: `${OWN}/${OTHER}` }],
    ["a client id in lower case", { clientId: OWN.toLowerCase() }],
    ["a session that outlives the connection", { clean: false }],
    ["a will", { will: true }],
    ["a user name or password", { credentials: true }],
    ["MQTT 3.1", { protocolVersion: 3 }],
    ["MQTT 5", { protocolVersion: 5 }],
    ["bridge mode", { protocolVersion: 0x84 }],
    ["no keep-alive", { keepalive: 0 }],
    ["a keep-alive too long", { keepalive: MAX_KEEPALIVE_SECONDS + 1 }],
    ["a keep-alive that is no number", { keepalive: Number.NaN }],
  ])("is refused with %s", (_, difference) => {
    expect(isConnectAllowed({ ...genuine, ...difference })).toBe(false);
  });
});

describe("publishing", () => {
  const genuine = {
    tusn: OWN,
    admission: "full" as const,
    topic: toUpTopic(OWN, "hello"),
    qos: 1,
    retain: false,
    bytes: 100,
  };

  it("is allowed on the terminal's own up topics, at most once and at least once", () => {
    for (const topic of OWN_UP) {
      for (const qos of [0, 1]) expect(isPublishAllowed({ ...genuine, topic, qos })).toBe(true);
    }
    expect(isPublishAllowed({ ...genuine, bytes: MAX_ENVELOPE_BYTES })).toBe(true);
  });

  it("is refused retained, with QoS 2 and above an envelope's size", () => {
    expect(isPublishAllowed({ ...genuine, retain: true })).toBe(false);
    expect(isPublishAllowed({ ...genuine, qos: 2 })).toBe(false);
    expect(isPublishAllowed({ ...genuine, bytes: MAX_ENVELOPE_BYTES + 1 })).toBe(false);
  });

  it("is refused on every other topic", () => {
    for (const topic of [...HOSTILE, ...OWN_DOWN]) {
      expect(isPublishAllowed({ ...genuine, topic }), topic).toBe(OWN_UP.includes(topic));
    }
  });
});

describe("a terminal that may only greet", () => {
  const greeting = { tusn: OWN, admission: "greeting" as const, qos: 1, retain: false, bytes: 100 };

  it("publishes its hello and nothing else", () => {
    for (const topic of [...HOSTILE, ...OWN_DOWN, ...OWN_UP]) {
      expect(isPublishAllowed({ ...greeting, topic }), topic).toBe(topic === toUpTopic(OWN, "hello"));
    }
  });

  it("may subscribe, and is sent nothing", () => {
    for (const topic of [...HOSTILE, ...OWN_DOWN]) expect(isDeliveryAllowed(OWN, "greeting", topic), topic).toBe(false);
  });
});

describe("subscribing and being sent to", () => {
  it("is allowed on the terminal's own down topics", () => {
    for (const filter of OWN_DOWN) {
      for (const qos of [0, 1]) expect(isSubscribeAllowed({ tusn: OWN, filter, qos })).toBe(true);
      expect(isDeliveryAllowed(OWN, "full", filter)).toBe(true);
    }
  });

  it("is refused with QoS 2", () => {
    for (const filter of OWN_DOWN) expect(isSubscribeAllowed({ tusn: OWN, filter, qos: 2 })).toBe(false);
  });

  it("is refused on every other topic and filter", () => {
    for (const filter of [...HOSTILE, ...OWN_UP]) {
      const isOwn = OWN_DOWN.includes(filter);
      expect(isSubscribeAllowed({ tusn: OWN, filter, qos: 0 }), filter).toBe(isOwn);
      expect(isDeliveryAllowed(OWN, "full", filter), filter).toBe(isOwn);
    }
  });
});
