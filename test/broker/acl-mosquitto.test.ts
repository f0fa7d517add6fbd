import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CANARIES, SERVICE_NAME, toAclEntry, toAclHead } from "../../broker/acl.ts";
import type { Admission } from "../../broker/bus.ts";
import { isDeliveryAllowed, isPublishAllowed } from "../../broker/policy.ts";
import type { ProbeClient } from "../../broker/probe/client.ts";
import { type Identities, makeIdentities } from "../../broker/probe/identities.ts";
import { Trial } from "../../broker/probe/trial.ts";
import type { KeyAndCertificate } from "../../certs/x509/authority.ts";
import { DOWN_KINDS, toDownTopic, toUpTopic, UP_KINDS } from "../../proto/topics.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { loadCertificates, TUSN_A, TUSN_B, TUSN_C } from "../support/certificates.ts";
import { endMosquittos, expectMosquitto, HAS_MOSQUITTO, type Mosquitto, startMosquitto } from "../support/mosquitto.ts";

// Every decision of the list, taken by a real Mosquitto over real TLS, beside the policy's own.

/** In full, suspended, and not in the list. */
const ADMISSIONS: readonly (readonly [Tusn, Admission | undefined])[] = [
  [TUSN_A, "full"],
  [TUSN_B, "greeting"],
  [TUSN_C, undefined],
];
const TERMINALS = ADMISSIONS.map(([tusn]) => tusn);
const TOPICS = [
  ...TERMINALS.flatMap((tusn) => [
    ...UP_KINDS.map((kind) => toUpTopic(tusn, kind)),
    ...DOWN_KINDS.map((kind) => toDownTopic(tusn, kind)),
    `tillsync/v1/${tusn}`,
    `tillsync/v1/${tusn}/up`,
    `${toUpTopic(tusn, "hello")}/x`,
    `/${toDownTopic(tusn, "trust")}`,
    `${tusn}/up/hello`,
  ]),
  "tillsync/v1",
  "x",
  "/",
];
/** Two that may read and write everything, so that a test can look: the product makes no list with such names. */
const [READER, WRITER] = ["test-reader", "test-writer"];
const EVERYTHING = [READER, WRITER].map((name) => `user ${name}\ntopic readwrite #\n`).join("");
const LIST = [
  toAclHead(),
  ...ADMISSIONS.map(([tusn, admission]) => (admission === undefined ? "" : toAclEntry(tusn, admission))),
  EVERYTHING,
].join("");
const SETTLE_MS = 300;

let broker: Mosquitto;
let trial: Trial;
let observer: ProbeClient;

const terminals = new Map<Tusn, Promise<KeyAndCertificate>>();

async function open(tusn: Tusn): Promise<ProbeClient> {
  const credentials = terminals.get(tusn) ?? (await loadCertificates()).terminal(tusn);
  terminals.set(tusn, credentials);
  const { client } = await trial.open(await credentials, tusn);
  if (client === undefined) throw new Error(`${tusn} is not let in`);
  return client;
}

const identities = new Map<string, Promise<Identities>>();

/** Credentials of a client that is no terminal. */
async function loadIdentity(name: string): Promise<KeyAndCertificate> {
  const { authority, foreignAuthority } = await loadCertificates();
  const made = identities.get(name) ?? makeIdentities(authority, name, new Date(), foreignAuthority);
  identities.set(name, made);
  return (await made).service;
}

async function openObserver(service: string): Promise<ProbeClient> {
  const { client } = await trial.open(await loadIdentity(service), service);
  if (client === undefined) throw new Error(`${service} is not let in`);
  return client;
}

/** Lets arrive what is on its way. */
async function settle(client: ProbeClient): Promise<void> {
  await client.has(() => false, SETTLE_MS);
}

function listPayloads(client: ProbeClient): ReadonlySet<string> {
  return new Set(client.messages.map(({ payload }) => payload));
}

