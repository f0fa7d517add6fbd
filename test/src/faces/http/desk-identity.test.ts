import { createPublicKey, type KeyObject } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { toDeviceKey } from "../../../../certs/x509/identity.ts";
import { toDigest, toHex, toUtf8 } from "../../../../proto/bytes.ts";
import type { Tusn } from "../../../../proto/tusn.ts";
import { MAX_PENDING } from "../../../../src/app/enrolment/admit.ts";
import { importFleet } from "../../../../src/app/import/import-fleet.ts";
import { listCertificates } from "../../../../src/store/certificates.ts";
import { findInStates } from "../../../../src/store/deployments.ts";
import { findTerminals } from "../../../../src/store/fleet.ts";
import { listHistory } from "../../../../src/store/history.ts";
import { findReported } from "../../../../src/store/reported.ts";
import { listReports } from "../../../../src/store/reports.ts";
import { type Answer, ask, openTestDesk, type TestDesk } from "../../../support/desk-client.ts";
import {
  codeOf,
  loadDeviceKeys,
  makeToken,
  openTestEnrolment,
  registerFleet,
  toEnrolmentRequest,
} from "../../../support/enrolling.ts";
import { OTHER_FLEET_FIELDS } from "../../../support/fleet-fields.ts";
import {
  MERCHANT,
  openTestFleet,
  readLedgerKinds,
  release,
  type TestFleet,
  toFleetRow,
} from "../../../support/fleet-store.ts";
import { recordVerdict } from "../../../support/verdicts.ts";

const OTHER_MERCHANT = OTHER_FLEET_FIELDS.merchant_no;

let fleet: TestFleet;
let desk: TestDesk;
let tusn: Tusn;
let key: KeyObject;
let newKey: KeyObject;
let deviceKey: string;

beforeAll(async () => {
  [key, newKey] = await loadDeviceKeys();
  deviceKey = toHex(toDeviceKey(createPublicKey(key)));
});

beforeEach(async () => {
  fleet = await openTestFleet();
  desk = await openTestDesk(fleet);
  [tusn = tusn] = await registerFleet(fleet);
});

const readTerminal = async () => (await findTerminals(fleet.store, [tusn]))[0];
const readKinds = async () => (await listHistory(fleet.store, tusn)).map(({ kind }) => kind);

function say(path: string, person: KeyObject, body: object): Promise<Answer> {
  return ask(desk, path, { method: "POST", key: person, body: toUtf8(JSON.stringify(body)) });
}

const unbind = (person: KeyObject, change: object = {}) =>
  say(`/v1/terminals/${tusn}/unbinding`, person, { deviceKey, reason: "the key was lost", ...change });

async function enrol(): Promise<void> {
  const enrolment = await openTestEnrolment(fleet);
  await enrolment.enrol(toEnrolmentRequest(tusn, await makeToken(fleet, tusn), key));
}

