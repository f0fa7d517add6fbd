import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { giveVerdict } from "../../../../src/app/identity/verdicts.ts";
import { importFleet } from "../../../../src/app/import/import-fleet.ts";
import { ManualVerifier } from "../../../../src/app/verifiers/manual.ts";
import { type Enquiry, MAX_EVIDENCE_BYTES, recordEnquiry } from "../../../../src/app/verifiers/record.ts";
import { findTerminals } from "../../../../src/store/fleet.ts";
import { transact } from "../../../../src/store/store.ts";
import { listVerdicts } from "../../../../src/store/verdicts.ts";
import { toClaim } from "../../../contract/verifier.ts";
import { TUSN_A, TUSN_B } from "../../../support/certificates.ts";
import {
  makeFolder,
  openTestFleet,
  readLedgerKinds,
  type TestFleet,
  toFleetRow,
} from "../../../support/fleet-store.ts";

const DAY_S = 86_400;
/** The day on which the clock of the tests stands. */
const TODAY = "2027-01-15";

let fleet: TestFleet;
let folder: string;
let verifier: ManualVerifier;

beforeEach(async () => {
  fleet = await openTestFleet();
  folder = makeFolder();
  verifier = new ManualVerifier(fleet);
  await importFleet(fleet, [toFleetRow({ tusn: TUSN_A })]);
});

const record = (change: Partial<Enquiry> = {}) =>
  recordEnquiry(fleet, folder, {
    ...{ tusn: TUSN_A, channel: "hotline", case: "95016-7", by: "wang", on: TODAY, found: "genuine" },
    ...change,
  });
const verdictOf = async () => (await verifier.verify(toClaim(TUSN_A))).verdict;
const findTerminal = async () => (await findTerminals(fleet.store, [TUSN_A]))[0];

describe("recording an enquiry", () => {
  it("makes it the terminal's verdict, with who asked where and when under which number", async () => {
    expect(await record()).toEqual({ verdict: "verified-manual", held: "verified-manual", evidence: "" });
    const [verdict] = await listVerdicts(fleet.store, TUSN_A);
    expect(verdict).toMatchObject({
      verdict: "verified-manual",
      source: "manual",
      actor: "wang",
      evidenceDigest: null,
    });
    expect(JSON.parse(verdict?.evidence ?? "")).toEqual({
      ...{ channel: "hotline", case: "95016-7", on: TODAY, found: "genuine" },
    });
    expect(await findTerminal()).toMatchObject({ verdict: "verified-manual", provenAt: fleet.at, life: "verified" });
    expect(await readLedgerKinds(fleet)).toContain("terminal.verdict");
  });

  it("keeps a copy of the evidence under its digest, which only the owner can read", async () => {
    const evidence = Buffer.from("The hotline says: genuine. 号码");
    const digest = createHash("sha256").update(evidence).digest("hex");
    for (const _ of [1, 2]) expect(await record({ evidence })).toMatchObject({ evidence: digest });
    expect(readdirSync(join(folder, "evidence"))).toEqual([digest]);
    const path = join(folder, "evidence", digest);
    expect([readFileSync(path).equals(evidence), statSync(path).mode & 0o777]).toEqual([true, 0o600]);
    const [verdict] = await listVerdicts(fleet.store, TUSN_A);
    expect(Buffer.from(verdict?.evidenceDigest ?? []).toString("hex")).toBe(digest);
  });

  it("is refused whole where a field is not as it should be", async () => {
    const wrong: readonly (readonly [Partial<Enquiry>, string])[] = [
      [{ channel: "friend" }, "FIELD_INVALID"],
      [{ found: "maybe" }, "FIELD_INVALID"],
      [{ case: "" }, "FIELD_INVALID"],
      [{ case: "a\nb" }, "FIELD_INVALID"],
      [{ case: "c".repeat(65) }, "FIELD_INVALID"],
      [{ by: " " }, "FIELD_INVALID"],
      [{ by: "wang\u202e" }, "FIELD_INVALID"],
      [{ on: "yesterday" }, "FIELD_INVALID"],
      [{ on: "2026-02-30" }, "FIELD_INVALID"],
      [{ on: "2027-1-1" }, "FIELD_INVALID"],
      [{ on: "2027-01-18" }, "FIELD_INVALID"],
      [{ case: "cvv 123" }, "SENSITIVE_DATA"],
      [{ evidence: Buffer.from("PIN: 1234") }, "SENSITIVE_DATA"],
      [{ evidence: Buffer.alloc(MAX_EVIDENCE_BYTES + 1) }, "BYTES_TOO_LARGE"],
      [{ tusn: TUSN_B }, "NOT_FOUND"],
    ];
    for (const [change, code] of wrong) {
      await expect(record(change), `${Object.keys(change)} ${code}`).rejects.toMatchObject({ code });
    }
    expect(await listVerdicts(fleet.store, TUSN_A)).toEqual([]);
    expect(await findTerminal()).toMatchObject({ verdict: "format-only" });
    expect(existsSync(join(folder, "evidence"))).toBe(false);
  });

  it("counts from the day of the enquiry, not from when somebody gets round to it", async () => {
    await record({ on: "2026-12-01" });
    const provenAt = Date.parse("2026-12-02T00:00:00Z") / 1_000;
    expect(await findTerminal()).toMatchObject({ verdict: "verified-manual", provenAt });
    expect(await verdictOf()).toBe("unknown");
  });

  it("of an old enquiry takes nothing from what was found since, good or bad", async () => {
    for (const verdict of ["verified-crypto", "mismatch"] as const) {
      await transact(fleet.store, (tx) =>
        giveVerdict(tx, fleet.at, fleet.identity, {
          ...{ tusn: TUSN_A, verdict, source: "local_keys", evidence: {}, actor: "service" },
        }),
      );
      expect(await record({ on: "2027-01-10" })).toMatchObject({ verdict: "verified-manual", held: verdict });
      expect(await findTerminal()).toMatchObject({ verdict, provenAt: fleet.at });
    }
  });

  it("that found it not to be genuine counts however old it is, and raises an alarm", async () => {
    await record();
    expect(await record({ found: "not-genuine", on: "2026-12-01" })).toMatchObject({ held: "mismatch" });
    expect(await readLedgerKinds(fleet)).toContain("alarm.verdict_lost");
  });
});

