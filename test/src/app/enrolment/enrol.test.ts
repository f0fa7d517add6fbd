import { createPublicKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { toDeviceKey, toTusn } from "../../../../certs/x509/identity.ts";
import { toDigest, toHex } from "../../../../proto/bytes.ts";
import { computeCryptogram } from "../../../../proto/cryptogram.ts";
import type { Tusn } from "../../../../proto/tusn.ts";
import { enrolTerminal } from "../../../../src/app/enrolment/record-device.ts";
import { createTokens, unlockEnrolment, withdrawToken } from "../../../../src/app/enrolment/tokens.ts";
import type { Life } from "../../../../src/domain/life.ts";
import { listCertificates } from "../../../../src/store/certificates.ts";
import { findEnrolment } from "../../../../src/store/enrolments.ts";
import { findTerminals, setIdentity } from "../../../../src/store/fleet.ts";
import { listHistory } from "../../../../src/store/history.ts";
import { findProofs } from "../../../../src/store/proofs.ts";
import { putReported } from "../../../../src/store/reported.ts";
import { transact } from "../../../../src/store/store.ts";
import { loadCertificates } from "../../../support/certificates.ts";
import {
  codeOf,
  KnownKeys,
  loadDeviceKeys,
  makeToken,
  openTestEnrolment,
  registerFleet,
  SN_KEY,
  toEnrolmentRequest,
  UNKNOWN_TUSN,
} from "../../../support/enrolling.ts";
import { openTestFleet, readLedgerKinds, type TestFleet } from "../../../support/fleet-store.ts";

const HOUR_S = 3_600;

let fleet: TestFleet;
let tusn: Tusn;
let other: Tusn;
let key: KeyObject;
let secondKey: KeyObject;

beforeAll(async () => {
  [key, secondKey] = await loadDeviceKeys();
});

beforeEach(async () => {
  fleet = await openTestFleet();
  const [first, second] = await registerFleet(fleet, 2);
  if (first === undefined || second === undefined) throw new Error("no terminals");
  [tusn, other] = [first, second];
});

const readTerminal = async () => (await findTerminals(fleet.store, [tusn]))[0];
const readKinds = async () => (await listHistory(fleet.store, tusn)).map(({ kind }) => kind);

/** What must be so where nobody was enrolled. */
async function expectNobody(): Promise<void> {
  expect((await readTerminal())?.deviceKey).toBeNull();
  expect(await listCertificates(fleet.store, tusn)).toEqual([]);
}

describe("a terminal that enrols", () => {
  it("gets a certificate for the key that it made, and all of it is on record", async () => {
    const enrolment = await openTestEnrolment(fleet);
    const token = await makeToken(fleet, tusn);
    expect(await enrolment.challenge({ tusn, token })).toEqual({ factor: undefined, lifeS: 0 });
    const issued = await enrolment.enrol(toEnrolmentRequest(tusn, token, key));

    expect(toTusn(issued)).toBe(tusn);
    expect(toHex(toDeviceKey(issued.publicKey))).toBe(toHex(toDeviceKey(createPublicKey(key))));
    const terminal = await readTerminal();
    expect(terminal?.certificateFingerprint).toEqual(Buffer.from(toDigest(issued.raw)));
    expect(await listCertificates(fleet.store, tusn)).toMatchObject([{ revokedAt: null, issuedAt: fleet.at }]);
    expect(await readKinds()).toEqual(["token_created", "enrolled"]);
    expect((await readLedgerKinds(fleet)).slice(-2)).toEqual(["terminal.token_created", "terminal.enrolled"]);
    expect(await findProofs(fleet.store, [tusn])).toMatchObject([{ dueAt: fleet.at, why: "enrolment" }]);
  });

  it("may write the token as people do", async () => {
    const enrolment = await openTestEnrolment(fleet);
    const typed = (await makeToken(fleet, tusn))
      .toLowerCase()
      .replaceAll("-", " ")
      .replaceAll("0", "o")
      .replaceAll("1", "l");
    expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, typed, key)))).toBe("");
  });

  it("leaves no token on disk, not even the used one", async () => {
    const enrolment = await openTestEnrolment(fleet);
    const token = await makeToken(fleet, tusn);
    await enrolment.enrol(toEnrolmentRequest(tusn, token, key));
    const bytes = [fleet.file, `${fleet.file}-wal`].map((file) => readFileSync(file, "latin1")).join("");
    for (const text of [token, token.replaceAll("-", "")]) expect(bytes).not.toContain(text);
    expect(JSON.stringify(fleet.lines)).not.toContain(token);
  });

  it("gets the same certificate again with the same key: the answer may have been lost", async () => {
    const enrolment = await openTestEnrolment(fleet);
    const request = toEnrolmentRequest(tusn, await makeToken(fleet, tusn), key);
    const first = await enrolment.enrol(request);
    const again = await enrolment.enrol(request);
    expect(again.fingerprint256).toBe(first.fingerprint256);
    expect(await listCertificates(fleet.store, tusn)).toHaveLength(1);
    expect(await readKinds()).toEqual(["token_created", "enrolled"]);
  });

  it("gets nothing more for a used token once it was heard of", async () => {
    const enrolment = await openTestEnrolment(fleet);
    const request = toEnrolmentRequest(tusn, await makeToken(fleet, tusn), key);
    await enrolment.enrol(request);
    await transact(fleet.store, (tx) => putReported(tx, [toReported(tusn, fleet.at)]));
    expect(await codeOf(enrolment.enrol(request))).toBe("TOKEN_INVALID");
  });

  it("with a new token and its old key gets a new certificate, and keeps two at most", async () => {
    const enrolment = await openTestEnrolment(fleet);
    for (let round = 0; round < 3; round += 1) {
      await enrolment.enrol(toEnrolmentRequest(tusn, await makeToken(fleet, tusn), key));
      fleet.at += HOUR_S;
    }
    const rows = await listCertificates(fleet.store, tusn);
    expect(rows.map(({ revokedWhy }) => revokedWhy)).toEqual(["superseded", "", ""]);
    expect((await readKinds()).filter((kind) => kind !== "token_created")).toEqual(["enrolled", "renewed", "renewed"]);
  });
});

