import { createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { issueTerminalCertificate } from "../../certs/x509/authority.ts";
import { toPem } from "../../certs/x509/der.ts";
import { toTusn } from "../../certs/x509/identity.ts";
import { toRsaKeyPem, toRsaPublicKey } from "../../certs/x509/rsa-key.ts";
import { computeCryptogram } from "../../proto/cryptogram.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { enrolTerminal } from "../../src/app/enrolment/record-device.ts";
import { listCertificates, revokeCertificates } from "../../src/store/certificates.ts";
import { findEnrolment } from "../../src/store/enrolments.ts";
import { findTerminals, setIdentity } from "../../src/store/fleet.ts";
import { listHistory } from "../../src/store/history.ts";
import { transact } from "../../src/store/store.ts";
import { loadCertificates } from "../support/certificates.ts";
import { createRequest, createRequestPem } from "../support/certification-request.ts";
import { KnownKeys, loadDeviceKeys, makeToken, registerFleet, SN_KEY, UNKNOWN_TUSN } from "../support/enrolling.ts";
import { askFace, askJson, openTestFace, type TestFace } from "../support/enrolment-face.ts";
import { openTestFleet, readLedgerKinds, type TestFleet } from "../support/fleet-store.ts";

const CERTIFICATES = "/enrol/v1/certificates";
const CHALLENGES = "/enrol/v1/challenges";
const RENEWALS = "/enrol/v1/renewals";

let fleet: TestFleet;
let tusn: Tusn;
let other: Tusn;
let key: KeyObject;
let thief: KeyObject;

beforeAll(async () => {
  [key, thief] = await loadDeviceKeys();
});

beforeEach(async () => {
  // Certificates are held against the real clock by TLS.
  fleet = await openTestFleet(Math.floor(Date.now() / 1_000));
  const [first, second] = await registerFleet(fleet, 2);
  if (first === undefined || second === undefined) throw new Error("no terminals");
  [tusn, other] = [first, second];
});

const readTerminal = async (of = tusn) => (await findTerminals(fleet.store, [of]))[0];
const toAsked = (token: string, of: KeyObject, change: object = {}) => ({
  ...{ tusn, token, request: createRequestPem(of, { commonName: tusn, uris: [`urn:tusn:${tusn}`] }) },
  ...change,
});

async function expectNobody(): Promise<void> {
  expect((await readTerminal())?.deviceKey).toBeNull();
  expect(await listCertificates(fleet.store, tusn)).toEqual([]);
}

/** Enrols over the wire, and gives the client's side of it. */
async function enrol(face: TestFace, of: KeyObject = key) {
  const { json, status } = await askJson(face, CERTIFICATES, toAsked(await makeToken(fleet, tusn), of));
  expect(status).toBe(200);
  return { key: toRsaKeyPem(of), certificate: String(json["certificate"]) };
}

describe("row 50: a clone that has copied the label", () => {
  it("enrols nowhere without a token", async () => {
    const face = await openTestFace(fleet);
    const without = toAsked("", thief);
    const bodies = [without, { ...without, token: tusn }, { ...without, token: "0".repeat(28) }];
    for (const body of bodies)
      expect((await askJson(face, CERTIFICATES, body)).json).toMatchObject({ code: "TOKEN_INVALID" });
    const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
    const est = Buffer.from(createRequest(thief, { commonName: tusn })).toString("base64");
    for (const authorization of ["", basic(tusn), basic(`${tusn}:`), basic(`:${tusn}`), `Bearer ${tusn}`]) {
      const headers = { "content-type": "application/pkcs10", authorization };
      const answer = await askFace(face, "/.well-known/est/simpleenroll", { body: est, headers });
      expect([answer.status, answer.headers["www-authenticate"]]).toEqual([401, 'Basic realm="tillsync enrolment"']);
    }
    await expectNobody();
  });

  it("gets nothing for a cryptogram that it overheard, though it holds a token", async () => {
    const face = await openTestFace(fleet, { verifiers: [new KnownKeys(tusn)] });
    const token = await makeToken(fleet, tusn);
    const { json } = await askJson(face, CHALLENGES, { tusn, token });
    const factor = String(json["factor"]);
    const heard = { factor, cryptogram: computeCryptogram(SN_KEY, tusn, factor) };
    // The terminal's own request is spoiled on its way, and uses the factor up.
    await askJson(face, CERTIFICATES, toAsked(token, key, { ...heard, cryptogram: "00000000" }));
    expect((await askJson(face, CERTIFICATES, toAsked(token, thief, heard))).json).toMatchObject({
      code: "PROOF_EXPIRED",
    });
    await askJson(face, CHALLENGES, { tusn, token });
    expect((await askJson(face, CERTIFICATES, toAsked(token, thief, heard))).json).toMatchObject({
      code: "PROOF_EXPIRED",
    });
    expect((await askJson(face, CERTIFICATES, toAsked(token, thief))).json).toMatchObject({ code: "TUSN_UNPROVEN" });
    await expectNobody();
  });

  it("gets nothing by EST where a cryptogram is wanted, which EST cannot carry", async () => {
    const face = await openTestFace(fleet, { verifiers: [new KnownKeys(tusn)] });
    const authorization = `Basic ${Buffer.from(`${tusn}:${await makeToken(fleet, tusn)}`).toString("base64")}`;
    const headers = { "content-type": "application/pkcs10", authorization };
    const body = Buffer.from(createRequest(thief)).toString("base64");
    const answer = await askFace(face, "/.well-known/est/simpleenroll", { body, headers });
    expect(answer.json).toMatchObject({ status: 403, code: "TUSN_UNPROVEN" });
    await expectNobody();
  });
});

describe("row 53: an insider who enrols a terminal anew", () => {
  it("is refused with another key, whatever token he makes for it", async () => {
    const face = await openTestFace(fleet);
    await enrol(face);
    const before = await readTerminal();
    const { json } = await askJson(face, CERTIFICATES, toAsked(await makeToken(fleet, tusn), thief));
    expect(json).toMatchObject({ status: 409, code: "ENROLMENT_HELD" });
    expect(await readTerminal()).toEqual(before);
    expect(await listCertificates(fleet.store, tusn)).toHaveLength(1);
  });

  it("is refused as another terminal with the key of this one", async () => {
    const face = await openTestFace(fleet);
    await enrol(face);
    const request = createRequestPem(key, { commonName: other });
    const asked = { tusn: other, token: await makeToken(fleet, other), request };
    expect((await askJson(face, CERTIFICATES, asked)).json).toMatchObject({ code: "KEY_INVALID" });
    expect((await readTerminal(other))?.deviceKey).toBeNull();
  });
});

describe("row 61: a thief who wants to be first", () => {
  it("locks the enrolment with ten wrong codes, and raises an alarm", async () => {
    const face = await openTestFace(fleet);
    const token = await makeToken(fleet, tusn);
    const codes: unknown[] = [];
    for (let count = 0; count < 10; count += 1) {
      codes.push((await askJson(face, CERTIFICATES, toAsked(`GUESS-${count}`, thief))).json["code"]);
    }
    expect(codes).toEqual(Array(10).fill("TOKEN_INVALID"));
    expect((await askJson(face, CERTIFICATES, toAsked(token, thief))).json).toMatchObject({ code: "ENROLMENT_LOCKED" });
    expect(await findEnrolment(fleet.store, tusn)).toMatchObject({ failures: 10, lockedAt: fleet.at });
    expect((await listHistory(fleet.store, tusn)).map(({ kind }) => kind)).toEqual([
      "token_created",
      "enrolment_locked",
    ]);
    expect(await readLedgerKinds(fleet)).toContain("alarm.enrolment_locked");
    await expectNobody();
  });

  it("learns nothing of which terminals there are", async () => {
    const face = await openTestFace(fleet);
    await makeToken(fleet, tusn);
    const answers = [];
    for (const claimed of [tusn, other, UNKNOWN_TUSN]) {
      const { status, body } = await askJson(face, CERTIFICATES, {
        ...toAsked("GUESS", thief, { request: createRequestPem(thief) }),
        tusn: claimed,
      });
      answers.push({ status, body: body.toString() });
      const challenge = await askJson(face, CHALLENGES, { tusn: claimed, token: "GUESS" });
      answers.push({ status: challenge.status, body: challenge.body.toString() });
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  });

  it("comes second with a token that was used, and one of two comes first", async () => {
    const face = await openTestFace(fleet);
    const token = await makeToken(fleet, tusn);
    const answers = await Promise.all([key, thief].map((each) => askJson(face, CERTIFICATES, toAsked(token, each))));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    const winner = answers.find(({ status }) => status === 200)?.json["certificate"];
    const deviceKey = new X509Certificate(String(winner)).publicKey.export({ type: "spki", format: "der" });
    expect(Buffer.from((await readTerminal())?.deviceKey ?? [])).toEqual(deviceKey);
    expect(await listCertificates(fleet.store, tusn)).toHaveLength(1);
  });

  it("gets nothing for another terminal's token, for a request that another key signed, or one with another's name", async () => {
    const face = await openTestFace(fleet);
    const token = await makeToken(fleet, tusn);
    const toRequest = (fields: Parameters<typeof createRequestPem>[1]) => ({
      request: createRequestPem(thief, fields),
    });
    const cases = [
      [toAsked(await makeToken(fleet, other), thief), "TOKEN_INVALID"],
      [toAsked(token, thief, toRequest({ publicKey: createPublicKey(key) })), "REQUEST_MALFORMED"],
      [toAsked(token, thief, toRequest({ commonName: other })), "REQUEST_MALFORMED"],
      [toAsked(token, thief, toRequest({ uris: [`urn:tusn:${other}`] })), "REQUEST_MALFORMED"],
      [toAsked(token, thief, toRequest({ dnsNames: ["localhost"] })), "REQUEST_MALFORMED"],
      [toAsked(token, thief, { request: toPem("CERTIFICATE REQUEST", Buffer.alloc(900, 0x30)) }), "REQUEST_MALFORMED"],
    ] as const;
    for (const [body, code] of cases) expect((await askJson(face, CERTIFICATES, body)).json).toMatchObject({ code });
    await expectNobody();
  });

  it("is slowed down, by address and by terminal", async () => {
    const face = await openTestFace(fleet);
    const statuses: number[] = [];
    for (let count = 0; count < 22; count += 1) {
      statuses.push((await askJson(face, CHALLENGES, { tusn: UNKNOWN_TUSN, token: "GUESS" })).status);
    }
    expect(statuses).toEqual([...Array(20).fill(401), 429, 429]);
    fleet.at += 60;
    expect((await askJson(face, CHALLENGES, { tusn: UNKNOWN_TUSN, token: "GUESS" })).status).toBe(401);
  });

  it("breaks nothing with bodies that are huge, no JSON, or JSON of another kind", async () => {
    const face = await openTestFace(fleet);
    const token = await makeToken(fleet, tusn);
    const whole = JSON.stringify(toAsked(token, thief));
    const headers = { "content-type": "application/json" };
    const bodies = [
      ...["", "{", "[]", "null", '"x"', "\ufeff{}", '{"tusn":1}', `{"__proto__":{},${whole.slice(1)}`],
      ...[`{"token":"x",${whole.slice(1)}`, `${whole.slice(0, -1)},"more":"x"}`, whole.replace(`"${tusn}"`, "[]")],
      ...[`${whole.slice(0, -1)},"factor":"1234567890"}`, `${whole.slice(0, -1)},"factor":"x","cryptogram":"x"}`],
      "[".repeat(16_000),
    ];
    for (const body of bodies) expect((await askFace(face, CERTIFICATES, { body, headers })).status, body).toBe(400);
    const huge = await askFace(face, CERTIFICATES, { body: Buffer.alloc(20_000, 0x20), headers });
    expect(huge.status).toBe(413);
    const typed = await askFace(face, CERTIFICATES, { body: whole, headers: { "content-type": "text/plain" } });
    expect(typed.status).toBe(400);
    await expectNobody();
    expect(fleet.lines.filter(({ level }) => level === "error")).toEqual([]);
  });
});

describe("a renewal", () => {
  const renew = (face: TestFace, own: Parameters<typeof askJson>[3], of = key) =>
    askJson(face, RENEWALS, { request: createRequestPem(of) }, own);

  it("is had under the old certificate with the old key, which stays good", async () => {
    const face = await openTestFace(fleet);
    const own = await enrol(face);
    expect((await renew(face, own)).json["certificate"]).toBe(own.certificate);
    fleet.at += 3_600;
    const { json, status } = await renew(face, own);
    expect(status).toBe(200);
    const renewed = new X509Certificate(String(json["certificate"]));
    expect(toTusn(renewed)).toBe(tusn);
    expect(renewed.fingerprint256).not.toBe(new X509Certificate(own.certificate).fingerprint256);
    expect((await listCertificates(fleet.store, tusn)).map(({ revokedAt }) => revokedAt)).toEqual([null, null]);
  });

  it("is not kept from a terminal by strangers who ask in its name", async () => {
    const face = await openTestFace(fleet);
    const own = await enrol(face);
    for (let count = 0; count < 25; count += 1) await askJson(face, CHALLENGES, { tusn, token: "GUESS" });
    expect((await askJson(face, CHALLENGES, { tusn, token: "GUESS" })).status).toBe(429);
    expect((await renew(face, own)).status).toBe(200);
    const statuses: number[] = [];
    for (let count = 0; count < 20; count += 1) statuses.push((await renew(face, own)).status);
    expect(statuses.at(-1)).toBe(429);
  });

  it("is refused without a certificate, and under one of another authority", async () => {
    const { foreignAuthority } = await loadCertificates();
    const face = await openTestFace(fleet);
    await enrol(face);
    const request = { tusn, publicKey: toRsaPublicKey(key), days: 30, now: new Date() };
    const certificate = await issueTerminalCertificate(foreignAuthority, request);
    for (const own of [undefined, { key: toRsaKeyPem(key), certificate }]) {
      expect((await renew(face, own)).json).toMatchObject({ status: 403, code: "CERTIFICATE_UNKNOWN" });
    }
    expect(await listCertificates(fleet.store, tusn)).toHaveLength(1);
  });

  it("is refused under a certificate that a thief of the authority's key made", async () => {
    const { authority } = await loadCertificates();
    const face = await openTestFace(fleet);
    await enrol(face);
    const request = { tusn, publicKey: toRsaPublicKey(thief), days: 30, now: new Date() };
    const own = { key: toRsaKeyPem(thief), certificate: await issueTerminalCertificate(authority, request) };
    expect((await renew(face, own, thief)).json).toMatchObject({ code: "CERTIFICATE_UNKNOWN" });
    const sameKey = { ...request, publicKey: toRsaPublicKey(key) };
    const unknown = { key: toRsaKeyPem(key), certificate: await issueTerminalCertificate(authority, sameKey) };
    expect((await renew(face, unknown)).json).toMatchObject({ code: "CERTIFICATE_UNKNOWN" });
  });

  it("is refused for another key, once revoked, and to a terminal that is out of service", async () => {
    const face = await openTestFace(fleet);
    const own = await enrol(face);
    expect((await renew(face, own, thief)).json).toMatchObject({ code: "REQUEST_MALFORMED" });
    await transact(fleet.store, (tx) => setIdentity(tx, tusn, { life: "suspended" }));
    expect((await renew(face, own)).json).toMatchObject({ code: "TERMINAL_SUSPENDED" });
    await transact(fleet.store, (tx) => setIdentity(tx, tusn, { life: "active" }));
    await transact(fleet.store, (tx) => revokeCertificates(tx, tusn, fleet.at, "lost"));
    expect((await renew(face, own)).json).toMatchObject({ code: "CERTIFICATE_REVOKED" });
    // Nor does a new token bring a key back that was revoked.
    const { json } = await askJson(face, CERTIFICATES, toAsked(await makeToken(fleet, tusn), key));
    expect(json).toMatchObject({ code: "KEY_INVALID" });
  });

  it("never rides on a session of before: each connection shows its certificate", async () => {
    const face = await openTestFace(fleet);
    const own = await (await loadCertificates()).terminal(tusn);
    await enrolTerminal(fleet, tusn, own.certificate);
    const open = (session?: Buffer) =>
      new Promise<{ isReused: boolean; session: Buffer | undefined }>((resolve, reject) => {
        const options = { host: "127.0.0.1", port: face.port, ca: face.authority, key: own.key, cert: own.certificate };
        const socket = connect({ ...options, ...(session === undefined ? {} : { session }) });
        let held: Buffer | undefined;
        let isReused = true;
        onTestFinished(() => void socket.destroy());
        socket.on("session", (ticket) => {
          held = ticket;
        });
        socket.on("error", reject);
        socket.on("secureConnect", () => {
          isReused = socket.isSessionReused();
        });
        socket.on("close", () => resolve({ isReused, session: held }));
        socket.on("data", () => undefined);
        socket.write("GET /enrol/v1/crl HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
      });
    const first = await open();
    // A ticket was given that nobody can use: else this test would show nothing.
    expect([first.isReused, first.session === undefined]).toEqual([false, false]);
    const second = await open(first.session);
    expect(second.isReused).toBe(false);
  });
});

describe("old versions of TLS", () => {
  it("are not spoken where terminals enrol", async () => {
    const face = await openTestFace(fleet);
    const error = await new Promise<unknown>((resolve) => {
      const socket = connect({ host: "127.0.0.1", port: face.port, ca: face.authority, maxVersion: "TLSv1.2" });
      socket.on("error", resolve);
      socket.on("secureConnect", () => resolve(undefined));
    });
    expect(error).toMatchObject({ code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION" });
  });
});
