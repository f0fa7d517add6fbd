import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { toCardPath } from "../../agent/terminal/simulated.ts";
import { createCardKey, sealCardNumber } from "../../certs/seal.ts";
import { toDeviceKey } from "../../certs/x509/identity.ts";
import { toRsaPublicKey } from "../../certs/x509/rsa-key.ts";
import { NONCE_BYTES, SALT_BYTES } from "../../proto/bytes.ts";
import { toChallengeBytes } from "../../proto/challenge.ts";
import { computeCryptogram } from "../../proto/cryptogram.ts";
import { parseDelivery, toDeliveryBytes } from "../../proto/delivery.ts";
import type { Directive } from "../../proto/directive.ts";
import { type Profile, toProfileBytes } from "../../proto/profile.ts";
import { toCommitment } from "../../proto/settlement.ts";
import { toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { type Acquirer, openAcquirer } from "../../sim/acquirer/acquirer.ts";
import { toSimulatedTmk } from "../../sim/keys.ts";
import { steerTerminal } from "../../sim/steer-terminal.ts";
import { toStanding } from "../support/acquirer.ts";
import {
  bundleAgent,
  type Installation,
  install,
  killPrograms,
  makeFolder,
  startProgram,
} from "../support/agent-process.ts";
import { loadCertificates, TUSN_A } from "../support/certificates.ts";
import { SAMPLE_PROFILE, toDeliveries, toDelivery, toDirective, toNextProfile } from "../support/release.ts";
import { openTestService, type TestService, toOutcomes } from "../support/test-service.ts";

// The agent as terminals run it: one bundled file, a process of its own, real TLS, a real broker and acquirer.

const MAIN = fileURLToPath(new URL("../../agent/main.ts", import.meta.url));
const WAIT = { timeout: 15_000, interval: 20 };
const TERMINAL_NO = SAMPLE_PROFILE.acquiring.terminalNo;
const { folder, remove } = makeFolder();

let bundle: string;
let service: TestService;
let acquirer: Acquirer;
let deviceKey: Uint8Array;
let installation: Installation;
let count = 0;

beforeAll(async () => {
  bundle = await bundleAgent(MAIN, join(folder, "tillsync-agent.cjs"));
  deviceKey = toDeviceKey(toRsaPublicKey((await loadCertificates()).deviceKey));
});

afterEach(async () => {
  killPrograms();
  await service.close();
  await acquirer.close();
});

afterAll(remove);

const now = () => Math.floor(Date.now() / 1_000);

async function prepare(config: object = {}, cardKey?: string): Promise<void> {
  count += 1;
  service = await openTestService();
  acquirer = await openAcquirer({
    host: "127.0.0.1",
    port: 0,
    terminals: [
      { terminalNo: SAMPLE_PROFILE.acquiring.terminalNo, merchantNo: SAMPLE_PROFILE.merchant.number, tmk: tmk(TUSN_A) },
    ],
  });
  const root = service.approvers.trust.root;
  const request = { folder: join(folder, String(count)), tusn: TUSN_A, port: service.port, root, config };
  installation = await install(cardKey === undefined ? request : { ...request, cardKey });
}

function tmk(tusn: Tusn): Uint8Array {
  return toSimulatedTmk(tusn);
}

function start() {
  return startProgram(bundle, ["run", "--config", installation.configFile]);
}

async function status(): Promise<Record<string, unknown>> {
  const { output } = await startProgram(bundle, ["status", "--json", "--config", installation.configFile]).ended;
  return JSON.parse(output);
}

function first(): Profile {
  return toNextProfile(SAMPLE_PROFILE, { number: 1, acquiring: { port: acquirer.port } });
}

const applied = () => readFileSync(installation.profileFile);
const terminal = () => ({ tusn: TUSN_A, deviceKey });

function deliver(sequence: number, profile: Profile, base?: Profile, change: Partial<Directive> = {}): Uint8Array {
  const request = { ...terminal(), sequence, profile, now: now(), ...(base === undefined ? {} : { base }) };
  const delivery = toDelivery(service.approvers, toDirective(request, change), "binding", now());
  service.offer(TUSN_A, delivery);
  return delivery;
}

async function outcome(delivery: Uint8Array): Promise<string> {
  await vi.waitFor(() => expect(toOutcomes(service.reports, delivery)).toHaveLength(1), WAIT);
  const [{ kind, code, detail } = { kind: "", code: "", detail: "" }] = toOutcomes(service.reports, delivery);
  return `${kind} ${code} ${detail}`.trim();
}

async function commitFirst(): Promise<void> {
  start();
  expect(await outcome(deliver(1, first()))).toBe("committed");
}

describe("an agent", () => {
  it("says hello, takes a signed profile, proves it at the acquirer and commits it", async () => {
    await prepare();
    await commitFirst();
    expect(applied()).toEqual(Buffer.from(toProfileBytes(first())));
    expect(service.hellos[0]).toMatchObject({ tusn: TUSN_A, phase: "idle", sequence: 0, timestampVersion: 0 });
    expect(toStanding(acquirer.records())).toBe(0);
    expect(acquirer.records().map(({ kind }) => kind)).toEqual(["purchase", "reversal"]);
    expect(service.reports.map(({ kind }) => kind)).toContain("verified");
  });

  it("rolls a wrong terminal number back by itself and tells the acquirer's code", async () => {
    await prepare();
    await commitFirst();
    const wrong = toNextProfile(first(), { acquiring: { terminalNo: "99999999" } });
    expect(await outcome(deliver(2, wrong, first()))).toBe("rolled_back TEST_FAILED echo 97");
    expect(applied()).toEqual(Buffer.from(toProfileBytes(first())));
  });

  it("tries an undecided test again within its bound, reverses every purchase, then rolls back", async () => {
    await prepare();
    await commitFirst();
    acquirer.script(TERMINAL_NO, [{ kind: "dropAfterDebit" }, { kind: "wrongMac" }]);
    const next = toNextProfile(first(), { merchant: { shortName: "小李餐饮" } });
    expect(await outcome(deliver(2, next, first()))).toBe(
      "rolled_back TEST_INCONCLUSIVE purchase 00 without a valid MAC",
    );
    expect(applied()).toEqual(Buffer.from(toProfileBytes(first())));
    expect(toStanding(acquirer.records())).toBe(0);
    const effective = acquirer.records().filter((record) => record.effective);
    expect(effective.map(({ kind }) => kind).slice(2)).toEqual(["purchase", "reversal", "purchase", "reversal"]);
  });

  it("leaves the terminal without a profile where its directive forbids going back", async () => {
    await prepare();
    await commitFirst();
    acquirer.script(TERMINAL_NO, [{ kind: "decline", code: "58" }]);
    const next = toNextProfile(first(), { binding: { last4: "4321" } });
    const delivery = deliver(2, next, first(), { onFail: "suspend" });
    expect(await outcome(delivery)).toBe("suspended TEST_FAILED purchase 58");
    expect(existsSync(installation.profileFile)).toBe(false);
    expect(await status()).toMatchObject({ phase: "suspended", sequence: 2 });
  });

  it("proves its TUSN when it is challenged, with an answer that its device key signed", async () => {
    const snKey = Buffer.alloc(16, 0x32);
    const simulated = { kind: "simulated", file: "terminal/profile.bin", tmk: "00".repeat(16) };
    await prepare({ terminal: { ...simulated, snKey: snKey.toString("hex") } });
    const agent = start();
    await vi.waitFor(() => expect(service.hellos).toHaveLength(1), WAIT);
    const challenge = { id: randomBytes(NONCE_BYTES), factor: "1270260001", expires: 1 };
    service.send(TUSN_A, "challenge", toChallengeBytes(challenge));
    await vi.waitFor(() => expect(service.proofs).toHaveLength(1), WAIT);
    const { id, factor } = challenge;
    const cryptogram = computeCryptogram(snKey, TUSN_A, factor);
    expect(service.proofs).toEqual([{ tusn: TUSN_A, challenge: id, factor, cryptogram, code: "" }]);
    // Nothing of it is kept, and nothing else came of it.
    expect(await status()).toMatchObject({ phase: "idle", unsent: [], counter: service.hellos[0]?.counter });
    expect((await agent.stop("SIGTERM")).output).not.toMatch(new RegExp(`${factor}|${cryptogram}`));
  });

  it("waits for a busy terminal and goes on when it is ready", async () => {
    await prepare();
    await steerTerminal(installation.profileFile, { busy: "open_batch" });
    start();
    const delivery = deliver(1, first());
    await vi.waitFor(async () => expect(await status()).toMatchObject({ phase: "waiting" }), WAIT);
    await steerTerminal(installation.profileFile, {});
    expect(await outcome(delivery)).toBe("committed");
  });

  it("tells in its hello what keeps its terminal from taking a profile, with none under way", async () => {
    await prepare();
    await steerTerminal(installation.profileFile, { busy: "open_batch" });
    start();
    await vi.waitFor(() => expect(service.hellos.at(-1)).toMatchObject({ phase: "idle", busy: "open_batch" }), WAIT);
  });

  it("goes back where the terminal tears a profile while it takes it", async () => {
    await prepare();
    await commitFirst();
    await steerTerminal(installation.profileFile, { failingProfiles: [2] });
    const next = toNextProfile(first(), { merchant: { shortName: "小李餐饮" } });
    expect(await outcome(deliver(2, next, first()))).toMatch(/^rolled_back APPLY_FAILED/);
    expect(applied()).toEqual(Buffer.from(toProfileBytes(first())));
  });

  it("hands the terminal the card number that was sealed to the key in its hello, and keeps it from its files and log", async () => {
    const number = "6228480000000000018";
    const salt = randomBytes(SALT_BYTES);
    await prepare({}, createCardKey().export({ type: "pkcs8", format: "pem" }).toString());
    const agent = start();
    await vi.waitFor(() => expect(service.hellos).toHaveLength(1), WAIT);
    const { cardKey } = service.hellos[0] as { cardKey: Uint8Array };
    const commitment = toCommitment(number, salt);
    const profile = toNextProfile(first(), { number: 1, binding: { commitment } });
    const directive = toDirective({ ...terminal(), sequence: 1, profile, now: now() });
    const delivery = parseDelivery(toDelivery(service.approvers, directive, "binding", now()));
    const sealed = await sealCardNumber(cardKey, { number, salt }, { tusn: TUSN_A, commitment });
    service.offer(TUSN_A, toDeliveryBytes(delivery));
    expect(await outcome(toDeliveryBytes(delivery))).toMatch(/^refused SEAL_MISSING/);
    const again = toDirective({ ...terminal(), sequence: 1, profile, now: now() });
    const bearing = { ...parseDelivery(toDelivery(service.approvers, again, "binding", now())), sealed };
    service.offer(TUSN_A, toDeliveryBytes(bearing));
    expect(await outcome(toDeliveryBytes(bearing))).toBe("committed");
    const note = readFileSync(toCardPath(installation.profileFile), "utf8");
    expect(JSON.parse(note)).toEqual({ bin: "622848", last4: "0018" });
    expect(await status()).toMatchObject({ cardKey: true, rootVersion: 1, cardChanges: 0 });
    const { output } = await agent.stop("SIGTERM");
    const names = readdirSync(installation.stateDir, { recursive: true, encoding: "utf8" });
    const files = names.map((name) => join(installation.stateDir, name)).filter((path) => statSync(path).isFile());
    expect(files.length).toBeGreaterThanOrEqual(5);
    for (const text of [output, ...files.map((path) => readFileSync(path, "latin1"))]) {
      expect(text).not.toContain(number);
    }
  });

  it("refuses forged deliveries with the reason, and trades on", async () => {
    await prepare();
    await commitFirst();
    const next = toNextProfile(first(), { binding: { last4: "6666" } });
    const directive = toDirective({ ...terminal(), sequence: 2, profile: next, base: first(), now: now() });
    const signers = [service.approvers.maker];
    const [alone] = toDeliveries({ directives: [directive], purpose: "binding", signers, now: now() });
    service.offer(TUSN_A, alone as Uint8Array);
    expect(await outcome(alone as Uint8Array)).toMatch(/^refused STATEMENT_UNSIGNED/);

    const good = parseDelivery(toDelivery(service.approvers, directive, "binding", now()));
    const changed = Uint8Array.from(good.directive, (byte, at) => (at === 100 ? byte ^ 1 : byte));
    const altered = toDeliveryBytes({ ...good, directive: changed });
    service.offer(TUSN_A, altered);
    expect(await outcome(altered)).toMatch(/^refused NOT_IN_RELEASE/);
    expect(await status()).toMatchObject({ sequence: 1, phase: "idle", previous: null });
  });

  it("keeps its reports until their receipt, whatever the broker acknowledges", async () => {
    await prepare();
    service.receipts = false;
    const agent = start();
    const delivery = deliver(1, first());
    expect(await outcome(delivery)).toBe("committed");
    await agent.stop("SIGTERM");
    expect(await status()).toMatchObject({ unsent: [{ kind: "committed" }] });
    service.receipts = true;
    start();
    await vi.waitFor(async () => expect(await status()).toMatchObject({ unsent: [] }), WAIT);
    expect(toOutcomes(service.reports, delivery)).toHaveLength(1);
  });

  it("takes up after SIGKILL in mid-update and catches up with what it missed", async () => {
    await prepare();
    await commitFirst();
    acquirer.script(TERMINAL_NO, [{ on: "echo", kind: "lateAnswer", ms: 3_000 }]);
    const next = toNextProfile(first(), { merchant: { shortName: "小李餐饮" } });
    const delivery = deliver(2, next, first());
    await vi.waitFor(async () => expect(await status()).toMatchObject({ phase: "testing" }), WAIT);
    killPrograms();
    start();
    expect(await outcome(delivery)).toBe("committed");
    expect(applied()).toEqual(Buffer.from(toProfileBytes(next)));
    expect(toStanding(acquirer.records())).toBe(0);
  });

  it("comes back after the connection is cut", async () => {
    await prepare();
    start();
    await vi.waitFor(() => expect(service.hellos).toHaveLength(1), WAIT);
    service.disconnect(TUSN_A);
    await vi.waitFor(() => expect(service.hellos).toHaveLength(2), WAIT);
    expect(service.hellos[1]?.counter).toBeGreaterThan(service.hellos[0]?.counter ?? 0);
  });

  it("refuses older trust metadata than it holds, and everything while it holds none", async () => {
    await prepare();
    service.trust = undefined;
    start();
    const early = deliver(1, first());
    expect(await outcome(early)).toMatch(/^refused TRUST_STALE/);
    const newer = toTrustBundleBytes(service.approvers.renew(2, now()));
    service.send(TUSN_A, "trust", newer);
    await vi.waitFor(async () => expect(await status()).toMatchObject({ trust: { timestamp: 2, stale: false } }), WAIT);
    service.send(TUSN_A, "trust", toTrustBundleBytes(service.approvers.trust));
    service.send(TUSN_A, "trust", Buffer.from("garbage"));
    service.offer(TUSN_A, early);
    await vi.waitFor(() => expect(service.reports.map(({ kind }) => kind)).toContain("committed"), WAIT);
    expect(await status()).toMatchObject({ trust: { timestamp: 2 } });
  });
});