describe("a token", () => {
  it("that is wrong is refused in the same words as an unknown terminal", async () => {
    const enrolment = await openTestEnrolment(fleet);
    const token = await makeToken(fleet, tusn);
    const wrong = token.replace(/.$/, (last) => (last === "Z" ? "Y" : "Z"));
    for (const claimed of [tusn, UNKNOWN_TUSN]) {
      const asked = enrolment.enrol(toEnrolmentRequest(claimed, wrong, key));
      await expect(asked).rejects.toMatchObject({ code: "TOKEN_INVALID", fields: {} });
      await expect(enrolment.challenge({ tusn: claimed, token: wrong })).rejects.toMatchObject({
        code: "TOKEN_INVALID",
      });
    }
    await expectNobody();
    expect(await findEnrolment(fleet.store, tusn)).toMatchObject({ failures: 2, lockedAt: null });
    expect(await findEnrolment(fleet.store, UNKNOWN_TUSN)).toBeUndefined();
  });

  it("of another terminal, an expired, a replaced and a withdrawn one are refused", async () => {
    const enrolment = await openTestEnrolment(fleet);
    const ofOther = await makeToken(fleet, other);
    const replaced = await makeToken(fleet, tusn);
    const expired = await makeToken(fleet, tusn, { validS: 60 });
    expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, ofOther, key)))).toBe("TOKEN_INVALID");
    expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, replaced, key)))).toBe("TOKEN_INVALID");
    fleet.at += 61;
    expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, expired, key)))).toBe("TOKEN_INVALID");
    const withdrawn = await makeToken(fleet, tusn);
    expect(await withdrawToken(fleet, tusn, "li.na")).toBe(true);
    expect(await withdrawToken(fleet, tusn, "li.na")).toBe(false);
    expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, withdrawn, key)))).toBe("TOKEN_INVALID");
    await expectNobody();
    expect((await readKinds()).at(-1)).toBe("token_withdrawn");
  });

  it("used up by one key is refused to another, which is told who holds the terminal", async () => {
    const enrolment = await openTestEnrolment(fleet);
    const token = await makeToken(fleet, tusn);
    await enrolment.enrol(toEnrolmentRequest(tusn, token, key));
    expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, token, secondKey)))).toBe("ENROLMENT_HELD");
    const fresh = await makeToken(fleet, tusn);
    expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, fresh, secondKey)))).toBe("ENROLMENT_HELD");
    expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, "wrong", secondKey)))).toBe("TOKEN_INVALID");
    expect(await listCertificates(fleet.store, tusn)).toHaveLength(1);
  });

  it("is good for one of two that ask at the same time", async () => {
    const enrolment = await openTestEnrolment(fleet);
    const token = await makeToken(fleet, tusn);
    const codes = await Promise.all(
      [key, secondKey].map((each) => codeOf(enrolment.enrol(toEnrolmentRequest(tusn, token, each)))),
    );
    expect(codes.toSorted()).toEqual(["", "ENROLMENT_HELD"]);
    expect(await listCertificates(fleet.store, tusn)).toHaveLength(1);
  });

  it("is made for all terminals or for none", async () => {
    const options = { validS: 60, needsAdmission: false, actor: "operator" };
    expect(await codeOf(createTokens(fleet, [tusn, UNKNOWN_TUSN], options))).toBe("NOT_FOUND");
    await transact(fleet.store, (tx) => setIdentity(tx, other, { life: "retired" }));
    expect(await codeOf(createTokens(fleet, [tusn, other], options))).toBe("TERMINAL_RETIRED");
    expect(await readKinds()).toEqual([]);
  });

  it("has 140 bits of chance in letters that nobody mistakes", async () => {
    const tokens = await Promise.all(Array.from({ length: 50 }, () => makeToken(fleet, tusn)));
    for (const token of tokens) expect(token).toMatch(/^(?:[0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(new Set(tokens).size).toBe(50);
    expect(new Set(tokens.join("")).size).toBe(33);
  });
});

describe("words about an enrolment", () => {
  it("that hold what must never be kept, more than a line, or a name that no list could show are refused", async () => {
    const options = { validS: 60, needsAdmission: false };
    const bad = [
      ["li na", "CONFIG_INVALID"],
      ["x".repeat(501), "CONFIG_INVALID"],
      ["6228480402564890018=3012", "SENSITIVE_DATA"],
    ] as const;
    for (const [actor, code] of bad) {
      expect(await codeOf(createTokens(fleet, [tusn], { ...options, actor })), actor).toBe(code);
      expect(await codeOf(withdrawToken(fleet, tusn, actor)), actor).toBe(code);
      expect(await codeOf(unlockEnrolment(fleet, tusn, "mistyped", actor)), actor).toBe(code);
    }
    for (const [reason, code] of [
      ["cvv 123", "SENSITIVE_DATA"],
      ["a\nb", "CONFIG_INVALID"],
      ["", "CONFIG_INVALID"],
      ["x".repeat(201), "CONFIG_INVALID"],
    ] as const) {
      expect(await codeOf(unlockEnrolment(fleet, tusn, reason, "li.na")), reason).toBe(code);
    }
    expect(await readKinds()).toEqual([]);
  });
});

describe("wrong tokens", () => {
  it("lock the terminal's enrolment, with an alarm, until a person unlocks it", async () => {
    const enrolment = await openTestEnrolment(fleet);
    const right = toEnrolmentRequest(tusn, await makeToken(fleet, tusn), key);
    for (let count = 0; count < fleet.identity.attempts + 3; count += 1) {
      expect(await codeOf(enrolment.enrol({ ...right, token: `wrong ${count}` }))).toBe("TOKEN_INVALID");
    }
    expect(await codeOf(enrolment.enrol(right))).toBe("ENROLMENT_LOCKED");
    expect(await findEnrolment(fleet.store, tusn)).toMatchObject({ failures: 10, lockedAt: fleet.at });
    expect(await readKinds()).toEqual(["token_created", "enrolment_locked"]);
    expect((await readLedgerKinds(fleet)).filter((kind) => kind === "alarm.enrolment_locked")).toHaveLength(1);

    await unlockEnrolment(fleet, tusn, "the installer mistyped it", "li.na");
    expect(await codeOf(enrolment.enrol(right))).toBe("");
    expect(await codeOf(unlockEnrolment(fleet, tusn, "again", "li.na"))).toBe("NOT_FOUND");
    expect(await readKinds()).toEqual(["token_created", "enrolment_locked", "enrolment_unlocked", "enrolled"]);
  });

  it("are not counted where there is nothing to guess", async () => {
    const enrolment = await openTestEnrolment(fleet);
    for (let count = 0; count < 12; count += 1) {
      expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, "wrong", key)))).toBe("TOKEN_INVALID");
    }
    expect(await findEnrolment(fleet.store, tusn)).toBeUndefined();
    expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, await makeToken(fleet, tusn), key)))).toBe("");
  });
});

