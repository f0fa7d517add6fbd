import type { Generated } from "kysely";
import type { ErrorCode } from "../../proto/errors.ts";
import type { Tusn } from "../../proto/tusn.ts";
import type { CloneSign, HistoryKind } from "../domain/life.ts";
import type { ProofReason, Verdict, VerdictSource } from "../domain/verdict.ts";

// Rows about who a terminal is; `schema.ts` holds the others and the rules for all.

/** Old stock that has no TUSN: on record, never managed. */
export interface LegacyTerminalRow {
  /** As the maker printed it. */
  readonly serial: string;
  readonly maker: string;
  readonly model: string;
  readonly certificateNo: string;
  readonly place: string;
  readonly merchantNumber: string;
  readonly terminalNo: string;
  readonly acquirer: string;
  /** TUSN of the terminal that took its place; else empty. */
  readonly replacedBy: string;
}

/**
 * What happened to a terminal's identity, in the order of `id`; never changed or removed. The running service follows it
 * to learn what other processes did.
 */
export interface HistoryRow {
  readonly id: Generated<number>;
  /** Or a legacy serial number. */
  readonly tusn: string;
  readonly at: number;
  /** A kind of `domain/life.ts`. */
  readonly kind: HistoryKind;
  /** Person, `operator`, or `service`. */
  readonly actor: string;
  /** JSON object of facts with sorted keys; no card number, no key. */
  readonly detail: string;
}

/** One verdict on a TUSN with what it rests on; never changed or removed. */
export interface VerdictRow {
  readonly id: Generated<number>;
  readonly tusn: Tusn;
  readonly verdict: Verdict;
  readonly source: VerdictSource;
  /** JSON object of facts with sorted keys. */
  readonly evidence: string;
  /** SHA-256 of an evidence file, where there is one. */
  readonly evidenceDigest: Uint8Array | null;
  readonly actor: string;
  readonly at: number;
}

/** SN key of a terminal, AES-256-GCM under a key of the key file; additional data binds TUSN and key id. */
export interface SnKeyRow {
  readonly tusn: Tusn;
  readonly keyId: string;
  /** 12 bytes. */
  readonly nonce: Uint8Array;
  /** 16 bytes of ciphertext and 16 of tag. */
  readonly sealed: Uint8Array;
  /** Key check value, 8 upper-case hexadecimal digits: all that is ever shown. */
  readonly kcv: string;
  readonly addedAt: number;
}

/** When a terminal is to prove its TUSN next, and the challenge that is open. */
export interface ProofRow {
  readonly tusn: Tusn;
  /** Null where none is planned. */
  readonly dueAt: number | null;
  readonly why: ProofReason;
  /** Id of the open challenge; null where none is open. */
  readonly challenge: Uint8Array | null;
  /** Empty where none is open. */
  readonly factor: string;
  /** Last second in which an answer counts. */
  readonly expiresAt: number | null;
  /** Wrong answers since the last right one. */
  readonly failures: number;
  /** Times asked since anything came of it. */
  readonly tries: number;
  /** What the last asking came to; empty where it went well or none was done yet. */
  readonly code: ErrorCode | "";
  /** Set where there were too many: nothing is asked or believed until a person unlocks it. */
  readonly lockedAt: number | null;
}

/** A terminal's certificate that our authority issued through an enrolment or renewal. */
export interface CertificateRow {
  /** SHA-256 of the DER bytes. */
  readonly fingerprint: Uint8Array;
  readonly tusn: Tusn;
  /** Serial number, lower-case hexadecimal. */
  readonly serial: string;
  /** SHA-256 of the SubjectPublicKeyInfo. */
  readonly deviceKey: Uint8Array;
  /** DER. */
  readonly bytes: Uint8Array;
  readonly notAfter: number;
  readonly issuedAt: number;
  readonly revokedAt: number | null;
  /** In one word, such as `unbound`; empty where it is not revoked. */
  readonly revokedWhy: string;
}

/** A one-time token; only its digest is kept. */
export interface EnrolmentTokenRow {
  /** SHA-256 of the token. */
  readonly digest: Uint8Array;
  readonly tusn: Tusn;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly actor: string;
  /** A second person has to admit the enrolment. */
  readonly needsAdmission: 0 | 1;
  /** Null while it can be used. */
  readonly closedAt: number | null;
  /** `used`, `replaced` or `withdrawn`; empty while it can be used. */
  readonly closedWhy: string;
  /** The signed request by which a person admitted its enrolment, as that of an unbinding; empty where nobody has. */
  readonly admissionEvidence: string;
}

/** What an enrolment of a terminal has come to. */
export interface EnrolmentRow {
  readonly tusn: Tusn;
  /** Wrong tokens and cryptograms since the last right one. */
  readonly failures: number;
  readonly lockedAt: number | null;
  /** Of the challenge that is open; empty where none is. */
  readonly factor: string;
  readonly factorExpiresAt: number | null;
  /** Digest of the token and of the device key for which an admission is awaited or was given; null where none is. */
  readonly token: Uint8Array | null;
  readonly deviceKey: Uint8Array | null;
  readonly requestedAt: number | null;
  /** Person of the policy; empty until admitted. */
  readonly admittedBy: string;
  readonly admittedAt: number | null;
}

/** One person's word that a terminal shall be parted from its device key and its merchant; two take effect. */
export interface UnbindingRow {
  readonly tusn: Tusn;
  /** SHA-256 of the SubjectPublicKeyInfo. */
  readonly deviceKey: Uint8Array;
  readonly person: string;
  readonly reason: string;
  /** The signed request: its `authorization` header, method, path and body, as JSON. */
  readonly evidence: string;
  readonly at: number;
  readonly doneAt: number | null;
}

/** Who may use the look-up for auditors. */
export interface AuditorRow {
  readonly name: string;
  /** SHA-256 of the key, which is random. */
  readonly keyDigest: Uint8Array;
  readonly createdAt: number;
  readonly revokedAt: number | null;
}

/** Digest of a hello that came with a counter; the last ones of each terminal. */
export interface HeardRow {
  readonly tusn: Tusn;
  readonly counter: number;
  readonly digest: Uint8Array;
}

/** Signs of two devices with one identity. Open while `releasedAt` is null: nothing is sent to the terminal then. */
export interface QuarantineRow {
  readonly id: Generated<number>;
  readonly tusn: Tusn;
  readonly at: number;
  /** What showed it. */
  readonly why: CloneSign;
  /** What is known of both sides, as JSON. */
  readonly sides: string;
  /** Device counter above which the terminal is listened to once it is released; null where it is as it was. */
  readonly counter: number | null;
  readonly releasedAt: number | null;
  readonly releasedBy: string;
  readonly reason: string;
}

export interface IdentityTables {
  legacyTerminals: LegacyTerminalRow;
  history: HistoryRow;
  verdicts: VerdictRow;
  snKeys: SnKeyRow;
  proofs: ProofRow;
  certificates: CertificateRow;
  enrolmentTokens: EnrolmentTokenRow;
  enrolments: EnrolmentRow;
  unbindings: UnbindingRow;
  auditors: AuditorRow;
  heard: HeardRow;
  quarantines: QuarantineRow;
}
