import { TillsyncError } from "../../proto/errors.ts";
import { APPROVAL, MAX_DOCUMENT_BYTES, readJson, toCanonicalBytes } from "../attestation/format.ts";
import {
  base64,
  choice,
  demand,
  flag,
  hex,
  list,
  nullable,
  type Read,
  record,
  text,
  whole,
} from "../attestation/shape.ts";
import { RECEIPT_FIELDS, RECEIPT_KINDS, TERMINAL_STATES } from "./fields.ts";

// The receipt of one change that has ended: who asked for what and why, who approved it, what became of it on each
// terminal and at the acquirer (docs/receipts.md). Written as attestations are: times in seconds, digests and key ids in
// lower-case hexadecimal, members in the order of their names, without white space. No card number is in it.

export const RECEIPT_VERSION = 1;
export const MAX_RECEIPT_TERMINALS = 20_000;
/** Terminals that come with their proof; the others are told. */
export const MAX_PROVEN_TERMINALS = 2_000;
export const MAX_RECEIPT_EVENTS = 1_000;
const MAX_DIFFERENCES = 64;
const MAX_EVIDENCE = 100;
const MAX_ORDERS = 100;
const MAX_STEPS = 200;
const MAX_TASKS = 50;
const MAX_SIGNED = 16;
const MAX_PATH = 32;
/** Most of a content's base64, of which every member is bounded where the change is written. */
const MAX_CONTENT = 131_072;

