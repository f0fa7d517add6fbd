import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../../agent/config.ts";
import { createState } from "../../agent/machine/state.ts";
import { parseStateJson, toStateJson } from "../../agent/machine/state-json.ts";
import { MAX_CEREMONY_BYTES, parseCeremony, toCeremonyBytes } from "../../certs/ceremony/ceremony.ts";
import { MAX_KEY_FILE_BYTES, parseEncryptedPem, toEncryptedPem } from "../../certs/keys/encrypted-key.ts";
import { createApproverKey, parsePrivateKey, toPrivateKeyPem } from "../../certs/keys.ts";
import { createCardKey, parseCardKey } from "../../certs/seal.ts";
import { readOpening, toOpeningJson } from "../../certs/sign/opening.ts";
import { parseWaiting } from "../../certs/sign/waiting.ts";
import { parseMetadata, ROLE_NAMES } from "../../certs/trust/metadata.ts";
import { parsePolicy } from "../../certs/trust/policy.ts";
import { openRoot } from "../../certs/trust/roots.ts";
import { ANY, OWN } from "../../certs/trust/rules.ts";
import { openSnapshot, openTimestamp } from "../../certs/trust/steps.ts";
import { parseRsaKey } from "../../certs/x509/rsa-key.ts";
import * as bounds from "../../proto/bounds.ts";
import { NONCE_BYTES, toUtf8 } from "../../proto/bytes.ts";
import { parseChallenge, parseProof, toChallengeBytes, toProofBytes } from "../../proto/challenge.ts";
import { parseDelivery, parseReleaseFile, toDeliveryBytes, toReleaseFileBytes } from "../../proto/delivery.ts";
import { parseDirective, toDirectiveBytes } from "../../proto/directive.ts";
import type { ErrorCode } from "../../proto/errors.ts";
import { MAX_FLAT_JSON_BYTES } from "../../proto/flat-json.ts";
import { parseLedgerEntry, toLedgerEntryBytes } from "../../proto/ledger-entry.ts";
import {
  parseDesired,
  parseUpload,
  parseUploaded,
  toDesiredBytes,
  toUploadBytes,
  toUploadedBytes,
} from "../../proto/polling.ts";
import { parseProfile, toProfileBytes } from "../../proto/profile.ts";
import { parseBindingJson, parseSettlement, toBinding, toBindingJson } from "../../proto/settlement.ts";
import { parseStatement, toStatementBytes } from "../../proto/statement.ts";
import {
  parseEnvelope,
  parseHello,
  parseReceipt,
  parseReport,
  toEnvelopeBytes,
  toHelloBytes,
  toReceiptBytes,
  toReportBytes,
} from "../../proto/terminal-messages.ts";
import { parseTrustBundle, toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import { parseClaimant, parseEnrolmentRequest } from "../../src/faces/http/enrolment/body.ts";
import { MAX_BODY_BYTES } from "../../src/faces/http/enrolment/limits.ts";
import { createCompany } from "./ceremony.ts";
import { createRequestPem } from "./certification-request.ts";
import {
  bundle,
  delivery,
  digest,
  directive,
  entry,
  hello,
  profile,
  releaseFile,
  report,
  statement,
  tusn,
} from "./messages.ts";
import { createApprovers } from "./release.ts";
import { discard, makeScratch } from "./scratch.ts";

const NOW = 1_800_000_000;
const folder = makeScratch("corpus");

/** Some readers read files. */
export function removeFiles(): void {
  discard(folder);
}

/** One reader of bytes that may come from anybody. */
export interface Parser {
  readonly name: string;
  readonly honest: Uint8Array;
  /** The most bytes it takes. */
  readonly size: number;
  parse(bytes: Uint8Array): unknown;
  /** What it may refuse with. */
  readonly codes: readonly ErrorCode[];
  /** Of a message: a text that it holds. */
  readonly text?: string;
  /** Cases of the corpus that it takes without reading anything else than the honest bytes say. */
  readonly harmless?: readonly string[];
  /** Cases that are nothing worse than other content to it. */
  readonly content?: readonly string[];
}

const JSON_CODES: readonly ErrorCode[] = ["BYTES_TOO_LARGE", "TRUST_INVALID"];
const FLAT_CODES: readonly ErrorCode[] = ["BYTES_TOO_LARGE", "FIELD_INVALID", "FIELD_MISSING", "SENSITIVE_DATA"];
const MESSAGE_CODES: readonly ErrorCode[] = [
  "BYTES_TOO_LARGE",
  "BYTES_NOT_CANONICAL",
  "FIELD_INVALID",
  "FIELD_MISSING",
  "TUSN_INVALID",
];

const { trust } = createApprovers(NOW);
const { files } = createCompany(NOW);
const root = openRoot(trust.root, OWN);

/** Reads what is in a file of its own, readable by its owner only. */
function fromFile(name: string, read: (path: string) => unknown): (bytes: Uint8Array) => unknown {
  const path = join(folder, name);
  return (bytes) => {
    writeFileSync(path, bytes, { mode: 0o600 });
    return read(path);
  };
}

const settlement = {
  kind: "card",
  bank: "中国农业银行",
  cnaps: "103100000026",
  holder: "沈建国",
  accountNo: "6228480402564890018",
};
const config = {
  tusn,
  host: "localhost",
  port: 8883,
  ...{ caFile: "ca.pem", certFile: "device.pem", keyFile: "device.key", rootFile: "root.json", stateDir: "state" },
  terminal: { kind: "simulated", file: "profile.bin", tmk: "00".repeat(16) },
};
const { privateKey: rsa } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const claimant = { tusn, token: "token" };
const request = createRequestPem(rsa, { commonName: tusn });
const ENROLMENT_CODES: readonly ErrorCode[] = ["FIELD_INVALID", "FIELD_MISSING", "TUSN_INVALID", "REQUEST_MALFORMED"];
/** The face counts the bytes before it reads them. */
const ENROLMENT = { size: MAX_BODY_BYTES, codes: ENROLMENT_CODES, harmless: ["one byte more than it takes"] };
const waiting = {
  releases: [
    { id: "ab".repeat(16), purpose: "binding", merchant: "", size: 1, reason: "x", signedBy: ["li.mei"], missing: [] },
  ],
};

/** Readers of JSON. */
export const JSON_PARSERS: readonly Parser[] = [
  {
    name: "policy",
    honest: trust.policy,
    size: bounds.MAX_TRUST_FILE_BYTES,
    parse: parsePolicy,
    codes: [...JSON_CODES, "KEY_INVALID", "POLICY_TOO_WEAK"],
  },
  ...ROLE_NAMES.map((role) => ({
    name: `${role} metadata`,
    honest: trust[role],
    size: bounds.MAX_TRUST_FILE_BYTES,
    parse: (bytes: Uint8Array) => parseMetadata(role, bytes),
    codes: JSON_CODES,
  })),
  ...ROLE_NAMES.map((role) => ({
    name: `${role} metadata of any repository`,
    honest: trust[role],
    size: ANY.bytes[role],
    parse: (bytes: Uint8Array) => parseMetadata(role, bytes, ANY),
    codes: JSON_CODES,
  })),
  {
    name: "trusted root",
    honest: trust.root,
    size: bounds.MAX_TRUST_FILE_BYTES,
    parse: (bytes) => openRoot(bytes, OWN),
    codes: [...JSON_CODES, "KEY_INVALID", "TRUST_UNSIGNED"],
  },
  {
    name: "signed timestamp",
    honest: trust.timestamp,
    size: bounds.MAX_TRUST_FILE_BYTES,
    parse: (bytes) => openTimestamp(root, bytes),
    codes: [...JSON_CODES, "TRUST_UNSIGNED"],
  },
  {
    name: "signed snapshot",
    honest: trust.snapshot,
    size: bounds.MAX_TRUST_FILE_BYTES,
    parse: (bytes) => openSnapshot(root, bytes),
    codes: [...JSON_CODES, "TRUST_UNSIGNED"],
  },
  {
    name: "ceremony",
    honest: toCeremonyBytes({ reason: "a test", present: files, next: files }),
    size: MAX_CEREMONY_BYTES,
    parse: parseCeremony,
    codes: [...JSON_CODES, "BYTES_NOT_CANONICAL"],
  },
  {
    name: "binding",
    honest: toBindingJson(profile.binding),
    size: MAX_FLAT_JSON_BYTES,
    parse: parseBindingJson,
    harmless: ["a byte order mark"],
    codes: [...FLAT_CODES, "NAME_INVALID", "CNAPS_INVALID"],
  },
  {
    name: "settlement",
    honest: toUtf8(JSON.stringify(settlement)),
    size: MAX_FLAT_JSON_BYTES,
    parse: (bytes) => toBinding(parseSettlement(bytes), Buffer.alloc(16, 7)),
    harmless: ["a byte order mark"],
    codes: [...FLAT_CODES, "NAME_INVALID", "CNAPS_INVALID", "CARD_NUMBER_INVALID", "ACCOUNT_NUMBER_INVALID"],
  },
  {
    name: "opening",
    honest: toOpeningJson({ number: settlement.accountNo, salt: Buffer.alloc(16, 7) }),
    size: MAX_FLAT_JSON_BYTES,
    parse: fromFile("opening.json", readOpening),
    harmless: ["a byte order mark"],
    codes: [...FLAT_CODES, "CONFIG_INVALID"],
  },
  {
    name: "waiting releases",
    honest: toUtf8(JSON.stringify(waiting)),
    size: 1_048_576,
    parse: parseWaiting,
    // What fetches it counts the bytes.
    harmless: ["one byte more than it takes"],
    codes: ["FETCH_FAILED"],
  },
  {
    name: "claim to enrol",
    honest: toUtf8(JSON.stringify(claimant)),
    parse: (bytes) => parseClaimant("application/json", bytes),
    ...ENROLMENT,
  },
  {
    name: "enrolment",
    honest: toUtf8(JSON.stringify({ ...claimant, request, factor: "127026", cryptogram: "A5C1D1C7" })),
    parse: (bytes) => parseEnrolmentRequest("application/json", bytes),
    ...ENROLMENT,
  },
  {
    name: "agent's settings",
    honest: toUtf8(JSON.stringify(config)),
    size: 65_536,
    parse: fromFile("agent.json", loadConfig),
    // A file of its own machine: said twice is said once more, and nothing else counts its bytes.
    harmless: ["a member twice", "a member twice, once in escapes", "one byte more than it takes"],
    codes: ["CONFIG_INVALID"],
  },
  {
    name: "agent's state",
    honest: toUtf8(toStateJson(createState(tusn, NOW))),
    size: 1_048_576,
    parse: (bytes) => parseStateJson(Buffer.from(bytes).toString("utf8")),
    // A file of its own machine: said twice is said once more, and nothing else counts its bytes.
    harmless: ["a member twice", "a member twice, once in escapes", "one byte more than it takes"],
    codes: MESSAGE_CODES,
  },
];

/** Readers of protobuf messages. */
export const MESSAGE_PARSERS: readonly Parser[] = [
  {
    name: "profile",
    honest: toProfileBytes(profile),
    size: bounds.MAX_PROFILE_BYTES,
    text: profile.acquiring.terminalNo,
    parse: parseProfile,
  },
  {
    name: "directive",
    honest: toDirectiveBytes(directive),
    size: bounds.MAX_DIRECTIVE_BYTES,
    text: tusn,
    parse: parseDirective,
  },
  {
    name: "statement",
    honest: toStatementBytes(statement),
    size: bounds.MAX_STATEMENT_BYTES,
    text: statement.purpose,
    parse: parseStatement,
  },
  { name: "delivery", honest: toDeliveryBytes(delivery), size: bounds.MAX_DELIVERY_BYTES, parse: parseDelivery },
  {
    name: "release file",
    honest: toReleaseFileBytes(releaseFile),
    size: 1_048_576,
    text: releaseFile.reason,
    parse: parseReleaseFile,
  },
  {
    name: "envelope",
    honest: toEnvelopeBytes({ payload: digest, signature: digest }),
    size: bounds.MAX_ENVELOPE_BYTES,
    parse: parseEnvelope,
  },
  { name: "hello", honest: toHelloBytes(hello), size: bounds.MAX_PAYLOAD_BYTES, text: tusn, parse: parseHello },
  { name: "report", honest: toReportBytes(report), size: bounds.MAX_PAYLOAD_BYTES, text: tusn, parse: parseReport },
  {
    name: "receipt",
    honest: toReceiptBytes({ counter: 1, report: digest }),
    size: bounds.MAX_RECEIPT_BYTES,
    parse: parseReceipt,
  },
  {
    name: "challenge",
    honest: toChallengeBytes({ id: digest.subarray(0, NONCE_BYTES), factor: "0123456789", expires: NOW }),
    size: bounds.MAX_CHALLENGE_BYTES,
    text: "0123456789",
    parse: parseChallenge,
  },
  {
    name: "proof",
    honest: toProofBytes({
      ...{ tusn, challenge: digest.subarray(0, NONCE_BYTES), factor: "0123456789" },
      ...{ cryptogram: "A5C1D1C7", code: "" },
    }),
    size: bounds.MAX_PAYLOAD_BYTES,
    text: tusn,
    parse: parseProof,
  },
  {
    name: "upload",
    honest: toUploadBytes([{ kind: "hello", envelope: digest }]),
    size: bounds.MAX_UPLOAD_BYTES,
    // To it an envelope is bytes, and several messages are several.
    content: ["fields within one another as deep as it goes", "every field twice"],
    parse: parseUpload,
  },
  {
    name: "answer to an upload",
    honest: toUploadedBytes(["STORE_FAILED"]),
    size: bounds.MAX_UPLOADED_BYTES,
    text: "STORE_FAILED",
    // Several codes are several outcomes.
    content: ["every field twice"],
    parse: parseUploaded,
  },
  {
    name: "desired",
    honest: toDesiredBytes({ number: 1, messages: [{ kind: "directive", payload: digest }] }),
    size: bounds.MAX_DESIRED_BYTES,
    // To it a payload is bytes.
    content: ["fields within one another as deep as it goes"],
    parse: parseDesired,
  },
  {
    name: "trust bundle",
    honest: toTrustBundleBytes(bundle),
    size: bounds.MAX_TRUST_BUNDLE_BYTES,
    // To it a root is bytes.
    content: ["fields within one another as deep as it goes"],
    parse: parseTrustBundle,
  },
  {
    name: "ledger entry",
    honest: toLedgerEntryBytes(entry),
    size: bounds.MAX_LEDGER_ENTRY_BYTES,
    text: entry.actor,
    parse: parseLedgerEntry,
  },
].map((parser) => ({ ...parser, codes: MESSAGE_CODES }));

const PASSPHRASE = "seven tills in a row";
const pem = (text: string) => Buffer.from(text, "latin1");

/** Readers of keys in PEM. */
export const PEM_PARSERS: readonly Parser[] = [
  {
    name: "approver's key",
    honest: pem(toPrivateKeyPem(createApproverKey())),
    parse: (bytes: Uint8Array) => parsePrivateKey(Buffer.from(bytes).toString("latin1")),
    codes: ["KEY_INVALID"] as const,
  },
  {
    name: "approver's key under a passphrase",
    honest: pem(toEncryptedPem(createApproverKey(), PASSPHRASE, { n: 2 ** 14, r: 8, p: 1 })),
    parse: (bytes: Uint8Array) => parseEncryptedPem(Buffer.from(bytes).toString("latin1"), PASSPHRASE),
    codes: ["KEY_INVALID", "PASSPHRASE_WRONG"] as const,
  },
  {
    name: "card key",
    honest: pem(createCardKey().export({ type: "pkcs8", format: "pem" }).toString()),
    parse: (bytes: Uint8Array) => parseCardKey(Buffer.from(bytes).toString("latin1")),
    codes: ["KEY_INVALID"] as const,
  },
  {
    name: "device key",
    honest: pem(rsa.export({ type: "pkcs8", format: "pem" }).toString()),
    parse: (bytes: Uint8Array) => parseRsaKey(Buffer.from(bytes).toString("latin1")),
    codes: ["KEY_INVALID"] as const,
  },
].map((parser) => ({ ...parser, size: MAX_KEY_FILE_BYTES }));