describe("an enrolment that a person has to admit", () => {
  const admit = (person: KeyObject, of = deviceKey) => say(`/v1/enrolments/${tusn}/admit`, person, { deviceKey: of });

  it("waits, is listed with the key that asks, and goes through with that key once it is admitted", async () => {
    const { maker, checker } = fleet.approvers;
    const enrolment = await openTestEnrolment(fleet);
    const token = await makeToken(fleet, tusn, { needsAdmission: true });
    const request = toEnrolmentRequest(tusn, token, key);
    for (let count = 0; count < 2; count += 1) expect(await codeOf(enrolment.enrol(request))).toBe("ENROLMENT_PENDING");
    const { json } = await ask(desk, "/v1/enrolments", { key: maker });
    expect(json["enrolments"]).toMatchObject([{ tusn, deviceKey, merchant: MERCHANT, tokenBy: "operator" }]);

    expect((await admit(checker, "0".repeat(64))).json).toMatchObject({ status: 409, code: "STATE_CONFLICT" });
    for (let count = 0; count < 2; count += 1) expect((await admit(checker)).json).toEqual({ tusn, state: "admitted" });
    expect((await ask(desk, "/v1/enrolments", { key: maker })).json).toEqual({ enrolments: [] });
    expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, token, newKey)))).toBe("ENROLMENT_HELD");
    expect(await codeOf(enrolment.enrol(request))).toBe("");
    expect(await readKinds()).toEqual(["token_created", "enrolment_requested", "enrolment_admitted", "enrolled"]);
  });

  it("is found by its terminal, however many wait before it", async () => {
    const enrolment = await openTestEnrolment(fleet);
    const token = await makeToken(fleet, tusn, { needsAdmission: true });
    expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, token, key)))).toBe("ENROLMENT_PENDING");
    const others = (await registerFleet(fleet, MAX_PENDING + 2)).filter((other) => other !== tusn);
    const [row] = await fleet.store.selectFrom("enrolments").selectAll().execute();
    const [made] = await fleet.store.selectFrom("enrolmentTokens").selectAll().execute();
    if (row === undefined || made === undefined) throw new Error("nothing waits");
    for (const [n, other] of others.entries()) {
      const digest = toDigest(toUtf8(`${n}`));
      await fleet.store
        .insertInto("enrolmentTokens")
        .values({ ...made, tusn: other, digest })
        .execute();
      const before = { requestedAt: fleet.at - 1, token: digest };
      await fleet.store
        .insertInto("enrolments")
        .values({ ...row, ...before, tusn: other })
        .execute();
    }
    const { maker, checker } = fleet.approvers;
    const { json } = await ask(desk, "/v1/enrolments", { key: maker });
    const listed = json["enrolments"] as readonly { readonly tusn: Tusn }[];
    expect([listed.length, listed.some((one) => one.tusn === tusn)]).toEqual([MAX_PENDING, false]);
    const one = await ask(desk, `/v1/enrolments/${tusn}`, { key: checker });
    expect(one.json["enrolments"]).toMatchObject([{ tusn, deviceKey }]);
    expect((await ask(desk, `/v1/enrolments/${tusn}`)).status).toBe(401);
    expect((await admit(checker)).json).toEqual({ tusn, state: "admitted" });
    expect((await ask(desk, `/v1/enrolments/${tusn}`, { key: checker })).json).toEqual({ enrolments: [] });
  });

  it("is not admitted by whoever made the token, nor by nobody", async () => {
    const { maker, policy } = fleet.approvers;
    const makerId = policy.persons.find(({ roles }) => roles.includes("maker"))?.id ?? "";
    const enrolment = await openTestEnrolment(fleet);
    expect((await admit(maker)).status).toBe(404);
    const token = await makeToken(fleet, tusn, { needsAdmission: true, actor: makerId });
    expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, token, key)))).toBe("ENROLMENT_PENDING");
    expect((await admit(maker)).json).toMatchObject({ status: 403, code: "SIGNER_NOT_ALLOWED" });
    const stranger = await ask(desk, `/v1/enrolments/${tusn}/admit`, { method: "POST", body: toUtf8("{}") });
    expect(stranger.json).toMatchObject({ status: 401, code: "REQUEST_UNSIGNED" });
    expect((await ask(desk, "/v1/enrolments")).status).toBe(401);
    expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, token, key)))).toBe("ENROLMENT_PENDING");
  });

  it("with another token is another one, and has to be admitted by itself", async () => {
    const enrolment = await openTestEnrolment(fleet);
    const first = await makeToken(fleet, tusn, { needsAdmission: true });
    await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, first, key)));
    await admit(fleet.approvers.checker);
    const second = await makeToken(fleet, tusn, { needsAdmission: true });
    expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, second, key)))).toBe("ENROLMENT_PENDING");
    expect((await readTerminal())?.deviceKey).toBeNull();
  });
});

