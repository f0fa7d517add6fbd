import { X509Certificate } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { toErrorCode } from "../../proto/errors.ts";
import { toUpTopic, UP_KINDS } from "../../proto/topics.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { revokeTerminal } from "../../src/app/admission/revoke.ts";
import { renewCertificate } from "../../src/app/enrolment/renew.ts";
import { parseAct } from "../../src/app/registry/act.ts";
import { changeLife } from "../../src/app/registry/change-life.ts";
import { loadCertificates } from "../support/certificates.ts";
import { createRequest } from "../support/certification-request.ts";
import { enrolFleet, release, type TestFleet } from "../support/fleet-store.ts";
import {
  type LiveService,
  openBesides,
  openLiveService,
  openTodaysFleet,
  shakeHands,
  takeTicket,
} from "../support/live-service.ts";
import { toConnect, toPublish } from "../support/mqtt-bytes.ts";
import { type Address, connectReadyTerminal, endTerminals, type MqttTerminal } from "../support/mqtt-terminal.ts";
import { endRaw, openTrusting, type RawTerminal } from "../support/raw-terminal.ts";
import type { TestTerminal } from "../support/test-terminal.ts";

const CONNACK = Buffer.from("20020000", "hex");
const CONNECTIONS = 1_000;
const AT_ONCE = 50;
const BOUND_MS = 5_000;
const SOON = { timeout: 20_000, interval: 10 };
const ACT = parseAct("test");
const WORDS = { reason: "stolen", by: "li.na" };

afterEach(() => {
  endTerminals();
  endRaw();
});

async function open(count = 2, isProven = true) {
  const fleet = await openTodaysFleet();
  const terminals = await enrolFleet(fleet, count, isProven);
  const [first, second] = terminals as [TestTerminal, TestTerminal];
  return { fleet, terminals, first, second, service: await openLiveService(fleet) };
}

/** TLS by the genuine certificate. */
async function openOf(address: Address, tusn: Tusn): Promise<RawTerminal> {
  return openTrusting(address, await (await loadCertificates()).terminal(tusn));
}

/** The same with CONNECT accepted. */
async function connectRaw(address: Address, tusn: Tusn): Promise<RawTerminal> {
  const peer = await openOf(address, tusn);
  peer.socket.write(toConnect({ clientId: tusn, keepalive: 300 }));
  await vi.waitFor(() => expect(peer.received().subarray(0, 4)).toEqual(CONNACK), SOON);
  return peer;
}

/** What becomes of a CONNECT: nothing at all is answered to whoever is not admitted. */
async function expectNotAdmitted(address: Address, tusn: Tusn): Promise<void> {
  const peer = await openOf(address, tusn);
  peer.socket.write(toConnect({ clientId: tusn }));
  await peer.closed;
  expect(peer.received()).toEqual(Buffer.alloc(0));
}

function say({ client }: MqttTerminal, terminal: TestTerminal): Promise<unknown> {
  return client.publishAsync(toUpTopic(terminal.tusn, "hello"), Buffer.from(terminal.hello()), { qos: 1 });
}

async function readCounter({ store }: TestFleet, tusn: Tusn): Promise<number | undefined> {
  const row = await store.selectFrom("reported").select("counter").where("tusn", "=", tusn).executeTakeFirst();
  return row?.counter;
}

/** Connects, says hello, and resolves when that is on record. */
async function greet(fleet: TestFleet, { address }: LiveService, terminal: TestTerminal): Promise<MqttTerminal> {
  const client = await connectReadyTerminal(address, terminal.tusn);
  await say(client, terminal);
  expect(await readCounter(fleet, terminal.tusn)).toBe(terminal.counter);
  return client;
}

