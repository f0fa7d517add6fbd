import { beforeAll, describe, expect, it } from "vitest";
import { signAttestation } from "../../certs/attestation/envelope.ts";
import type { AttestationTrust } from "../../certs/attestation/evidence.ts";
import { type Attestation, toAttestationBytes } from "../../certs/attestation/format.ts";
import { verifyAttestation } from "../../certs/attestation.ts";
import { createApproverKey, toPublicKey } from "../../certs/keys.ts";
import { signRelease } from "../../certs/release.ts";
import { renderAttestation } from "../../certs/sign/render/attestation.ts";
import { signMessage } from "../../certs/signatures.ts";
import { toCanonicalBytes } from "../../certs/trust/json.ts";
import { toTufKey } from "../../certs/trust/metadata.ts";
import { generateRsaKey } from "../../certs/x509/rsa-key.ts";
import { toReleaseFileBytes } from "../../proto/delivery.ts";
import { PAYLOAD_TYPES, toPreAuthEncoding } from "../../proto/dsse.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { parseReport, toReportBytes } from "../../proto/terminal-messages.ts";
import { buildRelease } from "../../src/app/release/build.ts";
import { publishRelease } from "../../src/app/release/publish.ts";
import { type AttestedFleet, openAttested } from "../support/attestation.ts";
import { loadCertificates } from "../support/certificates.ts";
import { commitAll } from "../support/committed.ts";
import { toRequest } from "../support/fleet-store.ts";

type Part = Readonly<Record<string, unknown>>;

/** What every test here starts from: made once, and never changed. */
let made: { readonly first: Attestation; readonly second: Attestation; readonly sign: AttestedFleet["sign"] };
let held: AttestationTrust;
let online: AttestedFleet["online"];
let authorities: { readonly own: string; readonly foreign: string };

