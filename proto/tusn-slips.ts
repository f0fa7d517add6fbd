import { toPrintable } from "./printable.ts";
import { toRedacted } from "./redaction.ts";
import { isTusn, type Tusn } from "./tusn.ts";

// What people type, paste and scan for a TUSN, and what most likely went wrong. Nothing here repeats the text: it could
// be a card number.

/** Longer texts are not looked at. */
export const MAX_EXPLAINED_CHARACTERS = 256;

/**
 * `tusn`: it has the form of one; slips are then only hints. `legacy`: a plain serial number such as old stock has.
 * `malformed`: neither.
 */
export type NumberKind = "tusn" | "legacy" | "malformed";

interface SlipWords {
  readonly en: string;
  readonly zh: string;
}

/** Every slip in words for people. */
export const SLIPS = {
  empty: { en: "Nothing was given.", zh: "没有输入号码。" },
  over_bound: { en: "The text is far too long for a serial number.", zh: "文本过长，不是序列号。" },
  card_number: {
    en: "This looks like a card number. Never enter a card number here: the serial number is on the terminal's label.",
    zh: "这像是银行卡号。请勿在此输入卡号：终端序列号印在机身标签上。",
  },
  url: { en: "A whole web address was given, not the number in it.", zh: "输入的是网址，而不是其中的号码。" },
  prefix: { en: "The label's words (such as SN:) were given with the number.", zh: "号码前带有“SN:”等文字。" },
  unseen: { en: "There are characters in it that cannot be seen.", zh: "含有不可见字符。" },
  full_width: { en: "It has full-width characters.", zh: "含有全角字符。" },
  separators: { en: "There are spaces, dashes or dots in it.", zh: "号码中有空格、横线或点。" },
  lower_case: { en: "Letters are upper case.", zh: "字母应为大写。" },
  letter_o: { en: "The letter O stands where a zero (0) is meant.", zh: "把数字 0 写成了字母 O。" },
  letter_i: { en: "The letter I or l stands where a one (1) is meant.", zh: "把数字 1 写成了字母 I 或 l。" },
  leading_zeros: {
    en: "Zeros at the beginning are missing, as a spreadsheet drops them.",
    zh: "开头缺少 0（电子表格常会丢掉）。",
  },
  extra_zeros: { en: "There are too many zeros at the beginning.", zh: "开头多了 0。" },
  doubled: {
    en: "The number is there twice, as when a scanner reads it twice.",
    zh: "号码重复了两遍（可能扫了两次）。",
  },
  device_type: { en: "Digits 7 and 8 are no device type (01 to 13).", zh: "第 7、8 位不是设备类型（01 至 13）。" },
  too_short: { en: "Digits are missing: numbers have 16 characters or more.", zh: "位数不足：序列号通常至少 16 位。" },
  too_long: { en: "There are too many characters: numbers have 50 at most.", zh: "位数过多：序列号最多 50 位。" },
  other_characters: {
    en: "There are characters in it that no serial number has: only digits and letters A to Z.",
    zh: "含有序列号中不会出现的字符：只有数字和大写字母 A 至 Z。",
  },
  form: {
    en: "A number begins with 6 digits of the maker and 2 of the device type.",
    zh: "号码应以 6 位厂商代码和 2 位设备类型开头。",
  },
} as const satisfies Readonly<Record<string, SlipWords>>;
export type SlipKind = keyof typeof SLIPS;

export interface NumberExplanation {
  readonly kind: NumberKind;
  /** What most likely went wrong, in the order in which it was found. */
  readonly slips: readonly SlipKind[];
  /** The number that was most likely meant, where there is just one. */
  readonly suggestion?: Tusn;
}