describe("no certificate is given", () => {
  const standings: readonly (readonly [Life, string])[] = [
    ["suspended", "TERMINAL_SUSPENDED"],
    ["retired", "TERMINAL_RETIRED"],
    ["replaced", "TERMINAL_RETIRED"],
  ];
  it.each(standings)("to a terminal that is %s", async (life, code) => {
    const enrolment = await openTestEnrolment(fleet);
    const token = await makeToken(fleet, tusn);
    await transact(fleet.store, (tx) => setIdentity(tx, tusn, { life }));
    expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, token, key)))).toBe(code);
    expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, "wrong", key)))).toBe("TOKEN_INVALID");
    await expectNobody();
  });

  it.each(["mismatch", "revoked"] as const)("where the verdict is %s and nobody can tell better", async (verdict) => {
    const enrolment = await openTestEnrolment(fleet);
    const token = await makeToken(fleet, tusn);
    await transact(fleet.store, (tx) => setIdentity(tx, tusn, { verdict }));
    expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, token, key)))).toBe("TUSN_UNPROVEN");
    await expectNobody();
  });

  it("for a request that names another terminal", async () => {
    const enrolment = await openTestEnrolment(fleet);
    const token = await makeToken(fleet, tusn);
    const fields = [{ commonName: other }, { uris: [`urn:tusn:${other}`] }, { uris: [`urn:tusn:${tusn}`, "urn:x:y"] }];
    for (const each of fields) {
      expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, token, key, each)))).toBe("REQUEST_MALFORMED");
    }
    await expectNobody();
    expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, token, key, {})))).toBe("");
  });

  it("for a key that another terminal has", async () => {
    const { terminal, deviceKey } = await loadCertificates();
    await enrolTerminal(fleet, other, (await terminal(other)).certificate);
    const enrolment = await openTestEnrolment(fleet);
    const token = await makeToken(fleet, tusn);
    expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, token, deviceKey)))).toBe("KEY_INVALID");
    await expectNobody();
  });
});

