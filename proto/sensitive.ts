import { TillsyncError } from "./errors.ts";
import { isLuhn } from "./luhn.ts";

// What PCI DSS 3.3 forbids to keep after authorisation, however it came in: security codes, PINs and their blocks, what
// is on the magnetic stripe or its copy on the chip. An expiry date alone is none of it.

/** By the name of a member or column, small letters and digits only: field names of JSON, CSV, ISO 8583 and EMV. */
const NAMES: readonly RegExp[] = [
  /^(card)?(cvv|cvc|cvn|cav|csc)[12]?(code|value)?$/,
  /^(card)?(security|verification)(code|value)[12]?$/,
  /^(enc(rypted)?|online|offline|card)?pin(block|data|code)?$/,
  /^(track|trk)[123]?(data)?[123]?(equivalent(data)?)?$/,
  /^(mag|magnetic)(stripe|strip)(data|track)?$/,
  /^(icc|emv|chip)(data|field55)?$/,
  /^(emv)?(tag)?(5[67]|9f1f|9f20|9f6b|99)$/,
  /^(de|df|field|f|bit)0?(35|36|45|52|55)$/,
  /磁道|磁条|二磁|三磁|安全码|芯片数据|密码|pin码/,
];
/** Longer names are none of these. */
const MAX_NAME_CHARACTERS = 64;

/** Tracks of the magnetic stripe as a reader tells them. */
const TRACK_ONE = /B\d(?: ?\d){11,18} ?\^/i;
const TRACK_TWO = /\d{13,19}=\d{4}/;
/** Track 2 as the chip tells it, D for the separator: by itself, and within data of the chip behind its tag and length. */
const CHIP_TRACKS: readonly RegExp[] = [
  /(?<![0-9A-Z])([1-9]\d{12,18})D\d{7,23}F?(?![0-9A-Z])/gi,
  /57(?:0[A-F]|1[0-3])([1-9]\d{12,18})D\d{7}/gi,
];
/** A code with its name beside it, as people write it into a remark. */
const NAMED_CODE = /(?:cvv2?|cvc2?|cvn2?|安全码)[ :=是为]{0,4}\d{3,4}(?!\d)/i;
const NAMED_PIN = /(?:(?<![a-z])pin ?[:=]|pin码|密码) ?[:=是为]? ?\d{4,12}(?!\d)/i;

/** Whether a member or column of this name holds what must never be kept. */
export function isSensitiveName(name: string): boolean {
  if (name.length > MAX_NAME_CHARACTERS) return false;
  const plain = name
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
  return NAMES.some((pattern) => pattern.test(plain));
}

/** Whether a text holds track data, or a security code or PIN that is called so. Linear time. */
export function isSensitiveText(text: string): boolean {
  // Wide forms of digits and signs are digits and signs to whoever reads them.
  const plain = text.normalize("NFKC");
  return (
    [TRACK_ONE, TRACK_TWO, NAMED_CODE, NAMED_PIN].some((pattern) => pattern.test(plain)) ||
    CHIP_TRACKS.some((pattern) => Array.from(plain.matchAll(pattern)).some(([, number = ""]) => isLuhn(number)))
  );
}

/**
 * For every text that comes in, before anything of it is logged, stored or repeated. The error tells nothing of it.
 *
 * @throws TillsyncError SENSITIVE_DATA
 */
export function checkNotSensitive(text: string): void {
  if (isSensitiveText(text)) throw new TillsyncError("SENSITIVE_DATA");
}

/** @throws TillsyncError SENSITIVE_DATA where a member or column of this name must not be there, whatever it holds */
export function checkName(name: string): void {
  if (isSensitiveName(name)) throw new TillsyncError("SENSITIVE_DATA");
}
