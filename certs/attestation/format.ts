import { toUtf8 } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { MAX_PERSONS, ROLES } from "../trust/policy.ts";
import { readStrictJson } from "../trust/strict-json.ts";
import { base64, choice, demand, flag, hex, list, nullable, type Read, record, text, whole } from "./shape.ts";

// The attestation of one terminal: everything an auditor needs, in one page (docs/audit.md). Times in seconds, digests
// and key ids in lower-case hexadecimal. Members are written in the order of their names, without white space, so that
// one content has one encoding.

export const ATTESTATION_VERSION = 1;
export const MAX_ATTESTATION_BYTES = 4_194_304;
/** Of any document that the service signs: receipts may tell of thousands of terminals. */
export const MAX_DOCUMENT_BYTES = 4 * MAX_ATTESTATION_BYTES;
/** Of each list; the newest are told, and how many there are in all. */
export const MAX_CHANGES = 500;
export const MAX_HAPPENINGS = 500;
export const MAX_VERDICTS = 200;
export const MAX_CERTIFICATES = 50;
export const MAX_QUARANTINES = 50;
const MAX_SIGNED = 16;
const MAX_PATH = 32;

/**
 * `genuine`: proven, recently enough, and nothing speaks against it. `not_proven`: on record, and not proven well or
 * recently enough. `refuted`: proven not to be what it claims. `quarantined`: signs of two devices with one identity.
 * `suspended` and `out_of_service`: genuine or not, it is not to trade.
 */
export const ANSWERS = ["genuine", "not_proven", "refuted", "quarantined", "suspended", "out_of_service"] as const;
export type Answer = (typeof ANSWERS)[number];

const DIGEST = hex(32);
const OPTIONAL_DIGEST = hex(0, 32);
const TUSN = text(/^\d{6}(0[1-9]|1[0-3])[0-9A-Z]{1,42}$/);
const MASKED = text(/^(\d{6}|\d{8})?\*+\d{4}$/);

const PERSON = record({
  keyId: DIGEST,
  /** Whether the signature holds under the key of that id; false where no policy at hand has that key. */
  holds: flag,
  /** Empty where no person of the policy now held has that key. */
  person: text(/^[a-z0-9.-]{0,32}$/),
  name: text(),
  roles: list(choice(ROLES), ROLES.length),
});

const VERDICT = record({
  at: whole,
  verdict: text(/^[a-z-]{1,20}$/),
  source: text(/^[a-z_]{1,20}$/),
  actor: text(),
  /** JSON object of facts. */
  evidence: text(),
  /** SHA-256 of an evidence file. */
  evidenceDigest: OPTIONAL_DIGEST,
});

const CERTIFICATE = record({
  subject: text(),
  serial: text(/^[0-9a-f]{1,64}$/),
  fingerprint: DIGEST,
  issuer: text(),
  notBefore: whole,
  notAfter: whole,
  issuedAt: whole,
  revokedAt: nullable(whole),
  revokedWhy: text(),
  /** Whether it is the one that the terminal connects with. */
  isCurrent: flag,
});

const RUNS = record({
  profile: DIGEST,
  number: whole,
  sequence: whole,
  merchant: text(/^\d{15}$/),
  merchantName: text(),
  terminalNo: text(/^[0-9A-Za-z]{8}$/),
  acquirer: text(/^\d{8,11}$/),
  kind: choice(["card", "account"] as const),
  bank: text(),
  /** BIN, stars and the last four. */
  settlement: MASKED,
});

/** A release and who signed it, as signed documents tell it. */
export const APPROVAL = record({
  release: hex(16),
  purpose: text(/^[a-z]{1,20}$/),
  reason: text(),
  created: whole,
  expires: whole,
  publishedAt: whole,
  signers: list(PERSON, MAX_SIGNED),
  /** Whether these signatures are enough under the policy now held. */
  isApprovedToday: flag,
});

const CHANGE = record({
  sequence: whole,
  release: hex(16),
  purpose: text(),
  reason: text(),
  approvers: list(text(/^[a-z0-9.-]{1,64}$/), MAX_PERSONS),
  profile: DIGEST,
  state: text(/^[a-z_]{1,20}$/),
  code: text(),
  detail: text(),
  publishedAt: whole,
  notBefore: whole,
  notAfter: whole,
  updatedAt: whole,
});

/** What has not to be believed, because it can be checked. */
const PROOF = record({
  /** What the approvers signed, and their signatures over it (clause 4.2). */
  statement: base64(),
  signatures: list(record({ keyId: DIGEST, value: hex(64) }), MAX_SIGNED),
  /** The leaf that names this terminal, its device key and the profile, and where it stands in the release's tree. */
  directive: base64(),
  index: whole,
  path: list(DIGEST, MAX_PATH),
  /** The terminal's certificate, whose key is the one that the directive names, in DER; and its issuer's. */
  certificate: base64(),
  authority: base64(),
  /** The terminal's own word that it took the profile: report payload and signature of the device key (clause 5.4). */
  report: nullable(record({ payload: base64(), signature: base64() })),
});

