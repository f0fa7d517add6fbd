import type { DifferenceClass } from "../../proto/difference.ts";
import type { BindingKind } from "../../proto/profile.ts";
import type { BusyReason, Phase, ReportKind } from "../../proto/terminal-messages.ts";
import type { Tusn } from "../../proto/tusn.ts";
import type { DeploymentState } from "../domain/deployment.ts";
import type { Life } from "../domain/life.ts";
import type { Verdict } from "../domain/verdict.ts";
import type { AccountsTables } from "./accounts-schema.ts";
import type { AcquirersTables } from "./acquirers-schema.ts";
import type { ApiTables } from "./api-schema.ts";
import type { ChangesTables } from "./changes-schema.ts";
import type { IdentityTables } from "./identity-schema.ts";
import type { NoticesTables } from "./notices-schema.ts";
import type { ReceiptsTables } from "./receipts-schema.ts";
import type { RecordsTables } from "./records-schema.ts";
import type { RestoreTables } from "./restore-schema.ts";
import type { ReviewsTables } from "./reviews-schema.ts";

export type {
  AuditorRow,
  CertificateRow,
  EnrolmentRow,
  EnrolmentTokenRow,
  HeardRow,
  HistoryRow,
  LegacyTerminalRow,
  ProofRow,
  QuarantineRow,
  SnKeyRow,
  UnbindingRow,
  VerdictRow,
} from "./identity-schema.ts";

// Tables as rows; columns are the same names in snake case. Times in seconds, digests 32 bytes. No column ever holds a
// whole card or account number: BIN, last four digits and a salted commitment are all there is of it.

/** A merchant as the records have it: imported first, then as last committed on one of its terminals. */
export interface MerchantRow {
  readonly number: string;
  readonly name: string;
  readonly shortName: string;
  readonly licenceNo: string;
  readonly taxNo: string;
  readonly uscc: string;
  readonly mcc: string;
  readonly kind: BindingKind;
  readonly bank: string;
  readonly cnaps: string;
  readonly holder: string;
  readonly bin: string;
  readonly last4: string;
  readonly commitment: Uint8Array;
}

/** A terminal as the records have it. */
export interface TerminalRow {
  readonly tusn: Tusn;
  readonly maker: string;
  readonly model: string;
  readonly certificateNo: string;
  readonly place: string;
  readonly merchantNumber: string;
  readonly terminalNo: string;
  readonly acquirer: string;
  /** SubjectPublicKeyInfo; null until enrolled. */
  readonly deviceKey: Uint8Array | null;
  /** SHA-256 of the certificate; null until enrolled. */
  readonly certificateFingerprint: Uint8Array | null;
  /** Highest sequence ever issued to it. */
  readonly issuedSequence: number;
  readonly life: Life;
  /** What to go back to when its suspension ends; empty where it is not suspended. */
  readonly lifeBefore: Life | "";
  /** How sure we are of its TUSN: the newest of `verdicts`. */
  readonly verdict: Verdict;
  /** When that verdict was last given; null where only the form was looked at. */
  readonly provenAt: number | null;
  /** TUSN or legacy serial number of the terminal whose place it took, and TUSN of the one that took its; else empty. */
  readonly replaces: string;
  readonly replacedBy: string;
}

/** What a terminal said of itself in its signed message with the highest counter. */
export interface ReportedRow {
  readonly tusn: Tusn;
  readonly counter: number;
  readonly sequence: number;
  /** Digest of the current profile; null where it holds none. */
  readonly currentDigest: Uint8Array | null;
  readonly previousDigest: Uint8Array | null;
  /** Of its last hello, as all that follows; null before the first. */
  readonly phase: Phase | null;
  /** Why it would not take a profile then; null where it would, or that is not known. */
  readonly busy: BusyReason | null;
  readonly stale: 0 | 1 | null;
  readonly agentVersion: string | null;
  readonly timestampVersion: number | null;
  readonly rootVersion: number | null;
  /** X25519 public key, of which the device key's signature was verified; null where it needs no card numbers. */
  readonly cardKey: Uint8Array | null;
  readonly cardKeyProof: Uint8Array | null;
  /** Since when each of its hellos says that its trust is stale; null where the last one does not. */
  readonly staleSince: number | null;
  /** When the alarm over that was raised last. */
  readonly staleAlarmAt: number | null;
  /** When the alarm over a card key that its device key did not vouch for was raised last. */
  readonly cardKeyAlarmAt: number | null;
  readonly lastSeen: number;
}