export const OUTCOMES = ["done", "failed", "withdrawn"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What the test transaction after the update came to; `none`: there was no test, or nobody has heard of one. */
export const TESTS = ["passed", "failed", "inconclusive", "none"] as const;
export type TestResult = (typeof TESTS)[number];

const DIGEST = hex(32);
const OPTIONAL_DIGEST = hex(0, 32);
const TUSN = text(/^\d{6}(0[1-9]|1[0-3])[0-9A-Z]{1,42}$/);
const MERCHANT = text(/^\d{15}$/);
const WORD = text(/^[A-Za-z0-9_.-]{0,64}$/);

/** What a terminal said of its directive, and what has not to be believed of that. */
const PROOF = record({
  /** The leaf that names this terminal, its device key and the profile, and where it stands in the release's tree. */
  directive: base64(),
  index: whole,
  path: list(DIGEST, MAX_PATH),
  /** In DER; its key is the one that the directive names. */
  certificate: base64(),
  /** The terminal's own word on how it ended: report payload and signature of the device key (clause 5.4). */
  report: nullable(record({ payload: base64(), signature: base64() })),
});

const TERMINAL = record({
  tusn: TUSN,
  sequence: whole,
  /** Whether it is the way back that was approved together with the change. */
  isWayBack: flag,
  state: choice(TERMINAL_STATES),
  code: WORD,
  detail: text(),
  test: choice(TESTS),
  at: whole,
  proof: nullable(PROOF),
});

const ORDER = record({
  requestNo: WORD,
  purpose: WORD,
  acquirer: WORD,
  state: WORD,
  /** What the acquirer has it under; empty where it told none. */
  reference: text(),
  code: text(),
  words: text(),
  /** BIN, stars and last four of the account that was asked for. */
  wanted: text(),
  /** What the acquirer's own record showed last; null where it was not read. */
  shown: nullable(record({ masked: text(), bank: text(), holder: text(), credit: WORD, at: whole })),
  at: whole,
});

/** A checker's word over the content, where there is no release to sign: his signed request in its exact bytes. */
const CHECKED = record({
  keyId: OPTIONAL_DIGEST,
  /** Empty where no person of the policy now held has that key. */
  person: text(/^[a-z0-9.-]{0,32}$/),
  name: text(),
  /** Whether the signature holds, and the person is a checker by the policy now held. */
  holds: flag,
  authorization: text(),
  method: WORD,
  path: text(),
  body: base64(),
  /** The bytes that his program showed; their digest is in the body that he signed. */
  content: base64(MAX_CONTENT),
});

const RECEIPT = record({
  type: choice(["tillsync-receipt"] as const),
  version: whole,
  change: text(/^C[0-9a-f]{16}$/),
  /** When it was made. */
  at: whole,
  outcome: choice(OUTCOMES),
  /** Of what it failed for; else empty. */
  code: WORD,
  merchant: MERCHANT,
  merchantName: text(),
  kind: choice(RECEIPT_KINDS),
  /** Whether the account before was forgotten, and evidence of who he is stood in for it. */
  isRecovery: flag,
  requester: text(),
  reasonCode: WORD,
  reason: text(),
  /** The policy pack by which it was judged last; empty where it never was. */
  pack: text(),
  feeFen: whole,
  times: record({
    created: whole,
    submitted: nullable(whole),
    published: nullable(whole),
    ended: whole,
  }),
  /** What it was to bring, masked. `before` as it was on record. */
  differences: list(record({ field: choice(RECEIPT_FIELDS), before: text(), after: text() }), MAX_DIFFERENCES),
  evidence: list(
    record({ kind: WORD, name: text(), type: text(), size: whole, digest: DIGEST, actor: text(), at: whole }),
    MAX_EVIDENCE,
  ),
  /** The release and who signed it; null where terminals were not concerned, or none was signed. */
  approval: nullable(APPROVAL),
  /** What they signed, and their signatures over it (clause 4.2); null where `approval` is. */
  signed: nullable(
    record({
      statement: base64(),
      signatures: list(record({ keyId: DIGEST, value: hex(64) }), MAX_SIGNED),
    }),
  ),
  checked: nullable(CHECKED),
  terminals: list(TERMINAL, MAX_RECEIPT_TERMINALS),
  /** The issuer of the terminals' certificates in DER; empty where no proof is brought. */
  authority: base64(),
  orders: list(ORDER, MAX_ORDERS),
  /** What people did at an acquirer that people are asked through. */
  steps: list(
    record({ requestNo: WORD, step: WORD, person: text(), at: whole, evidence: OPTIONAL_DIGEST, noted: text() }),
    MAX_STEPS,
  ),
  tasks: list(record({ kind: WORD, doneAt: nullable(whole), doneBy: text(), note: text() }), MAX_TASKS),
  events: list(record({ at: whole, event: WORD, state: WORD, actor: text(), comment: text() }), MAX_RECEIPT_EVENTS),
  /** How many there are of each in all. */
  counts: record({ terminals: whole, events: whole }),
  /** The trust metadata by which it was judged. */
  trust: record({ root: whole, timestamp: whole, policy: whole }),
  ledger: record({ size: whole, root: DIGEST }),
});

export type ChangeReceipt = Read<typeof RECEIPT>;
export type ReceiptTerminal = Read<typeof TERMINAL>;
export type ReceiptProof = Read<typeof PROOF>;
export type ReceiptChecked = Read<typeof CHECKED>;

/** The one encoding of it. */
export function toReceiptBytes(receipt: ChangeReceipt): Uint8Array {
  return toCanonicalBytes(receipt);
}

/**
 * A receipt from hostile bytes. Nothing in it is checked against anything.
 *
 * @throws TillsyncError ATTESTATION_INVALID; BYTES_TOO_LARGE
 */
export function parseReceipt(bytes: Uint8Array): ChangeReceipt {
  if (bytes.length > MAX_DOCUMENT_BYTES) throw new TillsyncError("BYTES_TOO_LARGE", { most: MAX_DOCUMENT_BYTES });
  const receipt = RECEIPT(readJson(bytes), "receipt");
  demand(receipt.version === RECEIPT_VERSION, "receipt.version");
  demand(Buffer.compare(toReceiptBytes(receipt), bytes) === 0, "canonical encoding");
  return receipt;
}