describe("the beginning of the list", () => {
  it("is never empty, names the service and the canaries, and has no pattern", () => {
    const text = toAclHead();
    expect(text).toContain(`user ${SERVICE_NAME}\n`);
    for (const tusn of CANARIES) expect(text).toContain(toAclEntry(tusn, "full"));
    expect(
      text.split("\n").filter((line) => !/^(#.*|topic (deny #|read \S+|write \S+)|user \S+|)$/.test(line)),
    ).toEqual([]);
    expect(text).not.toMatch(/pattern|%/);
  });

  it.each(["", TUSN_A, "a b", "a\ntopic readwrite #", "#", "x".repeat(65)])(
    "takes no service by the name of %j",
    (name) => {
      expect(() => toAclHead(name)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    },
  );

  it("has nothing for a terminal but its own topics, and its hello alone while it may only greet", () => {
    expect(toAclEntry(TUSN_A, "greeting")).toBe(`user ${TUSN_A}\ntopic write tillsync/v1/${TUSN_A}/up/hello\n\n`);
    const [user, ...topics] = toAclEntry(TUSN_A, "full").trim().split("\n");
    expect(user).toBe(`user ${TUSN_A}`);
    expect(topics).toEqual([
      ...UP_KINDS.map((kind) => `topic write ${toUpTopic(TUSN_A, kind)}`),
      ...DOWN_KINDS.map((kind) => `topic read ${toDownTopic(TUSN_A, kind)}`),
    ]);
  });
});

describe("mosquitto", () => expectMosquitto());

describe.runIf(HAS_MOSQUITTO)("mosquitto with the list", () => {
  beforeAll(async () => {
    broker = await startMosquitto({ acl: LIST });
    const { authority, foreignAuthority } = await loadCertificates();
    const identities = await makeIdentities(authority, SERVICE_NAME, new Date(), foreignAuthority);
    const times = { stepMs: 5_000, graceMs: 0 };
    trial = new Trial({ ...broker.address, authority: authority.certificate, identities, ...times });
    observer = await openObserver(READER);
    await observer.subscribe(["#"]);
  });

  afterAll(async () => {
    trial?.end();
    await endMosquittos();
  });

  it("passes on what a terminal may publish, and nothing else", async () => {
    for (const [tusn, admission] of ADMISSIONS) {
      for (const topic of TOPICS) {
        // It may be cut off for what it tries.
        const client = await open(tusn);
        await client.publish(topic, `${tusn} on ${topic}`);
        client.drop();
      }
      await settle(observer);
      const payloads = listPayloads(observer);
      for (const topic of TOPICS) {
        const request = { tusn, topic, qos: 1, retain: false, bytes: 64 };
        const isAllowed = admission !== undefined && isPublishAllowed({ ...request, admission });
        expect([topic, payloads.has(`${tusn} on ${topic}`)]).toEqual([topic, isAllowed]);
      }
    }
  });

  it.each([
    ["each by its name", (topic: string) => [topic]],
    ["by wildcards", () => ["#"]],
    ["by wildcards for every level", () => ["+/+/+/+/+", "+/+/+/+/+/+", "+/+/+/+", "+/+/+", "+/+", "+", "/+/#"]],
    ["in a shared subscription", (topic: string) => [`$share/g${topic.length}/${topic}`]],
  ])("delivers to a terminal what may be delivered to it, subscribed %s", async (_, toFilters) => {
    const service = await openObserver(WRITER);
    for (const [tusn, admission] of ADMISSIONS) {
      const client = await open(tusn);
      for (const filter of new Set(TOPICS.flatMap(toFilters))) await client.subscribe([filter]);
      for (const topic of TOPICS) await service.publish(topic, `${topic} to ${tusn}`);
      await settle(client);
      const payloads = listPayloads(client);
      for (const topic of TOPICS) {
        const isAllowed = admission !== undefined && isDeliveryAllowed(tusn, admission, topic);
        // A terminal may be kept from what is its own by an unusual filter, and never given what is not.
        if (isAllowed && toFilters("x")[0] !== "x") continue;
        expect([topic, payloads.has(`${topic} to ${tusn}`)]).toEqual([topic, isAllowed]);
      }
      client.drop();
    }
    service.drop();
  });

  it("lets the service read what terminals say and write what they are sent, and nothing else", async () => {
    const service = await openObserver(SERVICE_NAME);
    await service.subscribe(["#"]);
    for (const topic of TOPICS) {
      // The service's own connection is left open to what comes; another speaks for it, and may be cut off.
      await observer.publish(topic, `${topic} to service`);
    }
    await settle(service);
    for (const topic of TOPICS) {
      const speaking = await openObserver(SERVICE_NAME);
      await speaking.publish(topic, `service on ${topic}`);
      speaking.drop();
    }
    await settle(observer);
    const isUp = (topic: string) => /^tillsync\/v1\/[0-9A-Z]+\/up\/(hello|report|proof)$/.test(topic);
    const isDown = (topic: string) =>
      /^tillsync\/v1\/[0-9A-Z]+\/down\/(directive|receipt|trust|challenge)$/.test(topic);
    for (const topic of TOPICS) {
      expect([topic, listPayloads(observer).has(`service on ${topic}`)]).toEqual([topic, isDown(topic)]);
      expect([topic, listPayloads(service).has(`${topic} to service`)]).toEqual([topic, isUp(topic)]);
    }
  });

  it("holds connections that are open to a list that was put in its place", async () => {
    const client = await open(TUSN_A);
    await client.subscribe([toDownTopic(TUSN_A, "directive")]);
    const service = await openObserver(WRITER);
    const list = (admission: Admission) => `${toAclHead()}${toAclEntry(TUSN_A, admission)}${EVERYTHING}`;
    await broker.reload(list("greeting"));
    await service.publish(toDownTopic(TUSN_A, "directive"), "kept from it");
    await client.publish(toUpTopic(TUSN_A, "hello"), "heard");
    await broker.reload(list("full"));
    await service.publish(toDownTopic(TUSN_A, "directive"), "sent to it");
    expect(await client.has(({ payload }) => payload === "sent to it")).toBe(true);
    expect(listPayloads(client)).toEqual(new Set(["sent to it"]));
    expect(await observer.has(({ payload }) => payload === "heard")).toBe(true);
    await broker.reload(list("greeting"));
    await client.publish(toUpTopic(TUSN_A, "report"), "not heard");
    await settle(observer);
    expect(listPayloads(observer).has("not heard")).toBe(false);
  });
});
