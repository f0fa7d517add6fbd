import { MAX_LEDGER_ENTRY_BYTES, MAX_UINT32 } from "./bounds.ts";
import { DIGEST_BYTES } from "./bytes.ts";
import { check, checkLength, checkRange, checkText } from "./check.ts";
import { decode, encode } from "./codec.ts";
import { tillsync } from "./gen/tillsync.js";

export const MAX_LEDGER_DETAIL_CHARACTERS = 2_000;

/** One leaf of the ledger (clause 7). */
export interface LedgerEntry {
  /** Seconds. */
  readonly at: number;
  /** Dotted, such as `release.published`. */
  readonly kind: string;
  /** Person, TUSN or "service". */
  readonly actor: string;
  /** Release id, TUSN or merchant number. */
  readonly subject: string;
  /** Of what was decided or reported; may be empty. */
  readonly digest: Uint8Array;
  /** JSON text with sorted keys. */
  readonly detail: string;
}

/** @throws TillsyncError FIELD_INVALID where the entry would not be read back */
export function toLedgerEntryBytes(entry: LedgerEntry): Uint8Array {
  return encode(tillsync.LedgerEntry, checkEntry(entry));
}

/** @throws TillsyncError BYTES_TOO_LARGE, BYTES_NOT_CANONICAL, FIELD_INVALID */
export function parseLedgerEntry(bytes: Uint8Array): LedgerEntry {
  const { at, kind, actor, subject, digest, detail } = decode(tillsync.LedgerEntry, bytes, MAX_LEDGER_ENTRY_BYTES);
  return checkEntry({ at, kind, actor, subject, digest, detail });
}

function checkEntry(entry: LedgerEntry): LedgerEntry {
  checkRange(entry.at, 1, MAX_UINT32, "ledger.at");
  checkText(entry.kind, /^[a-z_]+(\.[a-z_]+)+$/, "ledger.kind");
  checkText(entry.actor, /^[\x21-\x7e]{1,64}$/, "ledger.actor");
  checkText(entry.subject, /^[\x21-\x7e]{1,64}$/, "ledger.subject");
  checkLength(entry.digest, [0, DIGEST_BYTES], "ledger.digest");
  check(entry.detail.length <= MAX_LEDGER_DETAIL_CHARACTERS, "ledger.detail");
  return entry;
}