describe("a signed attestation", () => {
  beforeAll(async () => {
    const { authority, foreignAuthority } = await loadCertificates();
    authorities = { own: authority.certificate, foreign: foreignAuthority.certificate };
  });

  async function prepare() {
    if (made !== undefined) return;
    const attested = await openAttested(2);
    const [a, b] = attested.terminals;
    if (a === undefined || b === undefined) throw new Error("two terminals");
    const [first, second] = [await attested.attest(a.tusn), await attested.attest(b.tusn)];
    made = { first, second, sign: attested.sign };
    held = { root: attested.trust.root, policy: attested.trust.policy, now: attested.fleet.at + 60 };
    online = attested.online;
  }

  /** Why it is refused; empty where it is not. */
  function toReason(bytes: Uint8Array, trust = held): string {
    try {
      verifyAttestation(bytes, trust);
      return "";
    } catch (error) {
      if (!(error instanceof TillsyncError)) throw error;
      expect(error.code).toBe("ATTESTATION_INVALID");
      return String(error.fields["reason"]);
    }
  }

  it("proves who approved what the terminal runs, and what the terminal said of it", async () => {
    await prepare();
    const { attestation, evidence, isProven, ageS } = verifyAttestation(made.sign(made.first), held);
    expect([attestation.answer, isProven, ageS]).toEqual(["genuine", true, 60]);
    expect(evidence?.signers.map(({ id }) => id)).toEqual(["li.mei", "wang.jun"]);
    expect(evidence?.report?.tusn).toBe(made.first.tusn);
    expect([evidence?.isApproved, evidence?.isKeyCurrent, evidence?.unknownKeys]).toEqual([true, true, []]);
  });

  it("is refused with any one bit changed", async () => {
    await prepare();
    // Every bit of what stands around the payload, and of every 13th byte of the payload one bit in turn.
    const bytes = made.sign(made.first);
    const end = Buffer.from(bytes).indexOf('"signatures"');
    let flips = 0;
    const flip = (at: number, bit: number) => {
      const flipped = Uint8Array.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
      expect(toReason(flipped), `byte ${at}, bit ${bit}`).not.toBe("");
      flips += 1;
    };
    for (let at = 0; at < bytes.length; at += 1) {
      if (at < 90 || at >= end - 8) for (let bit = 0; bit < 8; bit += 1) flip(at, bit);
      else if (at % 13 === 0) flip(at, (at / 13) % 8);
    }
    expect(flips).toBeGreaterThan(3_000);
  }, 120_000);

  it("is refused cut short anywhere, longer, and empty", async () => {
    await prepare();
    const bytes = made.sign(made.first);
    for (let length = 0; length < bytes.length - 1; length += 97)
      expect(toReason(bytes.subarray(0, length))).not.toBe("");
    expect(toReason(Buffer.concat([bytes, bytes]))).not.toBe("");
  });

  it("is refused by another key, and where the root held names another", async () => {
    await prepare();
    const payload = toAttestationBytes(made.first);
    expect(toReason(signAttestation(createApproverKey(), payload))).toContain("signature");
    const other = await openAttested();
    expect(toReason(made.sign(made.first), { ...held, root: other.trust.root })).toContain("signature");
  });

  it("is refused with a stranger's signature under the service's key id", async () => {
    await prepare();
    const stranger = JSON.parse(
      Buffer.from(signAttestation(createApproverKey(), toAttestationBytes(made.first))).toString(),
    );
    stranger.signatures[0].keyid = toTufKey(toPublicKey(online)).id;
    expect(toReason(Buffer.from(JSON.stringify(stranger)))).toContain("signature");
  });

  it("is never signed by a signature made for trust metadata, nor the other way", async () => {
    await prepare();
    const encoding = Buffer.from(toPreAuthEncoding(PAYLOAD_TYPES.attestation, toAttestationBytes(made.first)));
    expect(encoding.subarray(0, 7).toString()).toBe("DSSEv1 ");
    expect(Buffer.from(toCanonicalBytes({ _type: "timestamp" }))[0]).toBe("{".charCodeAt(0));
  });

  it("from the future is refused", async () => {
    await prepare();
    expect(toReason(made.sign(made.first), { ...held, now: made.first.at - 301 })).toContain("time");
  });

  it("with its members in another order, or one more of them, is refused though the service signed it", async () => {
    await prepare();
    const json = JSON.parse(Buffer.from(toAttestationBytes(made.first)).toString());
    const turned = Object.fromEntries(Object.entries(json).reverse());
    expect(toReason(signAttestation(online, Buffer.from(JSON.stringify(turned))))).toBe("canonical encoding");
    const more = { ...json, zzz: 1 };
    expect(toReason(signAttestation(online, Buffer.from(JSON.stringify(more))))).toBe("attestation.zzz");
  });

  it("with anything in it that two readers could read differently is refused, though the service signed it", async () => {
    await prepare();
    const text = Buffer.from(toAttestationBytes(made.first)).toString();
    for (const [from, to] of [
      [`"at":${made.first.at}`, `"at":${made.first.at},"at":${made.first.at}`],
      [`"at":${made.first.at}`, `"at":${made.first.at / 1_000}e3`],
      ['"version":1', '"version":1.0'],
      ['"answer":"genuine"', '"answer":"\\u0067enuine"'],
      ['"answer":', '"__proto__":{},"answer":'],
    ] as const) {
      expect(text).toContain(from);
      expect(toReason(signAttestation(online, Buffer.from(text.replace(from, to)))), to).not.toBe("");
    }
  });

  it("is refused in an envelope with two signatures, a member twice, another type, or none", async () => {
    await prepare();
    const text = Buffer.from(made.sign(made.first)).toString();
    const envelope = JSON.parse(text);
    const [signature] = envelope.signatures;
    const [stranger] = JSON.parse(
      Buffer.from(signAttestation(createApproverKey(), toAttestationBytes(made.first))).toString(),
    ).signatures;
    const wrap = (change: Part) => Buffer.from(JSON.stringify({ ...envelope, ...change }));
    for (const [bytes, reason] of [
      [wrap({ signatures: [signature, stranger] }), "signatures"],
      [wrap({ signatures: [stranger, signature] }), "signatures"],
      [wrap({ signatures: [signature, signature] }), "signatures"],
      [wrap({ signatures: [] }), "signature: not by"],
      [wrap({ payloadType: PAYLOAD_TYPES.statement }), "envelope.payloadType"],
      [wrap({ payload: `${envelope.payload} ` }), "envelope.payload"],
      [Buffer.from(text.replace('"payload":', '"payload":"","payload":')), "JSON"],
      [Buffer.from(`{"payload":"${"\\n".repeat(2_500_000)}"}`), "envelope.payload"],
    ] as const) {
      expect(toReason(bytes)).toContain(reason);
    }
  });

  /** What a thief of the online key could sign. */
  const FORGERIES: readonly (readonly [string, (first: Attestation, second: Attestation) => unknown, string])[] = [
    ["another terminal's proof", (a, b) => ({ ...a, evidence: b.evidence }), "approval|directive|path"],
    ["another terminal's page", (a, b) => ({ ...b, tusn: a.tusn }), "directive: of another terminal"],
    ["another terminal's report", (a, b) => withEvidence(a, { report: b.evidence?.report }), "report"],
    [
      "another terminal's certificate",
      (a, b) => withEvidence(a, { certificate: b.evidence?.certificate }),
      "certificate",
    ],
    ["another settlement", (a) => ({ ...a, runs: { ...a.runs, settlement: "622848******9999" } }), "runs.settlement"],
    ["another bank", (a) => ({ ...a, runs: { ...a.runs, bank: "x" } }), "runs.settlement"],
    ["another merchant", (a) => ({ ...a, runs: { ...a.runs, merchantName: "x" } }), "runs.merchant"],
    ["another terminal number", (a) => ({ ...a, runs: { ...a.runs, terminalNo: "00000000" } }), "runs.terminalNo"],
    [
      "another profile",
      (a) => ({
        ...a,
        runs: { ...a.runs, profile: "00".repeat(32) },
        terminal: { ...a.terminal, saysProfile: "00".repeat(32) },
      }),
      "runs.profile",
    ],
    ["another profile number", (a) => ({ ...a, runs: { ...a.runs, number: 99 } }), "runs.number"],
    ["another sequence", (a) => ({ ...a, runs: { ...a.runs, sequence: 99 } }), "runs.sequence"],
    ["another reason", (a) => ({ ...a, approval: { ...a.approval, reason: "another" } }), "approval.reason"],
    ["another release", (a) => ({ ...a, approval: { ...a.approval, release: "00".repeat(16) } }), "approval.release"],
    ["another purpose", (a) => ({ ...a, approval: { ...a.approval, purpose: "parameters" } }), "approval.purpose"],
    ["another day", (a) => ({ ...a, approval: { ...a.approval, created: 5 } }), "approval.created"],
    ["another place in the tree", (a) => withEvidence(a, { index: 1 }), "directive: not in the release"],
    ["a shorter path", (a) => withEvidence(a, { path: [] }), "directive: not in the release"],
    ["only one signature told", (a) => withSigners(a, a.approval?.signers.slice(1)), "approval.signers"],
    [
      "a signature left out",
      (a) =>
        withEvidence(withSigners(a, a.approval?.signers.slice(1)), { signatures: a.evidence?.signatures.slice(1) }),
      "approval.isApprovedToday",
    ],
    [
      "a person with another name",
      (a) =>
        withSigners(
          a,
          a.approval?.signers.map((signer) => ({ ...signer, name: "王五" })),
        ),
      "approval.signers: the policy",
    ],
    [
      "a signature that does not hold",
      (a) => withEvidence(a, { signatures: a.evidence?.signatures.map((one) => ({ ...one, value: "00".repeat(64) })) }),
      "approval.isApprovedToday",
    ],
    ["another authority", (a) => ({ ...a, authority: { ...a.authority, fingerprint: "00".repeat(32) } }), "authority"],
    ["a certificate that is in no list", (a) => ({ ...a, certificates: [] }), "certificate: not in the list"],
    ["nothing that it runs, but a proof", (a) => ({ ...a, runs: null, approval: null }), "evidence"],
    ["an approval of nothing", (a) => ({ ...a, runs: null }), "approval"],
    ["genuine, though never proven", (a) => withProof(a, { provenAt: null, isRecent: false }), "answer"],
    ["genuine, by a proof called recent", (a) => withProof(a, { provenAt: 5 }), "proof.isRecent"],
    ["genuine, by a verdict that proves nothing", (a) => withProof(a, { verdict: "format-only" }), "answer"],
    ["genuine, though retired", (a) => ({ ...a, terminal: { ...a.terminal, life: "retired" } }), "answer"],
    ["quarantined without a quarantine", (a) => ({ ...a, answer: "quarantined" }), "answer"],
    ["out of service, though active", (a) => ({ ...a, answer: "out_of_service" }), "answer"],
    ["suspended, though active", (a) => ({ ...a, answer: "suspended" }), "answer"],
    ["refuted by a verdict that proves it", (a) => ({ ...a, answer: "refuted" }), "answer"],
    [
      "another profile than the terminal says",
      (a) => ({ ...a, terminal: { ...a.terminal, saysProfile: "00".repeat(32) } }),
      "terminal.saysProfile",
    ],
    ["another maker", (a) => ({ ...a, terminal: { ...a.terminal, makerCode: "000009" } }), "terminal.makerCode"],
    ["another version of the format", (a) => ({ ...a, version: 2 }), "attestation.version"],
    ["a member that is a number", (a) => ({ ...a, tusn: 7 }), "attestation.tusn"],
    ["a whole card number", (a) => ({ ...a, runs: { ...a.runs, settlement: "6228480402564890018" } }), "settlement"],
  ];

  it.each(FORGERIES)("that tells %s is refused though the service's key signed it", async (_what, forge, reason) => {
    await prepare();
    const forged = forge(made.first, made.second) as Attestation;
    expect(toReason(made.sign(forged))).toMatch(new RegExp(reason));
  });

  it("with a report that the terminal never signed is refused", async () => {
    await prepare();
    const payload = made.first.evidence?.report?.payload ?? new Uint8Array(0);
    const other = await generateRsaKey();
    const forged = signMessage(other, PAYLOAD_TYPES.report, payload);
    expect(toReason(made.sign(withEvidence(made.first, { report: { payload, signature: forged } })))).toMatch(
      /report: not signed/,
    );
  });

  it("with the terminal's word about something else is refused", async () => {
    await prepare();
    const { deviceKey } = await loadCertificates();
    const report = parseReport(made.first.evidence?.report?.payload ?? new Uint8Array(0));
    for (const [change, reason] of [
      [{ kind: "rolled_back", code: "TEST_FAILED" }, "does not say"],
      [{ directive: Buffer.alloc(32) }, "another directive"],
      [{ current: Buffer.alloc(32) }, "another profile"],
      [{ tusn: made.second.tusn }, "another terminal"],
    ] as const) {
      const payload = toReportBytes({ ...report, ...(change as Partial<typeof report>) });
      const signature = signMessage(deviceKey, PAYLOAD_TYPES.report, payload);
      expect(toReason(made.sign(withEvidence(made.first, { report: { payload, signature } })))).toContain(reason);
    }
  });

  it("without proof is signed by the service and proves nothing", async () => {
    await prepare();
    const { isProven, evidence } = verifyAttestation(made.sign({ ...made.first, evidence: null }), held);
    expect([isProven, evidence]).toEqual([false, undefined]);
    const noReport = verifyAttestation(made.sign(withEvidence(made.first, { report: null })), held);
    expect([noReport.isProven, noReport.evidence?.isApproved]).toEqual([false, true]);
  });

  it("that tells of nothing that it runs proves nothing", async () => {
    await prepare();
    const empty = { ...made.first, runs: null, approval: null, evidence: null };
    expect(verifyAttestation(made.sign(empty), held).isProven).toBe(false);
  });

  it("of a terminal that has another device key by now does not prove what runs there", async () => {
    await prepare();
    const terminal = { ...made.first.terminal, deviceKey: "00".repeat(32) };
    const { isProven, evidence } = verifyAttestation(made.sign({ ...made.first, terminal }), held);
    expect([isProven, evidence?.isApproved, evidence?.isKeyCurrent]).toEqual([false, true, false]);
  });

  it("whose release took fewer people than a settlement does not prove the settlement", async () => {
    await prepare();
    const attested = await openAttested();
    const { fleet, trust } = attested;
    fleet.at += 60;
    const { file } = await buildRelease(fleet, toRequest({ patch: { parameters: { attempts: 3 } } }));
    await publishRelease(fleet, toReleaseFileBytes(signRelease(file, fleet.approvers.maker)), fleet.approvers.policy);
    await commitAll(fleet, attested.terminals);
    const bytes = attested.sign(await attested.attest());
    const { isProven, evidence } = verifyAttestation(bytes, { root: trust.root, policy: trust.policy, now: fleet.at });
    expect([evidence?.statement.purpose, evidence?.isApproved, evidence?.report?.kind]).toEqual([
      "parameters",
      true,
      "committed",
    ]);
    expect([isProven, evidence?.isSettlementApproved]).toEqual([false, false]);
  });

  it("is outdated once the proof that it tells of is too old", async () => {
    await prepare();
    const { at, proof } = made.first;
    const bytes = made.sign(made.first);
    const end = (proof.provenAt ?? 0) + proof.maxAgeS;
    expect(end).toBeGreaterThan(at);
    expect(verifyAttestation(bytes, { ...held, now: end }).isOutdated).toBe(false);
    expect(verifyAttestation(bytes, { ...held, now: end + 1 }).isOutdated).toBe(true);
    const never = {
      ...made.first,
      answer: "not_proven",
      proof: { ...proof, provenAt: null, isRecent: false },
    } as const;
    expect(verifyAttestation(made.sign(never), { ...held, now: end + 1 }).isOutdated).toBe(false);
  });

  it("is shown as what the service says as of then, before what is proven of it", async () => {
    await prepare();
    const toText = (attestation: Attestation, trust = held, lang: "en" | "zh" = "en") => {
      const verified = verifyAttestation(made.sign(attestation), trust);
      const options = { lang, policy: trust.policy.version, isStale: false, isPinned: false };
      return renderAttestation(verified, options);
    };
    const good = toText(made.first);
    expect(good.indexOf("The service says, as of 2027-")).toBeGreaterThan(0);
    expect(good.indexOf("GENUINE")).toBeGreaterThan(good.indexOf("The service says"));
    expect(good.indexOf("PROVEN, without")).toBeGreaterThan(good.indexOf("GENUINE"));
    expect(good).not.toContain("!!!");
    const end = (made.first.proof.provenAt ?? 0) + made.first.proof.maxAgeS;
    expect(toText(made.first, { ...held, now: end + 1 })).toMatch(/!!! the proof of its TUSN .* too old/);
    expect(toText({ ...made.first, runs: null, approval: null, evidence: null })).toMatch(
      /!!! NOT PROVEN(.|\n)*service's word/,
    );
    const approval = { ...made.first.approval, isApprovedToday: false } as typeof made.first.approval;
    const other = { ...made.first, approval, trust: { ...made.first.trust, policy: 9 } };
    expect(toText(other)).toMatch(/!!! names, roles .* policy 9/);
    expect(toText(other, held, "zh")).toContain("依服务的策略 9；本机策略为 1");
    for (const line of toText(other).split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("approved by people who have left since is not proven, and tells their keys", async () => {
    await prepare();
    const [maker, checker] = held.policy.persons;
    if (maker === undefined || checker === undefined) throw new Error("two persons");
    const policy = { ...held.policy, version: 2, persons: [maker] };
    const { isProven, evidence } = verifyAttestation(made.sign(made.first), { ...held, policy });
    expect([isProven, evidence?.isApproved]).toEqual([false, false]);
    expect(evidence?.unknownKeys).toEqual([checker.keys[0]?.id]);
  });

  it("is held against the authority that whoever checks has pinned", async () => {
    await prepare();
    const bytes = made.sign(made.first);
    expect(verifyAttestation(bytes, { ...held, authority: authorities.own }).isProven).toBe(true);
    expect(toReason(bytes, { ...held, authority: authorities.foreign })).toContain("pinned");
  });
});

function withEvidence(attestation: Attestation, change: Part): Attestation {
  return { ...attestation, evidence: { ...attestation.evidence, ...change } } as Attestation;
}

function withProof(attestation: Attestation, change: Part): Attestation {
  return { ...attestation, proof: { ...attestation.proof, ...change } } as Attestation;
}

function withSigners(attestation: Attestation, signers: unknown): Attestation {
  return { ...attestation, approval: { ...attestation.approval, signers } } as Attestation;
}