const ATTESTATION = record({
  type: choice(["tillsync-attestation"] as const),
  version: whole,
  tusn: TUSN,
  /** When it was made. */
  at: whole,
  answer: choice(ANSWERS),
  /** How we know: the verdict that holds, and how old it may be. */
  proof: record({
    verdict: text(/^[a-z-]{1,20}$/),
    provenAt: nullable(whole),
    maxAgeS: whole,
    isSufficient: flag,
    isRecent: flag,
    /** The one of `verdicts` that the verdict rests on; null where only the form was looked at. */
    rests: nullable(VERDICT),
  }),
  terminal: record({
    makerCode: text(/^\d{6}$/),
    deviceTypeCode: text(/^\d{2}$/),
    deviceType: text(),
    maker: text(),
    model: text(),
    /** Network-access certificate number. */
    certificateNo: text(),
    place: text(),
    merchant: text(),
    life: text(/^[a-z]{1,20}$/),
    replaces: text(),
    replacedBy: text(),
    /** SHA-256 of the SubjectPublicKeyInfo; empty until enrolled. */
    deviceKey: OPTIONAL_DIGEST,
    /** Digest of the profile that it said last to hold; empty where it holds none or said nothing yet. */
    saysProfile: OPTIONAL_DIGEST,
    lastSeen: nullable(whole),
  }),
  quarantines: list(
    record({
      at: whole,
      why: text(/^[a-z_]{1,30}$/),
      sides: text(),
      releasedAt: nullable(whole),
      releasedBy: text(),
      reason: text(),
    }),
    MAX_QUARANTINES,
  ),
  certificates: list(CERTIFICATE, MAX_CERTIFICATES),
  authority: record({ subject: text(), serial: text(), fingerprint: DIGEST, notAfter: whole }),
  /** What it runs: the profile that it says, as a release brought it; null where no release that it committed did. */
  runs: nullable(RUNS),
  approval: nullable(APPROVAL),
  /** The proof of what it runs; null where the records hold no whole one. */
  evidence: nullable(PROOF),
  changes: list(CHANGE, MAX_CHANGES),
  verdicts: list(VERDICT, MAX_VERDICTS),
  history: list(record({ at: whole, kind: text(/^[a-z_]{1,40}$/), actor: text(), detail: text() }), MAX_HAPPENINGS),
  /** How many there are of each in all. */
  counts: record({ changes: whole, verdicts: whole, history: whole, certificates: whole, quarantines: whole }),
  /** The trust metadata by which it was judged. */
  trust: record({ root: whole, timestamp: whole, policy: whole }),
  ledger: record({ size: whole, root: DIGEST }),
});

export type Attestation = Read<typeof ATTESTATION>;
export type AttestedVerdict = Read<typeof VERDICT>;
export type AttestedEvidence = Read<typeof PROOF>;
export type AttestedApproval = Read<typeof APPROVAL>;

/** The one encoding of it: UTF-8, members by name, no white space, bytes in base64. */
export function toAttestationBytes(attestation: Attestation): Uint8Array {
  return toCanonicalBytes(attestation);
}

/**
 * An attestation from hostile bytes. Nothing in it is checked against anything.
 *
 * @throws TillsyncError ATTESTATION_INVALID; BYTES_TOO_LARGE
 */
export function parseAttestation(bytes: Uint8Array): Attestation {
  if (bytes.length > MAX_ATTESTATION_BYTES) throw new TillsyncError("BYTES_TOO_LARGE", { most: MAX_ATTESTATION_BYTES });
  const attestation = ATTESTATION(readJson(bytes), "attestation");
  demand(attestation.version === ATTESTATION_VERSION, "attestation.version");
  demand(Buffer.compare(toAttestationBytes(attestation), bytes) === 0, "canonical encoding");
  return attestation;
}

/** @throws TillsyncError ATTESTATION_INVALID unless strict JSON (certs/trust/strict-json.ts) */
export function readJson(bytes: Uint8Array): unknown {
  try {
    return readStrictJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw new TillsyncError("ATTESTATION_INVALID", { reason: "JSON" }, cause);
  }
}

/** The one encoding of a document: UTF-8, members by name, no white space, bytes in base64. */
export function toCanonicalBytes(value: object): Uint8Array {
  return toUtf8(JSON.stringify(toSorted(value)));
}

function toSorted(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(toSorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, toSorted(member)]));
}
