import type { KeyObject } from "node:crypto";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { verifyDelivery } from "../../agent/gate.ts";
import { signRelease } from "../../certs/release.ts";
import { createCardKey, openCardNumber, sealCardNumber, toRawCardKey } from "../../certs/seal.ts";
import { issueTerminalCertificate } from "../../certs/x509/authority.ts";
import { toDeviceKey } from "../../certs/x509/identity.ts";
import { generateRsaKey, toRsaKeyPem, toRsaPublicKey } from "../../certs/x509/rsa-key.ts";
import { parseDelivery, toReleaseFileBytes } from "../../proto/delivery.ts";
import { parseDirective } from "../../proto/directive.ts";
import { toErrorCode } from "../../proto/errors.ts";
import { parseProfile } from "../../proto/profile.ts";
import { toUpTopic, type UpKind } from "../../proto/topics.ts";
import { releaseQuarantine } from "../../src/app/admission/quarantine.ts";
import { enrolTerminal } from "../../src/app/enrolment/record-device.ts";
import { openFleetService } from "../../src/app/fleet-service.ts";
import { buildRelease } from "../../src/app/release/build.ts";
import { publishRelease } from "../../src/app/release/publish.ts";
import { loadCertificates } from "../support/certificates.ts";
import { openTestBus } from "../support/embedded-bus.ts";
import {
  enrolFleet,
  openTestFleet,
  readLedgerKinds,
  type TestFleet,
  TUSN_0,
  toRequest,
} from "../support/fleet-store.ts";
import { toConnect, toPublish } from "../support/mqtt-bytes.ts";
import { type Address, connectReadyTerminal, endTerminals, type MqttTerminal } from "../support/mqtt-terminal.ts";
import { openTrusting } from "../support/raw-terminal.ts";
import { toNewCard } from "../support/sign-sample.ts";
import { TestTerminal } from "../support/test-terminal.ts";

const SOON = { timeout: 20_000 };

afterEach(() => endTerminals());

interface Company {
  readonly fleet: TestFleet;
  readonly address: Address;
  /** The enrolled device, which needs card numbers. */
  readonly genuine: TestTerminal;
  readonly cardKey: KeyObject;
  /** Another device with a certificate for the same terminal, from the stolen authority. */
  readonly rogue: TestTerminal;
  /** It shakes hands, says this, and is cut off without an answer. */
  expectRogueRefused(said: readonly Uint8Array[]): Promise<void>;
}

async function openCompany(): Promise<Company> {
  const fleet = await openTestFleet();
  const [genuine] = (await enrolFleet(fleet)) as [TestTerminal];
  let address: Address = { host: "", port: 0 };
  const { authority } = await loadCertificates();
  const service = await openFleetService({
    ...fleet,
    authority,
    verifiers: [],
    now: fleet.now,
    openBus: async (handlers) => {
      const opened = await openTestBus(handlers);
      address = opened.address;
      return opened.bus;
    },
  });
  onTestFinished(() => service.close());
  const key = await generateRsaKey();
  const cert = await issueTerminalCertificate(authority, {
    ...{ tusn: TUSN_0, publicKey: toRsaPublicKey(key), days: 1, now: new Date() },
  });
  const expectRogueRefused = async (said: readonly Uint8Array[]) => {
    const peer = await openTrusting(address, { key: toRsaKeyPem(key), certificate: cert });
    for (const packet of [toConnect({ clientId: TUSN_0 }), ...said]) peer.socket.write(packet);
    await peer.closed;
    expect(peer.received()).toEqual(Buffer.alloc(0));
  };
  const rogue = new TestTerminal(TUSN_0, key);
  rogue.counter = 1_000;
  return { fleet, address, genuine, cardKey: createCardKey(), rogue, expectRogueRefused };
}

function say({ client }: MqttTerminal, kind: UpKind, payload: Uint8Array) {
  return client.publishAsync(toUpTopic(TUSN_0, kind), Buffer.from(payload), { qos: 1 });
}