describe("the record of enquiries as a verifier", () => {
  it("believes an enquiry until it is too old, and tells when it was made", async () => {
    await record({ on: "2027-01-10" });
    const provenAt = Date.parse("2027-01-11T00:00:00Z") / 1_000;
    expect(await verifier.verify(toClaim(TUSN_A))).toEqual({
      verdict: "verified-manual",
      source: "manual",
      evidence: { record: 1, channel: "hotline", on: "2027-01-10", by: "wang" },
      provenAt,
    });
    fleet.at = provenAt + fleet.identity.maxAgeS;
    expect(await verdictOf()).toBe("verified-manual");
    fleet.at += 1;
    expect(await verdictOf()).toBe("unknown");
  });

  it("goes by the newest enquiry, whatever came of it", async () => {
    await record();
    await record({ found: "unknown", channel: "online-service" });
    expect(await verdictOf()).toBe("unknown");
    await record();
    expect(await verdictOf()).toBe("verified-manual");
    await record({ found: "not-genuine" });
    expect(await verdictOf()).toBe("unknown");
  });

  it("is not hidden by a verdict that no person gave", async () => {
    await record();
    await transact(fleet.store, (tx) =>
      giveVerdict(tx, fleet.at, fleet.identity, {
        ...{ tusn: TUSN_A, verdict: "unknown", source: "manual", evidence: { note: '"case":' }, actor: "service" },
      }),
    );
    expect(await verdictOf()).toBe("verified-manual");
  });

  it("is not renewed by its own answer", async () => {
    await record();
    fleet.at += 20 * DAY_S;
    const answer = await verifier.verify(toClaim(TUSN_A));
    await transact(fleet.store, (tx) =>
      giveVerdict(tx, fleet.at, fleet.identity, { ...answer, tusn: TUSN_A, actor: "service" }),
    );
    expect((await findTerminal())?.provenAt).toBe(Date.parse("2027-01-16T00:00:00Z") / 1_000);
    fleet.at += 11 * DAY_S;
    expect(await verdictOf()).toBe("unknown");
  });
});
