import { isEqual } from "../../proto/bytes.ts";
import { isLine } from "../../proto/check.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { isRecord } from "../trust/json.ts";

// A ceremony file carries a change of trust from the machine that prepares it to each person who signs it, and back to
// the service. It is JSON; every metadata file within is a text, so that its bytes stay what they are.

export const MAX_CEREMONY_BYTES = 524_288;
export const MAX_REASON_CHARACTERS = 200;
const FORMAT = 1;

/** The files that people sign, or that a signature names: all but the timestamp, which the online key signs. */
export const OFFLINE_FILES = ["root", "targets", "snapshot", "policy"] as const;
export type OfflineFile = (typeof OFFLINE_FILES)[number];
export type OfflineFiles = Readonly<Record<OfflineFile, Uint8Array>>;

/** A proposed change of trust with the signatures collected so far. Nothing in it may be believed before `verifyCeremony`. */
export interface Ceremony {
  /** One line that says why, for those who sign. */
  readonly reason: string;
  /** The trust that it changes, whole; undefined where it makes a new one. */
  readonly present: OfflineFiles | undefined;
  /** What shall take its place: a root, or targets with snapshot and policy, or both. Signatures may be lacking. */
  readonly next: Partial<OfflineFiles>;
}

/**
 * Strict: only the exact bytes that `toCeremonyBytes` makes are read, so that nothing can be there that is not shown.
 *
 * @throws TillsyncError BYTES_TOO_LARGE, BYTES_NOT_CANONICAL, TRUST_INVALID
 */
export function parseCeremony(bytes: Uint8Array): Ceremony {
  if (bytes.length > MAX_CEREMONY_BYTES) throw new TillsyncError("BYTES_TOO_LARGE", { bytes: bytes.length });
  const json = readJson(bytes);
  const { reason, present, next } = json;
  if (json["ceremony"] !== FORMAT || typeof reason !== "string" || !isLine(reason, MAX_REASON_CHARACTERS)) {
    throw new TillsyncError("TRUST_INVALID", { what: "ceremony" });
  }
  const ceremony = {
    reason,
    present: present === null ? undefined : toWhole(toFiles(present, "ceremony.present")),
    next: toFiles(next, "ceremony.next"),
  };
  if (!isEqual(toCeremonyBytes(ceremony), bytes)) throw new TillsyncError("BYTES_NOT_CANONICAL");
  return ceremony;
}

/** The file that `parseCeremony` reads. */
export function toCeremonyBytes({ reason, present, next }: Ceremony): Uint8Array {
  const json = {
    ceremony: FORMAT,
    reason,
    present: present === undefined ? null : toTexts(present),
    next: toTexts(next),
  };
  return Buffer.from(`${JSON.stringify(json, null, 1)}\n`);
}

function readJson(bytes: Uint8Array): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw new TillsyncError("TRUST_INVALID", { what: "not JSON" }, cause);
  }
  if (!isRecord(json)) throw new TillsyncError("TRUST_INVALID", { what: "not an object" });
  return json;
}

function toFiles(value: unknown, what: string): Partial<OfflineFiles> {
  if (!isRecord(value)) throw new TillsyncError("TRUST_INVALID", { what });
  const entries = OFFLINE_FILES.filter((file) => Object.hasOwn(value, file)).map((file) => {
    const text = value[file];
    if (typeof text !== "string") throw new TillsyncError("TRUST_INVALID", { what: `${what}.${file}` });
    return [file, Buffer.from(text)] as const;
  });
  return Object.fromEntries(entries);
}

function toWhole(files: Partial<OfflineFiles>): OfflineFiles {
  const { root, targets, snapshot, policy } = files;
  if (root === undefined || targets === undefined || snapshot === undefined || policy === undefined) {
    throw new TillsyncError("TRUST_INVALID", { what: "ceremony.present" });
  }
  return { root, targets, snapshot, policy };
}

function toTexts(files: Partial<OfflineFiles>): object {
  const entries = OFFLINE_FILES.flatMap((file) => {
    const bytes = files[file];
    return bytes === undefined ? [] : [[file, Buffer.from(bytes).toString("utf8")] as const];
  });
  return Object.fromEntries(entries);
}
