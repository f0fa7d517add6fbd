import { type KeyObject, randomBytes } from "node:crypto";
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
import { toReportBytes } from "../../proto/terminal-messages.ts";
import { DOWN_KINDS, toUpTopic, type UpKind } from "../../proto/topics.ts";
import { enrolTerminal } from "../../src/app/enrol.ts";
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
import {
  type Address,
  connectReadyTerminal,
  connectTerminal,
  endTerminals,
  type MqttTerminal,
} from "../support/mqtt-terminal.ts";
import { toNewCard } from "../support/sign-sample.ts";
import { TestTerminal } from "../support/test-terminal.ts";

const SOON = { timeout: 5_000 };

afterEach(() => endTerminals());

interface Company {
  readonly fleet: TestFleet;
  readonly address: Address;
  /** The enrolled device, which needs card numbers. */
  readonly genuine: TestTerminal;
  readonly cardKey: KeyObject;
  /** Another device with a certificate for the same terminal, from the stolen authority. */
  readonly rogue: TestTerminal;
  connectRogue(): Promise<MqttTerminal>;
}

async function openCompany(): Promise<Company> {
  const fleet = await openTestFleet();
  const [genuine] = (await enrolFleet(fleet)) as [TestTerminal];
  let address: Address = { host: "", port: 0 };
  const service = await openFleetService({
    ...fleet,
    now: fleet.now,
    openBus: async (handlers) => {
      const opened = await openTestBus(handlers);
      address = opened.address;
      return opened.bus;
    },
  });
  onTestFinished(() => service.close());
  const { authority } = await loadCertificates();
  const key = await generateRsaKey();
  const cert = await issueTerminalCertificate(authority, {
    ...{ tusn: TUSN_0, publicKey: toRsaPublicKey(key), days: 1, now: new Date() },
  });
  const connectRogue = async () => {
    const terminal = await connectTerminal(address, TUSN_0, { key: toRsaKeyPem(key), cert });
    await terminal.subscribe(...DOWN_KINDS);
    return terminal;
  };
  const rogue = new TestTerminal(TUSN_0, key);
  rogue.counter = 1_000;
  return { fleet, address, genuine, cardKey: createCardKey(), rogue, connectRogue };
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

const toDropped = ({ lines }: TestFleet) =>
  lines.filter(({ msg }) => msg === "message dropped").map(({ code }) => code);

describe("row 25: a certificate for an enrolled terminal, minted with the stolen key of the authority", () => {
  it("opens a connection and nothing else: what it says is not recorded, and nothing is sent to it", async () => {
    const company = await openCompany();
    const { fleet, genuine, rogue } = company;
    await greet(company);
    await publishCard(fleet);
    await vi.waitFor(
      async () => expect((await readRecords(fleet)).deployments).toMatchObject([{ state: "sent" }]),
      SOON,
    );
    const before = await readRecords(fleet);
    const ledger = await readLedgerKinds(fleet);

    const connected = await company.connectRogue();
    const own = toRawCardKey(createCardKey());
    // Everything that a terminal can say, in its own name and with what a genuine hello would have told.
    const [row] = before.deployments;
    const claim = {
      directive: row?.directiveDigest ?? randomBytes(32),
      nonce: row?.nonce ?? randomBytes(16),
      sequence: 1,
    };
    const report = (kind: "committed" | "rolled_back" | "refused") =>
      rogue.sign("report", toReportBytes({ ...rogue.toReport(kind, new Uint8Array(0)), ...claim }));
    const said: readonly (readonly [UpKind, Uint8Array])[] = [
      ["hello", rogue.hello()],
      ["hello", rogue.hello(rogue.vouch(own))],
      ["hello", rogue.hello({ cardKey: own, cardKeyProof: genuine.vouch(toRawCardKey(company.cardKey)).cardKeyProof })],
      ["hello", rogue.hello({ sequence: 4_000_000_000, counter: 4_000_000_000 })],
      ["report", report("committed")],
      ["report", report("rolled_back")],
      ["report", report("refused")],
    ];
    for (const [kind, payload] of said) await say(connected, kind, payload);
    await vi.waitFor(() => expect(toDropped(fleet)).toEqual(said.map(() => "SIGNATURE_INVALID")), SOON);
    expect(await readRecords(fleet)).toEqual(before);
    expect(await readLedgerKinds(fleet)).toEqual(ledger);
    expect(connected.messages).toEqual([]);
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

  it("may cut the enrolled device off, which comes back to all that is its own", async () => {
    const company = await openCompany();
    const { fleet, genuine, rogue } = company;
    const terminal = await greet(company);
    const before = await readRecords(fleet);
    const connected = await company.connectRogue();
    await say(connected, "hello", rogue.hello());
    await terminal.closed;
    await publishCard(fleet);
    const back = await greet(company);
    await vi.waitFor(() => expect(back.messages.map(({ kind }) => kind)).toContain("directive"), SOON);
    expect(connected.messages).toEqual([]);
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