/** The enrolled device connects and says hello; resolves when that is on record. */
async function greet({ fleet, address, genuine, cardKey }: Company): Promise<MqttTerminal> {
  const terminal = await connectReadyTerminal(address, TUSN_0);
  await say(terminal, "hello", genuine.hello(genuine.vouch(toRawCardKey(cardKey))));
  await vi.waitFor(
    async () => expect((await readRecords(fleet)).reported).toMatchObject([{ counter: genuine.counter }]),
    SOON,
  );
  return terminal;
}

/** All that the records say of terminals and what they told. */
async function readRecords({ store }: TestFleet) {
  const [terminals, reported, reports, deployments] = await Promise.all([
    store.selectFrom("terminals").selectAll().execute(),
    store.selectFrom("reported").selectAll().execute(),
    store.selectFrom("reports").selectAll().execute(),
    store.selectFrom("deployments").selectAll().execute(),
  ]);
  return { terminals, reported, reports, deployments };
}

/** A new card for the terminal, sealed to the card key on record. */
async function publishCard(fleet: TestFleet) {
  const { profile, opening } = toNewCard();
  const { binding } = profile;
  const { file } = await buildRelease(fleet, toRequest({ patch: { binding } }));
  const sealed = await Promise.all(
    file.recipients.map(async ({ index, cardKey }) => {
      const to = { tusn: TUSN_0, commitment: binding.commitment };
      return { index, bytes: await sealCardNumber(cardKey, opening, to) };
    }),
  );
  const { maker, checker, policy } = fleet.approvers;
  const signed = signRelease(signRelease({ ...file, sealed }, maker), checker);
  await publishRelease(fleet, toReleaseFileBytes(signed), policy);
  return { binding, opening };
}