/**
 * A counter that a terminal's hello came with although a higher one was known, or its report although another report had
 * it; its alarm was raised.
 */
export interface UsedCounterRow {
  readonly tusn: Tusn;
  readonly counter: number;
  /** When a hello came that was behind and had never been heard before; null for anything else. */
  readonly behindAt: number | null;
}

export interface ProfileRow {
  readonly digest: Uint8Array;
  readonly bytes: Uint8Array;
}

export interface ReleaseRow {
  readonly id: Uint8Array;
  readonly purpose: DifferenceClass;
  /** The exact bytes that were signed. */
  readonly statement: Uint8Array;
  readonly root: Uint8Array;
  readonly size: number;
  readonly merchant: string;
  readonly created: number;
  readonly expires: number;
  readonly reason: string;
  readonly publishedAt: number;
}

export interface SignatureRow {
  readonly releaseId: Uint8Array;
  readonly keyId: Uint8Array;
  readonly value: Uint8Array;
}

/** One directive on one terminal. */
export interface DeploymentRow {
  readonly tusn: Tusn;
  readonly sequence: number;
  readonly releaseId: Uint8Array;
  readonly leafIndex: number;
  /** The hashes of the inclusion proof one after the other. */
  readonly path: Uint8Array;
  /** The exact bytes of the leaf. */
  readonly directive: Uint8Array;
  readonly directiveDigest: Uint8Array;
  readonly baseDigest: Uint8Array | null;
  readonly profileDigest: Uint8Array;
  readonly nonce: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly state: DeploymentState;
  readonly code: string;
  readonly detail: string;
  readonly updatedAt: number;
  /** The card number as this terminal alone can read it; null where it needs none. Not signed (clause 3.5). */
  readonly sealed: Uint8Array | null;
  /** Index of the ledger entry that orders a way back; null for every other directive and until it is ordered. */
  readonly orderIndex: number | null;
}

/** The directive that a terminal has not answered yet: at most one, the newest. */
export interface OutboxRow {
  readonly tusn: Tusn;
  readonly sequence: number;
  /** When it is to be sent (again); null where it waits for the terminal's next hello or outcome. */
  readonly dueAt: number | null;
  /** Times sent since that hello. */
  readonly sends: number;
}

export interface ReportRow {
  readonly tusn: Tusn;
  readonly counter: number;
  /** SHA-256 of the payload. */
  readonly digest: Uint8Array;
  /** Empty where it held what looks like a card number. */
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  readonly kind: ReportKind;
  readonly directiveDigest: Uint8Array;
  readonly receivedAt: number;
}

/** A release file on its way to approvers; nothing in it is believed before it is published. */
export interface DraftRow {
  readonly releaseId: Uint8Array;
  /** Empty once it is closed. */
  readonly file: Uint8Array;
  /** SHA-256 of the file, also when that is gone. */
  readonly fileDigest: Uint8Array;
  readonly submittedAt: number;
  readonly expiresAt: number;
  /** Null while it is open. */
  readonly closedAt: number | null;
  /** In one word, such as `published`; null while it is open. */
  readonly closedWhy: string | null;
}

/** One leaf of the ledger. */
export interface LedgerRow {
  readonly idx: number;
  readonly bytes: Uint8Array;
  readonly leafHash: Uint8Array;
}

/** The only row: what appending needs to know. */
export interface LedgerHeadRow {
  readonly id: 1;
  readonly size: number;
  /** The peaks' hashes one after the other. */
  readonly peaks: Uint8Array;
}

export interface Schema
  extends IdentityTables,
    RecordsTables,
    ChangesTables,
    AcquirersTables,
    AccountsTables,
    RestoreTables,
    ApiTables,
    NoticesTables,
    ReceiptsTables,
    ReviewsTables {
  merchants: MerchantRow;
  terminals: TerminalRow;
  reported: ReportedRow;
  usedCounters: UsedCounterRow;
  profiles: ProfileRow;
  releases: ReleaseRow;
  signatures: SignatureRow;
  deployments: DeploymentRow;
  outbox: OutboxRow;
  reports: ReportRow;
  drafts: DraftRow;
  ledger: LedgerRow;
  ledgerHead: LedgerHeadRow;
}