describe("row 29: a revoked terminal that keeps its connection open", () => {
  it(`is cut off within ${BOUND_MS} ms, whichever of ${CONNECTIONS} it is, by another process's revocation`, async () => {
    // Unproven: who may connect does not hang on that, and a thousand enquiries take longer than the rest.
    const { fleet, terminals, service } = await open(CONNECTIONS + 1, false);
    const [kept, ...revoked] = terminals.map(({ tusn }) => tusn) as [Tusn, ...Tusn[]];
    const closedAt = new Map<Tusn, number>();
    const connect = async (tusn: Tusn) => {
      const peer = await connectRaw(service.address, tusn);
      void peer.closed.then(() => closedAt.set(tusn, performance.now()));
      return peer;
    };
    const stays = await connect(kept);
    for (let from = 0; from < revoked.length; from += AT_ONCE) {
      await Promise.all(revoked.slice(from, from + AT_ONCE).map(connect));
    }
    expect(closedAt.size).toBe(0);

    const besides = await openBesides(fleet);
    const revokedAt = new Map<Tusn, number>();
    for (const tusn of revoked) {
      await revokeTerminal(besides, tusn, WORDS);
      revokedAt.set(tusn, performance.now());
    }
    // By the service's own poll: nobody tells it to look.
    await vi.waitFor(() => expect(closedAt.size).toBe(CONNECTIONS), { timeout: 4 * BOUND_MS, interval: 20 });
    const tookMs = revoked.map((tusn) => (closedAt.get(tusn) ?? Number.NaN) - (revokedAt.get(tusn) ?? 0));
    expect(Math.max(...tookMs)).toBeLessThanOrEqual(BOUND_MS);
    expect(closedAt.has(kept)).toBe(false);
    expect(stays.socket.destroyed).toBe(false);
  }, 600_000);
});

describe("row 30: a revoked terminal with a session ticket", () => {
  it("resumes none, nor does anybody else by a ticket of before; without revocation all of them would", async () => {
    const { fleet, terminals, first, second, service } = await open(6);
    const { address, look } = service;
    const tickets = new Map<Tusn, Buffer>();
    for (const { tusn } of terminals) tickets.set(tusn, await takeTicket(address, tusn));
    for (const [tusn, ticket] of tickets) expect(await shakeHands(address, tusn, ticket)).toBe("resumed");

    await revokeTerminal(fleet, first.tusn, WORDS);
    await look();
    const outcomes = [];
    for (const [tusn, ticket] of tickets) outcomes.push(await shakeHands(address, tusn, ticket));
    expect(outcomes[0]).toBe("refused");
    expect(outcomes.slice(1)).toEqual(outcomes.slice(1).map(() => expect.any(Buffer)));
    expect(await shakeHands(address, second.tusn, await takeTicket(address, second.tusn))).toBe("resumed");
  }, 60_000);

  it("is refused in the handshake and by the records after the service was started again", async () => {
    const { fleet, first, second, service } = await open();
    await revokeTerminal(fleet, first.tusn, WORDS);
    await service.close();
    const again = await openLiveService(fleet);
    expect(await shakeHands(again.address, first.tusn)).toBe("refused");
    expect(await shakeHands(again.address, second.tusn)).toEqual(expect.any(Buffer));
    // Nothing but the records, as in the moment before the list is made.
    await fleet.store.updateTable("certificates").set({ serial: "" }).execute();
    await again.close();
    const unlisted = await openLiveService(fleet);
    expect(await shakeHands(unlisted.address, first.tusn)).toEqual(expect.any(Buffer));
    await expectNotAdmitted(unlisted.address, first.tusn);
  }, 60_000);
});

describe("row 43: a message that a terminal would have kept beyond its revocation", () => {
  it("is never kept: it ends the connection, and whoever subscribes later is sent nothing", async () => {
    const { fleet, first, second, service } = await open();
    for (const kind of UP_KINDS) {
      const peer = await connectRaw(service.address, first.tusn);
      const RETAIN = 0x01;
      peer.socket.write(toPublish(toUpTopic(first.tusn, kind), "kept", 1, RETAIN));
      await peer.closed;
    }
    expect(await readCounter(fleet, first.tusn)).toBeUndefined();
    await revokeTerminal(fleet, first.tusn, WORDS);
    await service.look();
    const other = await connectReadyTerminal(service.address, second.tusn);
    await say(other, second);
    expect(other.messages.filter(({ payload }) => payload.includes("kept"))).toEqual([]);
  }, 60_000);
});