describe("row 25: a certificate for an enrolled terminal, minted with the stolen key of the authority", () => {
  it("gets no connection: nothing it says is read, and the terminal is in quarantine, sent nothing, with an alarm", async () => {
    const company = await openCompany();
    const { fleet, genuine, rogue } = company;
    const terminal = await greet(company);
    await publishCard(fleet);
    await vi.waitFor(
      async () => expect((await readRecords(fleet)).deployments).toMatchObject([{ state: "sent" }]),
      SOON,
    );
    const before = await readRecords(fleet);
    const own = toRawCardKey(createCardKey());
    // Said at once, without waiting to be let in.
    const said = [rogue.hello(), rogue.hello(rogue.vouch(own)), genuine.hello()].map((hello, index) =>
      toPublish(toUpTopic(TUSN_0, "hello"), hello, index + 1),
    );
    await company.expectRogueRefused(said);
    await terminal.closed;
    expect(await readRecords(fleet)).toEqual(before);
    await vi.waitFor(async () => expect(await readLedgerKinds(fleet)).toContain("alarm.clone_suspected"), SOON);
    const held = await connectReadyTerminal(company.address, TUSN_0);
    await say(held, "hello", genuine.hello());
    expect(held.messages).toEqual([]);
  });

  it("is not enrolled beside the device key on record", async () => {
    const company = await openCompany();
    const { fleet, rogue } = company;
    await greet(company);
    const before = [await readRecords(fleet), await readLedgerKinds(fleet)];
    const { authority } = await loadCertificates();
    const certificate = await issueTerminalCertificate(authority, {
      ...{ tusn: TUSN_0, publicKey: toRsaPublicKey(rogue.deviceKey), days: 1, now: new Date() },
    });
    expect(await enrolTerminal(fleet, TUSN_0, certificate).catch(toErrorCode)).toBe("STATE_CONFLICT");
    expect([await readRecords(fleet), await readLedgerKinds(fleet)]).toEqual(before);
  });

  it("that also got hold of a hello of the enrolled device puts no card key of its own into it, and raises an alarm", async () => {
    const company = await openCompany();
    const { fleet, genuine, rogue } = company;
    const terminal = await greet(company);
    const before = await readRecords(fleet);
    const [reported] = before.reported;
    const own = toRawCardKey(createCardKey());
    // Signed by the enrolled device, with a proof of the rogue's: the one way past the envelope.
    await say(terminal, "hello", genuine.hello({ cardKey: own, cardKeyProof: rogue.vouch(own).cardKeyProof }));
    await vi.waitFor(async () => expect(await readLedgerKinds(fleet)).toContain("alarm.card_key_unproven"), SOON);
    const after = await readRecords(fleet);
    expect(after.reported[0]?.cardKey).toEqual(reported?.cardKey);
    expect(after.reported[0]?.cardKey).toEqual(Buffer.from(toRawCardKey(company.cardKey)));
  });

  it("makes nothing of a directive that it captures: not its own to obey, and the number sealed to another key", async () => {
    const company = await openCompany();
    const { fleet, genuine, rogue, cardKey } = company;
    const terminal = await greet(company);
    const { binding, opening } = await publishCard(fleet);
    const toDirectives = () => terminal.messages.filter(({ kind }) => kind === "directive");
    await vi.waitFor(() => expect(toDirectives()).toHaveLength(1), SOON);
    const [captured] = toDirectives();
    const bytes = captured?.payload ?? Buffer.alloc(0);

    const gate = (deviceKey: KeyObject) => {
      const context = { tusn: TUSN_0, sequence: 0, held: undefined, previous: undefined, cardChanges: [] };
      const trust = fleet.trust.trust();
      const key = toDeviceKey(toRsaPublicKey(deviceKey));
      return verifyDelivery(bytes, { ...context, trust, now: fleet.at, past: fleet.at, deviceKey: key });
    };
    expect(gate(genuine.deviceKey).directive.tusn).toBe(TUSN_0);
    expect(() => gate(rogue.deviceKey)).toThrow(expect.objectContaining({ code: "WRONG_DEVICE_KEY" }));

    const { sealed, directive } = parseDelivery(bytes);
    expect(parseProfile(parseDirective(directive).profile).binding).toEqual(binding);
    expect(bytes.includes(opening.number)).toBe(false);
    expect(await openCardNumber(cardKey, sealed, { tusn: TUSN_0, binding })).toBe(opening.number);
    for (const key of [createCardKey(), createCardKey()]) {
      const attempt = openCardNumber(key, sealed, { tusn: TUSN_0, binding });
      await expect(attempt).rejects.toThrow(expect.objectContaining({ code: "SEAL_INVALID" }));
    }
  });

  it("may cut the enrolled device off, which comes back to all that is its own once somebody has looked", async () => {
    const company = await openCompany();
    const { fleet, genuine } = company;
    const terminal = await greet(company);
    const before = await readRecords(fleet);
    await company.expectRogueRefused([]);
    await terminal.closed;
    await vi.waitFor(async () => expect(await readLedgerKinds(fleet)).toContain("alarm.clone_suspected"), SOON);
    await releaseQuarantine(fleet, TUSN_0, { reason: "the authority was replaced" });
    await publishCard(fleet);
    const back = await greet(company);
    await vi.waitFor(() => expect(back.messages.map(({ kind }) => kind)).toContain("directive"), SOON);
    const [delivery] = back.messages.filter(({ kind }) => kind === "directive");
    await say(back, "report", genuine.report(delivery?.payload ?? Buffer.alloc(0), "committed"));
    await vi.waitFor(
      async () => expect((await readRecords(fleet)).deployments).toMatchObject([{ state: "committed" }]),
      SOON,
    );
    const after = await readRecords(fleet);
    expect(after.terminals[0]?.deviceKey).toEqual(before.terminals[0]?.deviceKey);
    expect(after.reported[0]?.cardKey).toEqual(before.reported[0]?.cardKey);
    expect(after.reports).toHaveLength(1);
  });
});