describe("an unbinding", () => {
  it("takes two people, and leaves a terminal that may enrol afresh with another key", async () => {
    const { maker, checker } = fleet.approvers;
    await enrol();
    await recordVerdict(fleet, tusn);
    await release(fleet);
    const issued = (await readTerminal())?.issuedSequence ?? 0;
    expect(issued).toBeGreaterThan(0);
    expect((await unbind(maker)).json).toEqual({ tusn, state: "waiting", persons: [expect.any(String)] });
    expect(await listCertificates(fleet.store, tusn)).toMatchObject([{ revokedAt: null }]);
    const shown = await ask(desk, `/v1/terminals/${tusn}/unbinding`, { key: checker });
    expect(shown.json).toMatchObject({ tusn, deviceKey, merchant: MERCHANT, asked: [{ reason: "the key was lost" }] });

    expect((await unbind(checker)).json).toMatchObject({ state: "done" });
    expect(await readTerminal()).toMatchObject({
      ...{ deviceKey: null, certificateFingerprint: null, merchantNumber: MERCHANT },
      ...{ life: "registered", verdict: "format-only", provenAt: null, issuedSequence: issued },
    });
    expect(await listCertificates(fleet.store, tusn)).toMatchObject([{ revokedAt: fleet.at, revokedWhy: "unbound" }]);
    expect(await findReported(fleet.store, [tusn])).toEqual([]);
    expect(await listReports(fleet.store, tusn)).toEqual([]);
    expect(await findInStates(fleet.store, [tusn], ["pending", "sent", "reserved"])).toEqual([]);
    expect((await readKinds()).slice(-4)).toEqual(["unbinding_asked", "unbinding_asked", "revoked", "unbound"]);
    expect(await readLedgerKinds(fleet)).toContain("deployment.superseded");

    const enrolment = await openTestEnrolment(fleet);
    const token = await makeToken(fleet, tusn);
    expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, token, key)))).toBe("KEY_INVALID");
    expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, token, newKey)))).toBe("");
  });

  it("is not done by one person, however often he asks", async () => {
    await enrol();
    for (let count = 0; count < 3; count += 1) {
      fleet.at += 1;
      expect((await unbind(fleet.approvers.maker)).json).toMatchObject({ state: "waiting" });
    }
    expect((await readTerminal())?.deviceKey).not.toBeNull();
  });

  it("is not done where the two do not say the same, about the same key and merchant", async () => {
    const { maker, checker } = fleet.approvers;
    await importFleet(fleet, [toFleetRow(OTHER_FLEET_FIELDS)]);
    await enrol();
    await unbind(maker, { merchant: OTHER_MERCHANT });
    expect((await unbind(checker)).json).toMatchObject({ state: "waiting" });
    expect((await unbind(checker, { deviceKey: "0".repeat(64) })).json).toMatchObject({ code: "STATE_CONFLICT" });
    expect((await readTerminal())?.deviceKey).not.toBeNull();

    expect((await unbind(checker, { merchant: OTHER_MERCHANT })).json).toMatchObject({ state: "done" });
    expect(await readTerminal()).toMatchObject({ deviceKey: null, merchantNumber: OTHER_MERCHANT });
  });

  it("to a merchant that is not on record is refused", async () => {
    await enrol();
    const answer = await unbind(fleet.approvers.maker, { merchant: "999999999999999" });
    expect(answer.json).toMatchObject({ status: 404, code: "NOT_FOUND" });
  });

  it("asked for again after it is done changes nothing, though a new key is enrolled", async () => {
    const { maker, checker } = fleet.approvers;
    await enrol();
    await unbind(maker);
    await unbind(checker);
    const enrolment = await openTestEnrolment(fleet);
    await enrolment.enrol(toEnrolmentRequest(tusn, await makeToken(fleet, tusn), newKey));
    const before = await readKinds();
    for (const person of [maker, checker]) expect((await unbind(person)).json).toMatchObject({ state: "done" });
    expect((await readTerminal())?.deviceKey).not.toBeNull();
    expect(await readKinds()).toEqual(before);
  });

  it("does not count a word that is a week old, nor one that somebody wrote into the database", async () => {
    const { maker, checker } = fleet.approvers;
    await enrol();
    await unbind(maker);
    fleet.at += 7 * 86_400 + 1;
    expect((await unbind(checker)).json).toMatchObject({ state: "waiting" });
    await fleet.store.updateTable("unbindings").set({ at: fleet.at }).execute();
    expect((await unbind(checker)).json).toMatchObject({ state: "waiting" });
    expect((await readTerminal())?.deviceKey).not.toBeNull();
  });

  it("with a card number among its words is refused, and nothing of it is kept", async () => {
    const number = "6228480402564890018";
    await enrol();
    const reason = `settled to ${number}`;
    expect((await unbind(fleet.approvers.maker, { reason })).json).toMatchObject({
      code: "SENSITIVE_DATA",
      fields: {},
    });
    expect(await fleet.store.selectFrom("unbindings").selectAll().execute()).toEqual([]);
    expect((await unbind(fleet.approvers.maker, { reason: `${tusn} was replaced` })).json).toMatchObject({
      state: "waiting",
    });
  });

  it("with words or members that do not belong there is refused", async () => {
    await enrol();
    const bad = [
      { reason: "" },
      { reason: "a\nb" },
      { deviceKey: "zz" },
      { merchant: "1" },
      { more: "x" },
      { reason: 5 },
    ];
    for (const change of bad) {
      expect((await unbind(fleet.approvers.maker, change)).status, JSON.stringify(change)).toBe(400);
    }
    expect(await readKinds()).toEqual(["token_created", "enrolled"]);
  });
});
