import {
  CARD_KEY_BYTES,
  MAX_DEVICE_SIGNATURE_BYTES,
  MAX_ENVELOPE_BYTES,
  MAX_PAYLOAD_BYTES,
  MAX_RECEIPT_BYTES,
  MAX_UINT32,
} from "./bounds.ts";
import { DIGEST_BYTES, NONCE_BYTES } from "./bytes.ts";
import { check, checkAtMost, checkChoice, checkLength, checkRange, checkText } from "./check.ts";
import { decode, encode } from "./codec.ts";
import { ERRORS, type ErrorCode } from "./errors.ts";
import { tillsync } from "./gen/tillsync.js";
import { parseTusn, type Tusn } from "./tusn.ts";

/** A terminal's signed message: opaque payload and device-key signature (clause 5.1). */
export interface Envelope {
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

/** Phases of the agent's machine, as hello tells them (clause 5.3). */
export const PHASES = [
  "idle",
  "verified",
  "waiting",
  "applying",
  "testing",
  "reversing",
  "rolling_back",
  "suspended",
  "broken",
] as const;
export type Phase = (typeof PHASES)[number];

/** Why a terminal cannot take a new profile now. Every one of them passes by itself. */
export const BUSY_REASONS = [
  "in_transaction",
  "open_batch",
  "reversal_pending",
  "low_power",
  "printer",
  "outside_window",
] as const;
export type BusyReason = (typeof BUSY_REASONS)[number];

/** Digests are empty where there is no profile or directive. */
export interface Hello {
  readonly tusn: Tusn;
  readonly counter: number;
  readonly sequence: number;
  readonly current: Uint8Array;
  readonly previous: Uint8Array;
  readonly phase: Phase;
  readonly directive: Uint8Array;
  readonly timestampVersion: number;
  readonly stale: boolean;
  readonly unsent: number;
  readonly agentVersion: string;
  /** Newest trust root held. */
  readonly rootVersion: number;
  /** X25519 public key where the terminal needs card numbers (clause 3.5), else empty; with its proof. */
  readonly cardKey: Uint8Array;
  readonly cardKeyProof: Uint8Array;
  /** RUN_BYTES random bytes of this run of the agent, so that no two devices say the same; empty in safe mode. */
  readonly run: Uint8Array;
  /** Why it would not take a profile at present, as far as it knows; empty where it would, or where that is not known. */
  readonly busy: BusyReason | "";
}

/** Kinds of report in the only order they may follow one another; the last five are outcomes (clause 5.4). */
export const REPORT_KINDS = [
  "verified",
  "applied",
  "committed",
  "rolled_back",
  "refused",
  "broken",
  "suspended",
] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];

export interface Report {
  readonly tusn: Tusn;
  readonly counter: number;
  readonly kind: ReportKind;
  /** Reason of an outcome that is not committed, else empty. */
  readonly code: ErrorCode | "";
  /** SHA-256 of the directive; of the whole delivery where no directive could be read. */
  readonly directive: Uint8Array;
  readonly sequence: number;
  readonly current: Uint8Array;
  readonly previous: Uint8Array;
  /** Nonce of the delivery, empty where it could not be read. */
  readonly nonce: Uint8Array;
  /** Terminal's clock in seconds, for people only. */
  readonly at: number;
  readonly detail: string;
}

/** The service has the report for good (clause 5.5). */
export interface Receipt {
  readonly counter: number;
  /** SHA-256 of the report payload. */
  readonly report: Uint8Array;
}

export const RUN_BYTES = 8;
const OPTIONAL_DIGEST = [0, DIGEST_BYTES];
export const MAX_DETAIL_CHARACTERS = 200;

/** Whether the kind ends a directive on its terminal. */
export function isOutcome(kind: ReportKind): boolean {
  return kind !== "verified" && kind !== "applied";
}

export function toEnvelopeBytes(envelope: Envelope): Uint8Array {
  return encode(tillsync.Envelope, envelope);
}

