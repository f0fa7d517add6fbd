import { isUtf8 } from "node:buffer";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { toDigest, toHex } from "../../../proto/bytes.ts";
import { check, checkChoice, checkLine } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { checkNotSensitive } from "../../../proto/sensitive.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import type { Verdict } from "../../domain/verdict.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { writeFileDurably } from "../durable-file.ts";
import { giveVerdict } from "../identity/verdicts.ts";

// An enquiry that a person made about a terminal: the acquirers' hotline, or the online service.

export const CHANNELS = ["hotline", "online-service"] as const;
export const FINDINGS = ["genuine", "not-genuine", "unknown"] as const;
type Channel = (typeof CHANNELS)[number];
type Finding = (typeof FINDINGS)[number];

/** A recording, a picture or a letter. */
export const MAX_EVIDENCE_BYTES = 16_777_216;
const EVIDENCE_FOLDER = "evidence";
const MAX_NAME = 64;
const SECRET = 0o600;
const OWNER_ONLY = 0o700;
const DAY_S = 86_400;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

const VERDICT_OF: Readonly<Record<Finding, Verdict>> = {
  genuine: "verified-manual",
  "not-genuine": "mismatch",
  unknown: "unknown",
};

export interface Enquiry {
  readonly tusn: Tusn;
  readonly channel: string;
  /** Number that the other side has it under. */
  readonly case: string;
  /** Who asked. */
  readonly by: string;
  /** Day on which they asked, such as 2026-07-31. */
  readonly on: string;
  readonly found: string;
  /** What was got in writing or recorded. */
  readonly evidence?: Uint8Array;
}

export interface RecordedEnquiry {
  /** Of this enquiry. */
  readonly verdict: Verdict;
  /** That holds now. */
  readonly held: Verdict;
  /** SHA-256 of the evidence, and its name in the folder; empty where there is none. */
  readonly evidence: string;
}

/**
 * Takes what a person found out as a verdict, which counts from the day of the enquiry. The evidence is kept under its
 * digest in the data folder, durable before the record names it.
 *
 * @param folder data folder
 * @throws TillsyncError FIELD_INVALID, SENSITIVE_DATA, BYTES_TOO_LARGE, DATA_FOLDER_INVALID; what `giveVerdict` throws
 */
export async function recordEnquiry(context: Context, folder: string, enquiry: Enquiry): Promise<RecordedEnquiry> {
  const { tusn, by, on, evidence } = enquiry;
  const now = context.now();
  const channel = checkChoice(enquiry.channel, CHANNELS, "channel");
  const finding = checkChoice(enquiry.found, FINDINGS, "found");
  checkNotSensitive(`${enquiry.case}\n${by}`);
  const caseNo = checkLine(enquiry.case, MAX_NAME, "case");
  const actor = checkLine(by, MAX_NAME, "by");
  const at = toDayEnd(on);
  // Where the enquirer lives, the day may have begun before it does in UTC.
  check(at <= now + 2 * DAY_S, "on");
  const evidenceDigest = evidence === undefined ? undefined : await keepEvidence(folder, evidence);
  const verdict = VERDICT_OF[finding];
  const held = await transact(context.store, (tx) =>
    giveVerdict(tx, now, context.identity, {
      ...{ tusn, verdict, source: "manual", actor },
      ...(finding === "genuine" ? { provenAt: Math.min(at, now) } : {}),
      evidence: { channel, case: caseNo, on, found: finding },
      ...(evidenceDigest === undefined ? {} : { evidenceDigest }),
    }),
  );
  return { verdict, held, evidence: evidenceDigest === undefined ? "" : toHex(evidenceDigest) };
}

/** What a record rests on, from its row; undefined where the row does not tell it. */
export function parseEvidence(
  text: string,
): { readonly channel: Channel; readonly on: string; readonly at: number } | undefined {
  try {
    const { channel, on } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return { channel: checkChoice(String(channel), CHANNELS, "channel"), on: String(on), at: toDayEnd(String(on)) };
  } catch {
    return undefined;
  }
}

/** Its digest. */
export async function keepEvidence(folder: string, evidence: Uint8Array): Promise<Uint8Array> {
  if (evidence.length > MAX_EVIDENCE_BYTES) throw new TillsyncError("BYTES_TOO_LARGE", { most: MAX_EVIDENCE_BYTES });
  if (isUtf8(evidence)) checkNotSensitive(Buffer.from(evidence).toString("utf8"));
  const digest = toDigest(evidence);
  const path = join(folder, EVIDENCE_FOLDER);
  try {
    await mkdir(path, { recursive: true, mode: OWNER_ONLY });
  } catch (cause) {
    throw new TillsyncError("DATA_FOLDER_INVALID", { file: EVIDENCE_FOLDER }, cause);
  }
  // Written again where it is there: it may have been damaged meanwhile.
  await writeFileDurably(join(path, toHex(digest)), evidence, SECRET);
  return digest;
}

/** The end of a day in UTC, in seconds. */
function toDayEnd(text: string): number {
  const ms = DATE.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // A day that no month has is moved into the next one, or is none.
  check(Number.isFinite(ms) && new Date(ms).toISOString().startsWith(text), "on");
  return ms / 1_000 + DAY_S;
}
