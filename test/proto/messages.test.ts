import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as bounds from "../../proto/bounds.ts";
import { concat, toDigest, toHex } from "../../proto/bytes.ts";
import { toCardKeyBytes } from "../../proto/card-key.ts";
import {
  parseDelivery,
  parseReleaseFile,
  type Recipient,
  toDeliveryBytes,
  toReleaseFileBytes,
} from "../../proto/delivery.ts";
import { type Directive, parseDirective, toDirectiveBytes } from "../../proto/directive.ts";
import { parseLedgerEntry, toLedgerEntryBytes } from "../../proto/ledger-entry.ts";
import { type Profile, parseProfile, toProfileBytes } from "../../proto/profile.ts";
import { parseStatement, type Statement, toStatementBytes } from "../../proto/statement.ts";
import {
  type Hello,
  isOutcome,
  parseEnvelope,
  parseHello,
  parseReceipt,
  parseReport,
  REPORT_KINDS,
  type Report,
  toEnvelopeBytes,
  toHelloBytes,
  toReceiptBytes,
  toReportBytes,
} from "../../proto/terminal-messages.ts";
import { isRootsOnly, parseTrustBundle, toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import { parseTusn } from "../../proto/tusn.ts";
import {
  bundle,
  delivery,
  digest,
  directive,
  entry,
  hello,
  none,
  profile,
  releaseFile,
  report,
  salt,
  signature,
  statement,
  tusn,
} from "../support/messages.ts";

const [recipient] = releaseFile.recipients as [Recipient];

/** Every message: how it is written and read, a good value, and changes that must each be refused as FIELD_INVALID. */
const MESSAGES = {
  profile: {
    bytes: toProfileBytes(profile),
    read: (bytes: Uint8Array) => toProfileBytes(parseProfile(bytes)),
    max: bounds.MAX_PROFILE_BYTES,
    bad: [
      { number: 0 },
      { merchant: { ...profile.merchant, number: "1" } },
      { merchant: { ...profile.merchant, name: "" } },
      { merchant: { ...profile.merchant, name: "茶\u202e庄" } },
      { merchant: { ...profile.merchant, name: " 茶庄" } },
      { merchant: { ...profile.merchant, name: "e\u0301" } },
      { merchant: { ...profile.merchant, name: "茶".repeat(81) } },
      { merchant: { ...profile.merchant, shortName: "a\nb" } },
      { merchant: { ...profile.merchant, licenceNo: "x" } },
      { merchant: { ...profile.merchant, taxNo: "1234567890123456" } },
      { merchant: { ...profile.merchant, uscc: "1" } },
      { merchant: { ...profile.merchant, mcc: "54111" } },
      { binding: { ...profile.binding, kind: "purse" } },
      { binding: { ...profile.binding, kind: "account" } },
      { binding: { ...profile.binding, bin: "" } },
      { binding: { ...profile.binding, bank: "" } },
      { binding: { ...profile.binding, cnaps: "1" } },
      { binding: { ...profile.binding, holder: "" } },
      { binding: { ...profile.binding, last4: "018" } },
      { binding: { ...profile.binding, commitment: salt } },
      { acquiring: { ...profile.acquiring, acquirer: "1" } },
      { acquiring: { ...profile.acquiring, terminalNo: "1" } },
      { acquiring: { ...profile.acquiring, host: "a b" } },
      { acquiring: { ...profile.acquiring, port: 0 } },
      { acquiring: { ...profile.acquiring, port: 65_536 } },
      { acquiring: { ...profile.acquiring, tpdu: none } },
      ...Object.keys(profile.parameters).map((name) => ({ parameters: { ...profile.parameters, [name]: 0 } })),
    ].map((change) => toProfileBytes({ ...profile, ...change } as Profile)),
  },
  directive: {
    bytes: toDirectiveBytes(directive),
    read: (bytes: Uint8Array) => toDirectiveBytes(parseDirective(bytes)),
    max: bounds.MAX_DIRECTIVE_BYTES,
    bad: [
      { deviceKey: salt },
      { sequence: 0 },
      { baseDigest: salt },
      { notBefore: 0 },
      { notAfter: 99 },
      { onFail: "shrug" },
      { salt: none },
      { restores: salt },
      { restores: digest },
    ].map((change) => toDirectiveBytes({ ...directive, ...change } as Directive)),
  },
  statement: {
    bytes: toStatementBytes(statement),
    read: (bytes: Uint8Array) => toStatementBytes(parseStatement(bytes)),
    max: bounds.MAX_STATEMENT_BYTES,
    bad: [
      { releaseId: none },
      { purpose: "everything" },
      { purpose: "merchant" },
      { merchant: "" },
      { root: none },
      { size: 0 },
      { size: bounds.MAX_DIRECTIVES + 1 },
      { created: 0 },
      { expires: 99 },
      { reason: none },
    ].map((change) => toStatementBytes({ ...statement, ...change } as Statement)),
  },
  delivery: {
    bytes: toDeliveryBytes(delivery),
    read: (bytes: Uint8Array) => toDeliveryBytes(parseDelivery(bytes)),
    max: bounds.MAX_DELIVERY_BYTES,
    bad: [
      { nonce: none },
      { path: [salt] },
      { path: Array.from({ length: bounds.MAX_PATH_HASHES + 1 }, () => digest) },
      { signatures: Array.from({ length: bounds.MAX_SIGNATURES + 1 }, () => signature) },
      { signatures: [{ ...signature, keyId: none }] },
      { signatures: [{ ...signature, value: digest }] },
      { sealed: new Uint8Array(bounds.MAX_SEALED_BYTES + 1) },
    ].map((change) => toDeliveryBytes({ ...delivery, ...change })),
  },
  releaseFile: {
    bytes: toReleaseFileBytes(releaseFile),
    read: (bytes: Uint8Array) => toReleaseFileBytes(parseReleaseFile(bytes)),
    max: bounds.MAX_RELEASE_FILE_BYTES,
    bad: [
      { directives: [] },
      { bases: [none, none] },
      { reason: "x".repeat(501) },
      { reason: "old card 6228480402564890018" },
      { recipients: [{ ...recipient, index: 1 }] },
      { recipients: [recipient, recipient] },
      { recipients: [{ ...recipient, cardKey: none }] },
      { recipients: [{ ...recipient, deviceKey: new Uint8Array(bounds.MAX_DEVICE_KEY_BYTES + 1) }] },
      { recipients: [{ ...recipient, proof: new Uint8Array(bounds.MAX_DEVICE_SIGNATURE_BYTES + 1) }] },
      { sealed: [{ index: 1, bytes: digest }] },
      { sealed: [{ index: 0, bytes: new Uint8Array(bounds.MAX_SEALED_BYTES + 1) }] },
    ].map((change) => toReleaseFileBytes({ ...releaseFile, ...change })),
  },
  envelope: {
    bytes: toEnvelopeBytes({ payload: digest, signature: digest }),
    read: (bytes: Uint8Array) => toEnvelopeBytes(parseEnvelope(bytes)),
    max: bounds.MAX_ENVELOPE_BYTES,
    bad: [
      { payload: none, signature: digest },
      { payload: digest, signature: none },
      { payload: new Uint8Array(bounds.MAX_PAYLOAD_BYTES + 1), signature: digest },
    ].map(toEnvelopeBytes),
  },
  hello: {
    bytes: toHelloBytes(hello),
    read: (bytes: Uint8Array) => toHelloBytes(parseHello(bytes)),
    max: bounds.MAX_PAYLOAD_BYTES,
    bad: [
      { counter: 0 },
      { current: salt },
      { previous: salt },
      { directive: salt },
      { phase: "asleep" },
      { busy: "asleep" },
      { agentVersion: "one two" },
      { rootVersion: 0 },
      { cardKey: salt },
      { cardKeyProof: new Uint8Array(bounds.MAX_DEVICE_SIGNATURE_BYTES + 1) },
    ].map((change) => toHelloBytes({ ...hello, ...change } as Hello)),
  },
  report: {
    bytes: toReportBytes(report),
    read: (bytes: Uint8Array) => toReportBytes(parseReport(bytes)),
    max: bounds.MAX_PAYLOAD_BYTES,
    bad: [
      { counter: 0 },
      { kind: "perhaps" },
      { code: "NO_SUCH_CODE" },
      { directive: none },
      { current: salt },
      { previous: salt },
      { nonce: digest },
      { detail: "x".repeat(201) },
    ].map((change) => toReportBytes({ ...report, ...change } as Report)),
  },
  receipt: {
    bytes: toReceiptBytes({ counter: 1, report: digest }),
    read: (bytes: Uint8Array) => toReceiptBytes(parseReceipt(bytes)),
    max: bounds.MAX_RECEIPT_BYTES,
    bad: [
      { counter: 0, report: digest },
      { counter: 1, report: none },
    ].map(toReceiptBytes),
  },
  trustBundle: {
    bytes: toTrustBundleBytes(bundle),
    read: (bytes: Uint8Array) => toTrustBundleBytes(parseTrustBundle(bytes)),
    max: bounds.MAX_TRUST_BUNDLE_BYTES,
    bad: [
      { roots: [none] },
      { roots: [new Uint8Array(bounds.MAX_TRUST_FILE_BYTES + 1)] },
      { roots: Array.from({ length: bounds.MAX_BUNDLE_ROOTS + 1 }, () => digest) },
      { policy: new Uint8Array(bounds.MAX_TRUST_FILE_BYTES + 1) },
      { timestamp: none },
      { roots: [], timestamp: none, snapshot: none, targets: none, policy: none },
    ].map((change) => toTrustBundleBytes({ ...bundle, ...change })),
  },
  ledgerEntry: {
    bytes: toLedgerEntryBytes(entry),
    read: (bytes: Uint8Array) => toLedgerEntryBytes(parseLedgerEntry(bytes)),
    max: bounds.MAX_LEDGER_ENTRY_BYTES,
    bad: [],
  },
} as const;

describe.each(Object.entries(MESSAGES))("a %s message", (name, { bytes, read, max, bad }) => {
  it("comes back as the same bytes", () => {
    expect(read(bytes)).toEqual(bytes);
  });

  it("is refused above its bound before it is looked at", () => {
    expect(() => read(new Uint8Array(max + 1))).toThrow(expect.objectContaining({ code: "BYTES_TOO_LARGE" }));
  });

  it("cut short is refused, unless what is left is a whole message without optional last fields", () => {
    const whole = Array.from({ length: bytes.length }, (_, length) => bytes.subarray(0, length)).filter(
      (prefix) => attempt(() => read(prefix)) !== undefined,
    );
    expect(whole.length).toBeLessThanOrEqual(4);
    for (const prefix of whole) expect(read(prefix)).toEqual(prefix);
  });

  it("is refused with an unknown field, a repeated field or a trailing byte", () => {
    const unknown = Uint8Array.of(0xf8, 0x07, 0x01); // field 127, varint
    const [tag, length] = bytes as unknown as [number, number];
    const first = tag % 8 === 2 ? bytes.subarray(0, 2 + length) : bytes.subarray(0, 2);
    // A list may have its first field twice.
    const repeated = name === "trustBundle" ? bytes.subarray(2 + length) : bytes;
    for (const worse of [concat(bytes, unknown), concat(repeated, first, bytes), concat(bytes, Uint8Array.of(0))]) {
      expect(() => read(worse)).toThrow(expect.objectContaining({ code: "BYTES_NOT_CANONICAL" }));
    }
  });

  it("is refused with each field out of its rule", () => {
    for (const [index, worse] of bad.entries()) {
      expect(() => read(worse), `case ${index}`).toThrow(expect.objectContaining({ code: "FIELD_INVALID" }));
    }
  });

  it("never becomes other bytes, whatever is done to it", () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ flip : byte));
        const result = attempt(() => read(changed));
        expect(result === undefined || Buffer.compare(result, changed) === 0).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

function attempt(read: () => Uint8Array): Uint8Array | undefined {
  try {
    return read();
  } catch (error) {
    expect(error).toEqual(expect.objectContaining({ name: "TillsyncError" }));
    return undefined;
  }
}

describe("a trust bundle", () => {
  it("may hold roots alone, for a terminal that is many behind, or no root at all", () => {
    const roots = { ...bundle, timestamp: none, snapshot: none, targets: none, policy: none };
    expect(isRootsOnly(parseTrustBundle(toTrustBundleBytes(roots)))).toBe(true);
    expect(isRootsOnly(parseTrustBundle(toTrustBundleBytes({ ...bundle, roots: [] })))).toBe(false);
  });
});

describe("a directive that restores older content", () => {
  it("names the profile that it holds", () => {
    const restores = toDigest(directive.profile);
    expect(parseDirective(toDirectiveBytes({ ...directive, restores })).restores).toEqual(restores);
  });
});

describe("what vouches for a card key", () => {
  it("differs by terminal and by key", () => {
    const other = parseTusn("0000290210015708");
    const all = [toCardKeyBytes(tusn, digest), toCardKeyBytes(other, digest), toCardKeyBytes(tusn, none)].map(toHex);
    expect(new Set(all).size).toBe(3);
  });
});

describe("a message", () => {
  it("with invalid UTF-8 is refused", () => {
    // Field 2 (text) of a report-shaped message: overlong slash, lone surrogate, cut sequence.
    for (const text of [
      [0xc0, 0xaf],
      [0xed, 0xa0, 0x80],
      [0xe4, 0xb8],
    ]) {
      const bytes = Uint8Array.of(0x0a, text.length, ...text);
      expect(() => parseHello(bytes)).toThrow(expect.objectContaining({ code: "BYTES_NOT_CANONICAL" }));
    }
  });

  it("without one of its parts is refused", () => {
    for (const part of ["merchant", "binding", "acquiring", "parameters"]) {
      const bytes = toProfileBytes({ ...profile, [part]: undefined } as unknown as Profile);
      expect(() => parseProfile(bytes)).toThrow(expect.objectContaining({ code: "FIELD_MISSING" }));
    }
  });

  it("for a terminal without a TUSN is refused", () => {
    const bytes = toDirectiveBytes({ ...directive, tusn: "9999999998" as never });
    expect(() => parseDirective(bytes)).toThrow(expect.objectContaining({ code: "TUSN_INVALID" }));
  });

  it("about a release that is no binding names no merchant", () => {
    const parsed = parseStatement(toStatementBytes({ ...statement, purpose: "parameters", merchant: "" }));
    expect(parsed).toMatchObject({ purpose: "parameters", merchant: "" });
  });

  it("may carry an account without a BIN", () => {
    const binding = { ...profile.binding, kind: "account" as const, bin: "" };
    expect(parseProfile(toProfileBytes({ ...profile, binding })).binding.kind).toBe("account");
  });

  it("that reports no reason carries an empty code", () => {
    expect(parseReport(toReportBytes({ ...report, kind: "committed", code: "" })).code).toBe("");
  });
});

describe("a ledger entry", () => {
  it("that could not be read back is never written", () => {
    for (const change of [
      { at: 0 },
      { kind: "published" },
      { actor: "" },
      { subject: "a b" },
      { digest: salt },
      { detail: "x".repeat(2_001) },
    ]) {
      const write = () => toLedgerEntryBytes({ ...entry, ...change });
      expect(write).toThrow(expect.objectContaining({ code: "FIELD_INVALID" }));
    }
  });
});

describe("a report kind", () => {
  it("is an outcome unless more is to come", () => {
    expect(REPORT_KINDS.filter((kind) => !isOutcome(kind))).toEqual(["verified", "applied"]);
  });
});
