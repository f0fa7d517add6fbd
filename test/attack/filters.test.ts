import type { Client } from "aedes";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toAclEntry, toAclHead } from "../../broker/acl.ts";
import { createHooks } from "../../broker/embedded/hooks.ts";
import { isDeliveryAllowed } from "../../broker/policy.ts";
import type { ProbeClient } from "../../broker/probe/client.ts";
import { makeIdentities } from "../../broker/probe/identities.ts";
import { Trial } from "../../broker/probe/trial.ts";
import { DOWN_KINDS, toDownTopic, toUpTopic, UP_KINDS } from "../../proto/topics.ts";
import { loadCertificates, TUSN_A, TUSN_B } from "../support/certificates.ts";
import { endMosquittos, expectMosquitto, HAS_MOSQUITTO, startMosquitto } from "../support/mosquitto.ts";

// Row 40: a terminal subscribes to whatever it can think of, and is delivered nothing that is another's.

const OWN = TUSN_A;
const OTHER = TUSN_B;
const SEGMENTS = [OWN, OTHER, "+", "#", "", "$SYS", "$share"];
const DEPTH = 4;
const PER_PACKET = 50;
const SETTLE_MS = 500;

function* combine(depth: number): Generator<readonly string[]> {
  for (const segment of SEGMENTS) {
    yield [segment];
    if (depth > 1) for (const rest of combine(depth - 1)) yield [segment, ...rest];
  }
}

/** By themselves, and below our own topics, where they could do harm. */
const FILTERS: readonly string[] = [
  ...new Set(
    [...combine(DEPTH)].flatMap((segments) => {
      const text = segments.join("/");
      return [text, `tillsync/v1/${text}`, `tillsync/v1/${segments[0]}/down/${segments.slice(1).join("/")}`];
    }),
  ),
].filter((filter) => filter !== "");

const TOPICS = [OWN, OTHER].flatMap((tusn) => [
  ...DOWN_KINDS.map((kind) => toDownTopic(tusn, kind)),
  ...UP_KINDS.map((kind) => toUpTopic(tusn, kind)),
]);
const FOREIGN = TOPICS.filter((topic) => !DOWN_KINDS.some((kind) => topic === toDownTopic(OWN, kind)));

/** Reference matcher, written from section 4.7 of MQTT 3.1.1 alone: levels side by side, shared subscriptions unwrapped. */
function isMatch(filter: string, topic: string): boolean {
  const levels = filter.split("/");
  if (levels[0] === "$share") return levels.length > 2 && isMatch(levels.slice(2).join("/"), topic);
  const names = topic.split("/");
  if (names[0]?.startsWith("$") === true && /^[+#]/.test(filter)) return false;
  const at = levels.findIndex((level, index) => level === "#" || (level !== "+" && level !== names[index]));
  if (at === -1) return levels.length === names.length;
  return levels[at] === "#" && at === levels.length - 1 && names.length >= at;
}

describe("row 40: every filter of four levels", () => {
  it("is what it is meant to be: thousands, of which many match what is another's", () => {
    expect(FILTERS.length).toBeGreaterThan(7_000);
    const harmful = FILTERS.filter((filter) => FOREIGN.some((topic) => isMatch(filter, topic)));
    expect(harmful.length).toBeGreaterThan(30);
    expect(isMatch("tillsync/v1/#", "tillsync/v1")).toBe(true);
    expect(isMatch("+/v1", "tillsync/v1")).toBe(true);
    expect(isMatch("+", "tillsync/v1")).toBe(false);
    expect(isMatch("#/v1", "tillsync/v1")).toBe(false);
    expect(isMatch("#", "$SYS/x")).toBe(false);
    expect(isMatch("$share/g/tillsync/+", "tillsync/v1")).toBe(true);
  });

  it("brings a terminal nothing foreign on our own broker: it is refused, and would not be delivered for", () => {
    const peer = { tusn: OWN, fingerprint: new Uint8Array(32), remote: "192.0.2.1" };
    const session = {
      ...{ tusn: OWN, peer, admission: "full" as const, hold: () => undefined, receive: async () => undefined },
    };
    const hooks = createHooks(
      () => session,
      async () => "full",
      () => undefined,
    );
    const client = {} as Client;
    const deliveries: string[] = [];
    for (const filter of FILTERS) {
      let isGranted = false;
      hooks.authorizeSubscribe(client, { topic: filter, qos: 0 }, (error, subscription) => {
        isGranted = !(error instanceof Error) && subscription !== null && subscription !== undefined;
      });
      for (const topic of TOPICS.filter((candidate) => isMatch(filter, candidate))) {
        const packet = { cmd: "publish", brokerId: "b", brokerCounter: 1, topic, payload: "", qos: 0 } as const;
        const isForwarded = hooks.authorizeForward(client, { ...packet, retain: false, dup: false }) !== null;
        expect(isForwarded).toBe(isDeliveryAllowed(OWN, "full", topic));
        if (isGranted && FOREIGN.includes(topic)) deliveries.push(`${filter} ${topic}`);
      }
    }
    expect(deliveries).toEqual([]);
  });
});

describe("mosquitto", () => expectMosquitto());

describe.runIf(HAS_MOSQUITTO)(
  "row 40: every filter of four levels, on a mosquitto under the list that we print",
  () => {
    let trial: Trial;

    beforeAll(async () => {
      const { authority } = await loadCertificates();
      const acl = `${toAclHead()}${toAclEntry(OWN, "full")}${toAclEntry(OTHER, "full")}user writer\ntopic readwrite #\n`;
      const broker = await startMosquitto({ acl });
      const identities = await makeIdentities(authority, "writer", new Date());
      const times = { stepMs: 10_000, graceMs: 0 };
      trial = new Trial({ ...broker.address, authority: authority.certificate, identities, ...times });
    });

    afterAll(async () => {
      trial?.end();
      await endMosquittos();
    });

    /** A client that is cut off for a filter comes again for the next ones. */
    async function subscribeToAll(): Promise<readonly ProbeClient[]> {
      const credentials = await (await loadCertificates()).terminal(OWN);
      const clients: ProbeClient[] = [];
      for (let start = 0; start < FILTERS.length; start += PER_PACKET) {
        let client = clients.at(-1);
        if (client === undefined || !client.isOpen) {
          client = (await trial.open(credentials, OWN)).client;
          if (client === undefined) throw new Error("not let in");
          clients.push(client);
        }
        const valid = FILTERS.slice(start, start + PER_PACKET).filter(
          (filter) => !/#.|[^/]#|^\$share\/([+#]|[^/]*$|\/)/.test(filter),
        );
        if (valid.length > 0) await client.subscribe(valid);
      }
      return clients;
    }

    it("brings a terminal all that is its own and nothing else", async () => {
      const clients = await subscribeToAll();
      const writer = (await trial.open(trial.options.identities.service, "writer")).client;
      for (const topic of TOPICS) await writer?.publish(topic, topic);
      const last = clients.at(-1);
      await last?.has(() => false, SETTLE_MS);
      const topics = new Set(clients.flatMap(({ messages }) => messages.map(({ payload }) => payload)));
      expect(FOREIGN.filter((topic) => topics.has(topic))).toEqual([]);
      expect(topics.size).toBeGreaterThan(0);
    });
  },
);