const FULL_WIDTH = /[\uff01-\uff5e\u3000]/;
const SEPARATORS = /[ \t\r\n._:/\\'"()*–—‐‑-]/g;
const URL_BEGIN = /^[a-z][a-z0-9+.-]{0,15}:\/\//i;
const PREFIX =
  /^(?:tusn|s\/n|sn|pn|serial(?: ?(?:no|number))?|(?:终端|设备|机身|产品)?(?:唯一)?(?:终端)?序列号|机身号)[ ]*[.:=#]?[ ]*(?=[0-9oil])/i;
/** Other alphabets' letters that pass for O and I. */
const ROUND = /[ОоΟο〇○]/g;
const STRAIGHT = /[ІіΙι|]/g;
const IN_URL = /(?<![0-9A-Z])\d{6}(?:0[1-9]|1[0-3])[0-9A-Z]{1,42}(?![0-9A-Z])/gi;
/** Characters up to the maker's serial: digits all of them. */
const HEAD = 8;
const MAX_LENGTH = 50;
/** Shortest number seen in the field. */
const USUAL_LENGTH = 16;
/** How many zeros may have been lost, and added. */
const MAX_LOST_ZEROS = 5;
const MAX_EXTRA_ZEROS = 2;
/** Makers' codes are small numbers so far. */
const USUAL_BEGIN = "0000";
/** What makers printed before there were TUSNs. */
const LEGACY = /^(?=.*\d)[0-9A-Z]{5,32}$/;

/** What a text given for a serial number is, and how it most likely came about. Any text; bounded work. */
export function explainNumber(text: string): NumberExplanation {
  if (text.length > MAX_EXPLAINED_CHARACTERS) return { kind: "malformed", slips: ["over_bound"] };
  const explanation = explain(text);
  // Also one with letters for some of its digits, which would be put right here.
  const meant = explanation.suggestion?.replaceAll("O", "0").replaceAll("I", "1") ?? "";
  const isCard = isCardNumber(text) || isCardNumber(meant);
  return isCard ? { kind: "malformed", slips: ["card_number"] } : explanation;
}

function explain(text: string): NumberExplanation {
  if (isTusn(text)) return explainTusn(text);
  const found: SlipKind[] = [];
  const cleaned = clean(text, found);
  if (cleaned === "") return { kind: "malformed", slips: ["empty"] };
  return judge(cleaned, found);
}

/** A card number in any writing, also where it has by chance the form of a TUSN: makers' codes begin with 0. */
function isCardNumber(text: string): boolean {
  const plain = text.normalize("NFKC");
  const digits = plain.replace(/\D/g, "");
  // A letter in it makes it a serial number, unless the digits stand by themselves.
  return toRedacted(plain) !== plain || (!/\p{L}/u.test(plain) && toRedacted(digits) !== digits);
}

/** Hints at what may be wrong with a number that has the right form. */
function explainTusn(tusn: Tusn): NumberExplanation {
  const half = tusn.slice(0, tusn.length / 2);
  if (half.length >= USUAL_LENGTH / 2 && half + half === tusn && isTusn(half)) {
    return { kind: "tusn", slips: ["doubled"], suggestion: half };
  }
  const slips: SlipKind[] = [];
  if (tusn.includes("O")) slips.push("letter_o");
  if (tusn.includes("I")) slips.push("letter_i");
  const meant = tusn.replaceAll("O", "0").replaceAll("I", "1");
  const withZeros = tusn.startsWith("0") ? undefined : findZeros(tusn);
  if (withZeros !== undefined) return { kind: "tusn", ...withZeros };
  if (tusn.length < USUAL_LENGTH) slips.push("too_short");
  return { kind: "tusn", slips, ...(meant !== tusn && isTusn(meant) ? { suggestion: meant } : {}) };
}

/** The number without what is not part of it; what that was goes to `found`. */
function clean(text: string, found: SlipKind[]): string {
  const note = (slip: SlipKind, before: string, after: string): string => {
    if (before !== after) found.push(slip);
    return after;
  };
  const visible = note("unseen", text, Array.from(text).filter(isSeen).join(""));
  const narrow = FULL_WIDTH.test(visible) ? note("full_width", visible, visible.normalize("NFKC")) : visible;
  const trimmed = narrow.trim();
  if (URL_BEGIN.test(trimmed)) {
    const numbers = new Set(trimmed.match(IN_URL)?.map((number) => number.toUpperCase()));
    const [only] = numbers;
    found.push("url");
    return numbers.size === 1 && only !== undefined ? only : trimmed;
  }
  const bare = note("prefix", trimmed, trimmed.replace(PREFIX, ""));
  return note("separators", bare, bare.replace(SEPARATORS, ""));
}

/** Spaces and line ends are seen well enough: they are separators. */
function isSeen(character: string): boolean {
  return /\s/.test(character) || toPrintable(character) === character;
}

function judge(cleaned: string, found: SlipKind[]): NumberExplanation {
  const latin = cleaned.replace(ROUND, "O").replace(STRAIGHT, "I");
  const candidates = toCandidates(latin);
  const exact = [...new Set(candidates.map(({ text }) => text))].filter(isTusn);
  const [only] = exact;
  if (only !== undefined) {
    const slips = candidates.filter(({ text }) => text === only).flatMap((candidate) => candidate.slips);
    return toMalformed([...found, ...slips], exact.length === 1 ? only : undefined);
  }
  const upper = latin.toUpperCase();
  if (!/^[0-9A-Z]*$/.test(upper)) return toMalformed([...found, "other_characters"]);
  if (upper.length > MAX_LENGTH) return toMalformed([...found, "too_long"]);
  const withZeros = findZeros(upper);
  if (withZeros !== undefined) return toMalformed([...found, ...withZeros.slips], withZeros.suggestion);
  const begin = toDigitsInHead(upper);
  if (/^\d{1,8}$/.test(begin) && begin.startsWith("0")) return toMalformed([...found, "too_short"]);
  if (/^0\d{7}/.test(begin)) return toMalformed([...found, "device_type"]);
  if (LEGACY.test(upper) && !upper.startsWith(USUAL_BEGIN)) return { kind: "legacy", slips: [...new Set(found)] };
  return toMalformed([...found, upper.length < HEAD ? "too_short" : "form"]);
}

interface Candidate {
  readonly text: string;
  readonly slips: readonly SlipKind[];
}

/** Readings of the letters: in the head only digits can be meant, in the serial a small l may be an L or a one. */
function toCandidates(latin: string): readonly Candidate[] {
  const [head, serial] = [latin.slice(0, HEAD), latin.slice(HEAD)];
  const slips: SlipKind[] = [];
  if (/o/i.test(head)) slips.push("letter_o");
  if (/[il]/i.test(head)) slips.push("letter_i");
  const digits = toDigitsInHead(head);
  const isOddL = serial.includes("l") && /[A-Z]/.test(serial);
  const isLower = /[a-z]/.test(isOddL ? serial.replaceAll("l", "") : serial);
  const toCandidate = (text: string, more: readonly SlipKind[]): Candidate => ({
    text: `${digits}${text.toUpperCase()}`,
    slips: [...slips, ...more, ...(isLower ? (["lower_case"] as const) : [])],
  });
  if (!isOddL) return [toCandidate(serial, [])];
  return [toCandidate(serial.replaceAll("l", "1"), ["letter_i"]), toCandidate(serial, ["lower_case"])];
}

function toDigitsInHead(text: string): string {
  return text.slice(0, HEAD).replace(/o/gi, "0").replace(/[il]/gi, "1") + text.slice(HEAD);
}

/** Numbers that zeros at the beginning make of it, where that makes any that looks usual. */
function findZeros(upper: string): { readonly slips: readonly SlipKind[]; readonly suggestion?: Tusn } | undefined {
  const longer = Array.from({ length: MAX_LOST_ZEROS }, (_, lost) => `${"0".repeat(lost + 1)}${upper}`).map(
    toDigitsInHead,
  );
  const shorter = Array.from({ length: MAX_EXTRA_ZEROS }, (_, extra) => extra + 1)
    .filter((extra) => upper.startsWith("0".repeat(extra)))
    .map((extra) => upper.slice(extra));
  const isUsual = (text: string): text is Tusn =>
    isTusn(text) && text.startsWith(USUAL_BEGIN) && text.length >= USUAL_LENGTH && !text.startsWith("000000");
  const [lost, extra] = [longer.filter(isUsual), shorter.filter(isUsual)];
  const all = [...lost, ...extra];
  const [only] = all;
  if (only === undefined) return undefined;
  const slips: SlipKind[] = [...(lost.length > 0 ? ["leading_zeros" as const] : [])];
  if (extra.length > 0) slips.push("extra_zeros");
  return { slips, ...(all.length === 1 ? { suggestion: only } : {}) };
}

function toMalformed(slips: readonly SlipKind[], suggestion?: Tusn): NumberExplanation {
  return { kind: "malformed", slips: [...new Set(slips)], ...(suggestion === undefined ? {} : { suggestion }) };
}
