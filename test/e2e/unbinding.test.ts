import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openEnrolmentService } from "../../agent/enrol/service.ts";
import { verifyRequest } from "../../certs/request.ts";
import { toDigits } from "../../certs/sign/render/fingerprint.ts";
import { toDeviceKey } from "../../certs/x509/identity.ts";
import { toHex } from "../../proto/bytes.ts";
import { parseTusn, type Tusn } from "../../proto/tusn.ts";
import { readDataFolder } from "../../src/app/data-folder.ts";
import { openTrust } from "../../src/app/trust-files.ts";
import { listCertificates } from "../../src/store/certificates.ts";
import { findTerminals } from "../../src/store/fleet.ts";
import { listHistory } from "../../src/store/history.ts";
import { findReported } from "../../src/store/reported.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { killPrograms, startProgram } from "../support/agent-process.ts";
import type { CliResult } from "../support/cli.ts";
import { FLEET_FIELDS, OTHER_FLEET_FIELDS } from "../support/fleet-fields.ts";
import { type Depot, openDepot } from "../support/installer.ts";
import { toConnect } from "../support/mqtt-bytes.ts";
import { TILLSYNC_AGENT, TILLSYNC_SIGN } from "../support/programs.ts";
import { endRaw, openRaw, type RawTerminal } from "../support/raw-terminal.ts";

// A second person admits a device key; two people part a terminal from the one that it lost, or give it to another
// merchant. Service, agent, and the approvers' program are processes of their own, and nothing is between them but TLS.

const [MAKER, CHECKER] = ["wang.li", "chen.bo"];
const PATIENCE = { timeout: 120_000 };
const CONNACK = Buffer.from("20020000", "hex");
const SOON = { timeout: 20_000, interval: 50 };
const [FIRST, SECOND, THIRD] = ["00000304N7NL01933217", "00000304N7NL01933218", "00000304N7NL01933219"].map(
  parseTusn,
) as [Tusn, Tusn, Tusn];
const ELSEWHERE = OTHER_FLEET_FIELDS.merchant_no;
const ROWS = [
  ...[FIRST, SECOND, THIRD].map((tusn, n) => ({ ...FLEET_FIELDS, tusn, terminal_no: `58D0000${n}` })),
  OTHER_FLEET_FIELDS,
];

let depot: Depot;
let store: Store;

beforeAll(async () => {
  depot = await openDepot(ROWS);
  store = await openStore(readDataFolder(depot.service.path()).database);
}, PATIENCE.timeout);

afterAll(async () => {
  endRaw();
  killPrograms();
  await store?.destroy();
  await depot?.stop();
});

const readTerminal = async (tusn: Tusn) => (await findTerminals(store, [tusn]))[0];
const readKinds = async (tusn: Tusn) => (await listHistory(store, tusn)).map(({ kind }) => kind);
const REASON = "the mainboard was replaced";
const unbind = (person = "", tusn = FIRST, reason = REASON, ...options: readonly string[]) =>
  depot.sign(person, "unbind", tusn, "--reason", reason, "--yes", "--json", ...options);
const toState = ({ code, stdout, stderr }: CliResult) => [
  code,
  stderr.includes("_") ? stderr : JSON.parse(stdout).state,
];