/** @throws TillsyncError BYTES_TOO_LARGE, BYTES_NOT_CANONICAL, FIELD_INVALID */
export function parseEnvelope(bytes: Uint8Array): Envelope {
  const message = decode(tillsync.Envelope, bytes, MAX_ENVELOPE_BYTES);
  check(message.payload.length >= 1 && message.payload.length <= MAX_PAYLOAD_BYTES, "envelope.payload");
  check(message.signature.length >= 1, "envelope.signature");
  return { payload: message.payload, signature: message.signature };
}

export function toHelloBytes(hello: Hello): Uint8Array {
  return encode(tillsync.Hello, hello);
}

/** @throws TillsyncError BYTES_TOO_LARGE, BYTES_NOT_CANONICAL, FIELD_INVALID, TUSN_INVALID */
export function parseHello(bytes: Uint8Array): Hello {
  const message = decode(tillsync.Hello, bytes, MAX_PAYLOAD_BYTES);
  return {
    tusn: parseTusn(message.tusn),
    counter: checkRange(message.counter, 1, MAX_UINT32, "hello.counter"),
    sequence: message.sequence,
    current: checkLength(message.current, OPTIONAL_DIGEST, "hello.current"),
    previous: checkLength(message.previous, OPTIONAL_DIGEST, "hello.previous"),
    phase: checkChoice(message.phase, PHASES, "hello.phase"),
    directive: checkLength(message.directive, OPTIONAL_DIGEST, "hello.directive"),
    timestampVersion: message.timestampVersion,
    stale: message.stale,
    unsent: message.unsent,
    agentVersion: checkText(message.agentVersion, /^[0-9A-Za-z.+-]{1,40}$/, "hello.agent_version"),
    rootVersion: checkRange(message.rootVersion, 1, MAX_UINT32, "hello.root_version"),
    cardKey: checkLength(message.cardKey, [0, CARD_KEY_BYTES], "hello.card_key"),
    cardKeyProof: checkAtMost(message.cardKeyProof, MAX_DEVICE_SIGNATURE_BYTES, "hello.card_key_proof"),
    run: checkLength(message.run, [0, RUN_BYTES], "hello.run"),
    busy: message.busy === "" ? "" : checkChoice(message.busy, BUSY_REASONS, "hello.busy"),
  };
}

export function toReportBytes(report: Report): Uint8Array {
  return encode(tillsync.Report, report);
}

/** @throws TillsyncError BYTES_TOO_LARGE, BYTES_NOT_CANONICAL, FIELD_INVALID, TUSN_INVALID */
export function parseReport(bytes: Uint8Array): Report {
  const message = decode(tillsync.Report, bytes, MAX_PAYLOAD_BYTES);
  check(message.detail.length <= MAX_DETAIL_CHARACTERS, "report.detail");
  return {
    tusn: parseTusn(message.tusn),
    counter: checkRange(message.counter, 1, MAX_UINT32, "report.counter"),
    kind: checkChoice(message.kind, REPORT_KINDS, "report.kind"),
    code: checkCode(message.code),
    directive: checkLength(message.directive, [DIGEST_BYTES], "report.directive"),
    sequence: message.sequence,
    current: checkLength(message.current, OPTIONAL_DIGEST, "report.current"),
    previous: checkLength(message.previous, OPTIONAL_DIGEST, "report.previous"),
    nonce: checkLength(message.nonce, [0, NONCE_BYTES], "report.nonce"),
    at: message.at,
    detail: message.detail,
  };
}

export function toReceiptBytes(receipt: Receipt): Uint8Array {
  return encode(tillsync.Receipt, receipt);
}

/** @throws TillsyncError BYTES_TOO_LARGE, BYTES_NOT_CANONICAL, FIELD_INVALID */
export function parseReceipt(bytes: Uint8Array): Receipt {
  const message = decode(tillsync.Receipt, bytes, MAX_RECEIPT_BYTES);
  return {
    counter: checkRange(message.counter, 1, MAX_UINT32, "receipt.counter"),
    report: checkLength(message.report, [DIGEST_BYTES], "receipt.report"),
  };
}

function checkCode(code: string): ErrorCode | "" {
  if (code === "") return "";
  return checkChoice(code, Object.keys(ERRORS) as ErrorCode[], "report.code");
}