describe("row 44: a subscription of a terminal whose right is withdrawn", () => {
  it("brings it nothing: neither what it subscribed to before nor what was waiting for it", async () => {
    const { fleet, first, service } = await open();
    const before = await greet(fleet, service, first);
    await changeLife(fleet, first.tusn, "suspend", ACT);
    await service.look();
    await before.closed;
    await fleet.store.updateTable("terminals").set({ life: "verified" }).execute();
    await release(fleet);
    await fleet.store.updateTable("terminals").set({ life: "suspended", lifeBefore: "verified" }).execute();

    const suspended = await greet(fleet, service, first);
    await service.look();
    await say(suspended, first);
    expect(suspended.messages).toEqual([]);

    await changeLife(fleet, first.tusn, "resume", ACT);
    await service.look();
    await suspended.closed;
    const resumed = await greet(fleet, service, first);
    await service.look();
    await vi.waitFor(() => expect(resumed.messages.map(({ kind }) => kind)).toContain("directive"), SOON);
    // All that the older connections will ever have had.
    expect(suspended.messages).toEqual([]);
  }, 60_000);

  it("is not carried over by a session that the broker should keep: there is none", async () => {
    const { first, service } = await open();
    const KEPT_SESSION = 0x00;
    const peer = await openOf(service.address, first.tusn);
    peer.socket.write(toConnect({ clientId: first.tusn, flags: KEPT_SESSION }));
    await peer.closed;
    expect(peer.received()).toEqual(Buffer.alloc(0));
  });
});

describe("row 45: a terminal that takes another one's client id", () => {
  it("is refused before anybody is asked, and the other one is not disturbed", async () => {
    const { fleet, first, second, service } = await open();
    const victim = await greet(fleet, service, first);
    const thief = await openOf(service.address, second.tusn);
    thief.socket.write(toConnect({ clientId: first.tusn }));
    await thief.closed;
    expect(thief.received()).toEqual(Buffer.alloc(0));
    await release(fleet, { tusns: [first.tusn] });
    await service.look();
    await vi.waitFor(() => expect(victim.messages.map(({ kind }) => kind)).toContain("directive"), SOON);
    expect(victim.client.connected).toBe(true);
    expect(await fleet.store.selectFrom("quarantines").selectAll().execute()).toEqual([]);
  }, 60_000);
});

describe("row 52: a stolen terminal", () => {
  it("is cut off once it is revoked, is sent nothing, and is not let in again", async () => {
    const { fleet, first, service } = await open();
    const stolen = await greet(fleet, service, first);
    await release(fleet, { tusns: [first.tusn] });
    // Another process revokes it before the directive goes out.
    await revokeTerminal(await openBesides(fleet), first.tusn, WORDS);
    await service.look();
    await stolen.closed;
    expect(stolen.messages.filter(({ kind }) => kind === "directive")).toEqual([]);
    await expectNotAdmitted(service.address, first.tusn);
    expect(await readCounter(fleet, first.tusn)).toBe(first.counter);
  }, 60_000);

  it("gets no new certificate", async () => {
    const { fleet, first } = await open();
    await revokeTerminal(fleet, first.tusn, WORDS);
    const { authority, terminal } = await loadCertificates();
    const { certificate } = await terminal(first.tusn);
    const request = createRequest(first.deviceKey, { commonName: first.tusn });
    const renewed = renewCertificate(
      fleet,
      { authority, certificateDays: 30 },
      new X509Certificate(certificate),
      request,
    );
    expect(await renewed.catch(toErrorCode)).toBe("CERTIFICATE_REVOKED");
    expect(await fleet.store.selectFrom("certificates").selectAll().execute()).toHaveLength(2);
  }, 60_000);
});

describe("a suspended terminal", () => {
  it("says hello, which is stored, and is sent nothing; a report or proof ends its connection", async () => {
    const { fleet, first, service } = await open();
    await release(fleet, { tusns: [first.tusn] });
    await changeLife(fleet, first.tusn, "suspend", ACT);
    for (const kind of ["report", "proof"] as const) {
      const client = await greet(fleet, service, first);
      await service.look();
      const report = first.sign("report", Buffer.from("x"));
      client.client.publish(toUpTopic(first.tusn, kind), Buffer.from(report), { qos: 1 });
      await client.closed;
      expect(client.messages).toEqual([]);
    }
    expect(await fleet.store.selectFrom("reports").selectAll().execute()).toEqual([]);
  }, 60_000);

  it("is cut off while it is at work, and comes back to greet", async () => {
    const { fleet, first, service } = await open();
    const working = await greet(fleet, service, first);
    await changeLife(await openBesides(fleet), first.tusn, "suspend", ACT);
    await working.closed;
    await release(fleet, { tusns: [first.tusn] }).catch(() => undefined);
    const greeting = await greet(fleet, service, first);
    await service.look();
    expect(greeting.client.connected).toBe(true);
    expect(greeting.messages).toEqual([]);
  }, 60_000);
});