async function done(...args: readonly string[]) {
  const { code, stdout, stderr } = await depot.tillsync(...args);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

function expectRefused({ code, stderr }: CliResult, words: string | RegExp): void {
  expect([code, stderr]).toEqual([1, expect.stringMatching(words)]);
}

/** Of the key that the terminal has on its disk. */
const readDigits = (tusn: Tusn) =>
  toDigits(toDeviceKey(new X509Certificate(readFileSync(depot.at(tusn, "device.pem"))).publicKey));

/** A connection to the real broker under what lies in these files, with CONNECT sent. */
function connect(tusn: Tusn, name: string): RawTerminal {
  const [key, cert] = ["key", "pem"].map((kind) => readFileSync(depot.at(tusn, `${name}.${kind}`)));
  const { host, ports, authority } = depot.service;
  const peer = openRaw({ host, port: ports.mqtt }, { ca: authority.certificate, key, cert });
  peer.socket.write(toConnect({ clientId: tusn, keepalive: 300 }));
  return peer;
}

const untilAdmitted = (peer: RawTerminal) =>
  vi.waitFor(() => expect(peer.received().subarray(0, 4)).toEqual(CONNACK), SOON);

describe("an enrolment that needs a second person", PATIENCE, () => {
  let token: string;
  let digits: string;

  it("leaves the agent waiting, which says the digits of its device key", async () => {
    token = await depot.makeToken(FIRST, "--admission");
    const { code, stdout } = await depot.enrol(FIRST, token);
    expect(code).toBe(3);
    digits = /(?:\d{5} ){7}\d{5}/.exec(stdout)?.[0] ?? "";
    expect(digits).not.toBe("");
    const { stdout: json } = await depot.enrol(FIRST, token, "--json");
    expect(JSON.parse(json)).toMatchObject({ state: "pending", digits });
    expect(existsSync(depot.at(FIRST, "device.pem"))).toBe(false);
  });

  it("shows the same digits to the people who may admit it, and nothing to others", async () => {
    const { code, stdout, stderr } = await depot.sign(CHECKER, "enrolments");
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(FIRST);
    expect(stdout).toContain("Token by: li.na");
    expect(stdout).toContain(digits);
    expectRefused(await depot.sign(CHECKER, "admit", SECOND, "--yes"), "NOT_FOUND");
    // Nobody sits at a keyboard to compare the digits.
    expectRefused(await depot.sign(CHECKER, "admit", FIRST), "NOT_CONFIRMED");
    expect((await depot.enrol(FIRST, token)).code).toBe(3);
  });

  it("goes through once the checker has admitted this very key", async () => {
    const { code, stdout, stderr } = await depot.sign(CHECKER, "admit", FIRST, "--yes");
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(digits);
    expect(stdout).toContain(`${FIRST}: admitted`);
    expect((await depot.sign(CHECKER, "enrolments")).stdout.trim()).toBe("-");
    expect(await depot.enrol(FIRST, token)).toMatchObject({ code: 0 });
    expect(readDigits(FIRST)).toBe(digits);
    expect(await readKinds(FIRST)).toEqual(["token_created", "enrolment_requested", "enrolment_admitted", "enrolled"]);
  });

  it("keeps the checker's signed request, which anybody with the policy can verify", async () => {
    const rows = await store
      .selectFrom("enrolmentTokens")
      .select("admissionEvidence")
      .where("tusn", "=", FIRST)
      .execute();
    const { authorization, method, path, body } = JSON.parse(rows[0]?.admissionEvidence ?? "");
    const bytes = Buffer.from(body, "base64");
    const { at = 0 } = (await listHistory(store, FIRST)).find(({ kind }) => kind === "enrolment_admitted") ?? {};
    const { policy } = (await openTrust(depot.service.path("trust"))).trust();
    expect(verifyRequest(policy, authorization, { method, path, body: bytes }, at).id).toBe(CHECKER);
    expect([path, JSON.parse(bytes.toString())]).toEqual([
      `/v1/enrolments/${FIRST}/admit`,
      { deviceKey: toHex(toDeviceKey(new X509Certificate(readFileSync(depot.at(FIRST, "device.pem"))).publicKey)) },
    ]);
  });

  it("gives a certificate by which the agent says hello to the service", async () => {
    const agent = startProgram(TILLSYNC_AGENT, ["run", "--config", depot.at(FIRST, "agent.json")]);
    await vi.waitFor(async () => expect(await findReported(store, [FIRST])).toHaveLength(1), SOON);
    expect((await agent.stop("SIGTERM")).status).toBe(0);
  });
});

describe("a terminal that has lost its device key", PATIENCE, () => {
  let held: string;

  it("is proven and gets a settlement, which waits for it while it is switched off", async () => {
    const on = new Date().toISOString().slice(0, 10);
    await done(
      "verdicts",
      "record",
      FIRST,
      "--channel",
      "hotline",
      "--case",
      "A1",
      "--by",
      "li.na",
      "--on",
      on,
      "--found",
      "genuine",
    );
    const file = join(depot.service.path(), "first.release");
    await done("release", "build", "--tusn", FIRST, "--reason", "first profile", "--out", file);
    for (const person of [MAKER, CHECKER]) {
      const words = ["--yes", "--last4", FLEET_FIELDS.account_no.slice(-4)];
      expect(await sign(file, person, words)).toMatchObject({ code: 0 });
    }
    await done("release", "publish", file);
    expect(await done("deployments", "--tusn", FIRST)).toMatchObject([{ sequence: 1, state: "pending" }]);
  });

  it("is held when it comes with a new one", async () => {
    for (const [from, to] of [
      ["device.key", "lost.key"],
      ["device.pem", "lost.pem"],
    ] as const) {
      renameSync(depot.at(FIRST, from), depot.at(FIRST, to));
    }
    held = await depot.makeToken(FIRST);
    expectRefused(await depot.enrol(FIRST, held), /ENROLMENT_HELD.*two people/s);
  });

  it("is not parted from the old one by one person, however often he asks", async () => {
    for (const reason of ["it says nothing any more", REASON]) {
      expect(toState(await unbind(MAKER, FIRST, reason))).toEqual([0, "waiting"]);
    }
    expect((await readTerminal(FIRST))?.deviceKey).not.toBeNull();
    expect(await listCertificates(store, FIRST)).toMatchObject([{ revokedAt: null }]);
    expect(await done("deployments", "--tusn", FIRST)).not.toMatchObject([{ state: "superseded" }]);
    expectRefused(await depot.enrol(FIRST, held), "ENROLMENT_HELD");
  });

  it("is parted from it when the checker asks for the same: whoever has the old key is cut off and kept out", async () => {
    const thief = connect(FIRST, "lost");
    await untilAdmitted(thief);
    const shown = await unbind(CHECKER);
    expect(shown.stderr).toContain(`Asked by ${MAKER}: ${REASON}`);
    expect(JSON.parse(shown.stdout)).toMatchObject({ state: "done" });
    await thief.closed;
    const again = connect(FIRST, "lost");
    await again.closed;
    expect(again.received()).toHaveLength(0);
    expect(await listCertificates(store, FIRST)).toMatchObject([{ revokedWhy: "unbound" }]);
    expect(await readTerminal(FIRST)).toMatchObject({
      ...{ deviceKey: null, verdict: "format-only", provenAt: null, life: "registered", issuedSequence: 1 },
      merchantNumber: FLEET_FIELDS.merchant_no,
    });
    expect(await done("deployments", "--tusn", FIRST)).toMatchObject([{ sequence: 1, state: "superseded" }]);
  });

  it("enrols with its new key by a new token, and not by one from before", async () => {
    expectRefused(await depot.enrol(FIRST, held), "TOKEN_INVALID");
    expect(await depot.enrol(FIRST, await depot.makeToken(FIRST))).toMatchObject({ code: 0 });
    await untilAdmitted(connect(FIRST, "device"));
    expect((await readTerminal(FIRST))?.verdict).toBe("format-only");
  });

  it("has a history that tells all of it, and a ledger that holds", async () => {
    // The service may have asked the terminal for a proof, too, which nobody here could judge.
    const rows = (await listHistory(store, FIRST)).filter(
      ({ kind, actor }) => `${kind} ${actor}` !== "verdict service",
    );
    expect(rows.slice(4).map(({ kind, actor }) => `${kind} ${actor}`)).toEqual([
      ...["verdict li.na", "bound service", "token_created li.na"],
      ...[`unbinding_asked ${MAKER}`, `unbinding_asked ${MAKER}`, `unbinding_asked ${CHECKER}`],
      ...[`revoked ${MAKER}+${CHECKER}`, `unbound ${MAKER}+${CHECKER}`, "token_created li.na", "enrolled service"],
    ]);
    expect((await depot.tillsync("ledger", "verify")).code).toBe(0);
  });
});

/** The release is signed off line: no desk is asked. */
function sign(file: string, person: string, words: readonly string[]): Promise<CliResult> {
  const program = startProgram(TILLSYNC_SIGN, [
    ...["sign", file, ...words, ...depot.as(person), "--home", depot.service.path("approvers")],
  ]);
  return program.ended.then(({ status, output, errors }) => ({ code: status ?? -1, stdout: output, stderr: errors }));
}

describe("row 53: an insider who wants a terminal for another merchant", PATIENCE, () => {
  const move = (person: string) => unbind(person, SECOND, REASON, "--merchant", ELSEWHERE);

  it("gets it neither by a token nor alone, nor with somebody who said something else", async () => {
    expect(await depot.enrol(SECOND, await depot.makeToken(SECOND))).toMatchObject({ code: 0 });
    for (let count = 0; count < 2; count += 1) expect(toState(await move(MAKER))).toEqual([0, "waiting"]);
    expect(toState(await unbind(CHECKER, SECOND))).toEqual([0, "waiting"]);
    expect(await readTerminal(SECOND)).toMatchObject({ merchantNumber: FLEET_FIELDS.merchant_no });
    expect((await readTerminal(SECOND))?.deviceKey).not.toBeNull();
  });

  it("needs the other person's word for this merchant; then the key is spent, and the terminal makes a new one", async () => {
    expect(toState(await move(CHECKER))).toEqual([0, "done"]);
    expect(await readTerminal(SECOND)).toMatchObject({ merchantNumber: ELSEWHERE, deviceKey: null });
    const token = await depot.makeToken(SECOND);
    expectRefused(await depot.enrol(SECOND, token, "--again"), /KEY_INVALID.*makes a new key/s);
    renameSync(depot.at(SECOND, "device.key"), depot.at(SECOND, "old.key"));
    expect(await depot.enrol(SECOND, token)).toMatchObject({ code: 0 });
    expect((await readKinds(SECOND)).at(-1)).toBe("enrolled");
  });
});

describe("an operator", PATIENCE, () => {
  it("takes a token back, which is good for nothing then", async () => {
    const token = await depot.makeToken(THIRD);
    expect(await done("enrolment", "withdraw", THIRD, "--by", "li.na")).toEqual({ withdrawn: true });
    expect(await done("enrolment", "withdraw", THIRD, "--by", "li.na")).toEqual({ withdrawn: false });
    expectRefused(await depot.enrol(THIRD, token), "TOKEN_INVALID");
  });

  it("unlocks an enrolment that somebody guessed at, with a reason", async () => {
    const token = await depot.makeToken(THIRD);
    expectRefused(await depot.enrol(THIRD, "wrong-0-token"), "TOKEN_INVALID");
    const { ports, authority } = depot.service;
    const url = new URL(`https://127.0.0.1:${ports.enrolment}`);
    const service = openEnrolmentService({ url, ca: authority.certificate });
    for (let count = 1; count < 10; count += 1) {
      const guess = service.askFactor({ tusn: THIRD, token: `wrong-${count}-token` });
      await expect(guess).rejects.toMatchObject({ code: "TOKEN_INVALID" });
    }
    expectRefused(await depot.enrol(THIRD, token), "ENROLMENT_LOCKED");
    expect(await done("enrolment", "list")).toMatchObject({ locked: [{ tusn: THIRD, failures: 10 }] });
    await done("enrolment", "unlock", THIRD, "--reason", "the installer mistyped it", "--by", "li.na");
    expect(await depot.enrol(THIRD, token)).toMatchObject({ code: 0 });
    expect(await readKinds(THIRD)).toEqual([
      ...["token_created", "token_withdrawn", "token_created"],
      ...["enrolment_locked", "enrolment_unlocked", "enrolled"],
    ]);
  });
});