describe("where somebody can judge a cryptogram", () => {
  const right = (factor = "") => ({ factor, cryptogram: computeCryptogram(SN_KEY, tusn, factor) });

  it("the terminal proves its TUSN in the same request", async () => {
    const enrolment = await openTestEnrolment(fleet, [new KnownKeys(tusn)]);
    const token = await makeToken(fleet, tusn);
    const { factor, lifeS } = await enrolment.challenge({ tusn, token });
    expect([factor, lifeS]).toEqual([expect.stringMatching(/^\d{10}$/), 60]);
    await enrolment.enrol({ ...toEnrolmentRequest(tusn, token, key), proof: right(factor) });
    expect(await readTerminal()).toMatchObject({ verdict: "verified-crypto", provenAt: fleet.at, life: "verified" });
    expect(await readKinds()).toEqual(["token_created", "verdict", "enrolled"]);
    const [proof] = await findProofs(fleet.store, [tusn]);
    expect(proof?.why).toBe("schedule");
    expect(proof?.dueAt).toBeGreaterThan(fleet.at + fleet.identity.everyS / 2);
  });

  it("a request without a cryptogram gets nothing, and spoils nothing", async () => {
    const verifier = new KnownKeys(tusn);
    const enrolment = await openTestEnrolment(fleet, [verifier]);
    const token = await makeToken(fleet, tusn);
    expect(await codeOf(enrolment.enrol(toEnrolmentRequest(tusn, token, key)))).toBe("TUSN_UNPROVEN");
    expect(verifier.asked).toBe(0);
    await expectNobody();
    expect(await readTerminal()).toMatchObject({ verdict: "format-only" });
  });

  it("a wrong cryptogram is a mismatch, counts as an attempt, and gets nothing", async () => {
    const enrolment = await openTestEnrolment(fleet, [new KnownKeys(tusn)]);
    const token = await makeToken(fleet, tusn);
    const { factor = "" } = await enrolment.challenge({ tusn, token });
    const proof = { factor, cryptogram: "00000000" };
    expect(await codeOf(enrolment.enrol({ ...toEnrolmentRequest(tusn, token, key), proof }))).toBe("PROOF_WRONG");
    await expectNobody();
    expect(await readTerminal()).toMatchObject({ verdict: "mismatch" });
    expect(await findEnrolment(fleet.store, tusn)).toMatchObject({ failures: 1, factor: "" });

    const next = await enrolment.challenge({ tusn, token });
    const good = { ...toEnrolmentRequest(tusn, token, key), proof: right(next.factor) };
    expect(await codeOf(enrolment.enrol(good))).toBe("");
    expect(await findEnrolment(fleet.store, tusn)).toMatchObject({ failures: 0 });
  });

  it("ten wrong cryptograms lock the enrolment", async () => {
    const enrolment = await openTestEnrolment(fleet, [new KnownKeys(tusn)]);
    const token = await makeToken(fleet, tusn);
    const codes: string[] = [];
    for (let count = 0; count < 11; count += 1) {
      const challenge = await codeOf(enrolment.challenge({ tusn, token }));
      const factor = (await findEnrolment(fleet.store, tusn))?.factor ?? "";
      const asked = { ...toEnrolmentRequest(tusn, token, key), proof: { factor, cryptogram: "FFFFFFFF" } };
      codes.push(challenge === "" ? await codeOf(enrolment.enrol(asked)) : challenge);
    }
    expect(codes).toEqual([...Array(10).fill("PROOF_WRONG"), "ENROLMENT_LOCKED"]);
    await expectNobody();
  });

  it("a factor is good once, for a minute, and the last one only", async () => {
    const verifier = new KnownKeys(tusn);
    const enrolment = await openTestEnrolment(fleet, [verifier]);
    const token = await makeToken(fleet, tusn);
    const enrol = (proof: { factor: string; cryptogram: string }) =>
      codeOf(enrolment.enrol({ ...toEnrolmentRequest(tusn, token, key), proof }));
    const first = await enrolment.challenge({ tusn, token });
    const second = await enrolment.challenge({ tusn, token });
    expect(second.factor).not.toBe(first.factor);
    expect(await enrol(right(first.factor))).toBe("PROOF_EXPIRED");
    // Whatever was answered to it, the open one is over, too.
    expect(await enrol(right(second.factor))).toBe("PROOF_EXPIRED");
    const late = await enrolment.challenge({ tusn, token });
    fleet.at += 61;
    expect(await enrol(right(late.factor))).toBe("PROOF_EXPIRED");
    expect(await enrol(right("1234567890"))).toBe("PROOF_EXPIRED");
    expect(verifier.asked).toBe(0);
    await expectNobody();
  });
});

function toReported(of: Tusn, at: number) {
  return {
    ...{ tusn: of, counter: 1, sequence: 0, currentDigest: null, previousDigest: null, phase: null, stale: null },
    ...{ busy: null, agentVersion: null, timestampVersion: null, rootVersion: null, cardKey: null, cardKeyProof: null },
    ...{ staleSince: null, staleAlarmAt: null, cardKeyAlarmAt: null, lastSeen: at },
  };
}
