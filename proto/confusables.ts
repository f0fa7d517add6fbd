import { isRightToLeft, toPrintable } from "./printable.ts";

/**
 * Characters that look alike, our own table: each entry is one shape, the plainest character first. Fullwidth, circled
 * and mathematical forms, Kangxi radicals and compatibility ideographs need no entry: NFKC makes them plain.
 */
export const SHAPES: readonly string[] = [
  // Latin letters: Cyrillic, Greek, Armenian, Cherokee, Lisu and Latin lookalikes.
  ..."AАΑᎪꓮᴀ BВΒᏴꓐ CСϹᏟꓚ DᎠꓓ EЕΕᎬꓰ FϜꓝ GᏀꓖԌ HНΗᎻꓧ JЈᎫꓙͿ KКΚᏦꓗ LᏞꓡԼ MМΜᎷꓟϺ NΝꓠ PРΡᏢꓑ QԚ RᎡꓣ".split(" "),
  ..."SЅᏚꓢՏ TТΤᎢꓔ UԱꓴՍ VѴᏙꓦ WԜᎳꓪ XХΧꓫ YҮΥꓬУ ZΖᏃꓜ".split(" "),
  ..."aаɑα bЬᏏ cсϲᴄ dԁ eеҽ fƒ gɡցᶃ hһհᏂ iіıɩιᎥ jјϳ kкκ mм nոη pрρ qԛզ rгᴦ sѕꜱ tт uυսᴜʋ".split(" "),
  ..."vνѵᴠ wԝωᴡѡ xхᕁ yуүγʏ zᴢ".split(" "),
  // Digits and the letters and ideographs that pass for them.
  ..."0OoОоΟοσՕօꓳᴏ〇○◯ 1lI|ІΙӀⅼǀꓲ∣ 3ЗӠƷ 5Ƽ 6б 8Ȣ".split(" "),
  // Punctuation.
  "-‐‑‒–—―−ー一㇐﹘",
  "·•‧・･∙⋅ㆍ",
  "'’‘`´ʹʼ′",
  '"“”',
  ":∶ː꞉",
  "/∕⁄丿ノ",
  ".․",
  ",‚",
  // Ideographs, and kana and other signs that pass for them.
  ..."日曰 己已巳 未末 土士 人入 大太犬 口囗ロ 田由甲申 干千于 天夭 刀刁 力カ 戊戌戍戉 王玉 木朩 鸟乌 兔免 今令".split(
    " ",
  ),
  ..."目且 栗粟 析折 治冶 壁璧 辨辩 汆氽 拔拨 晴睛 抡抢 仑仓 泠冷 洗冼 崇祟 徽微 茶荼 赢羸嬴 孟盂 券卷 陡陟 毫亳".split(
    " ",
  ),
  ..."二ニ 三ミ 八ハ 工エ 夕タ 卜ト 才オ 幺么 弋戈 予矛 厂广 毋母 汨汩 奕弈 祗祇 侯候 竟竞 斤斥 侍待 住往 准淮".split(
    " ",
  ),
  ..."户戸戶 黄黃 高髙 青靑 内內 别別 没沒 吕呂 吴吳呉 温溫 真眞 值値 郎郞 强強 教敎 清淸 为爲為 悦悅 税稅 说説說".split(
    " ",
  ),
  ..."晚晩 产產産 录錄録 卫衞衛 宫宮 宁寧寍 册冊 换換 奥奧 恒恆 柏栢 峰峯 群羣 略畧 裕袷 祥袢 福褔".split(" "),
];

const PROTOTYPES: ReadonlyMap<string, string> = new Map(
  SHAPES.flatMap((shape) => {
    const [plainest = "", ...others] = shape;
    return others.map((character) => [character, plainest] as const);
  }),
);

/** Pairs of letters that run together into one. */
const JOINED = [
  ["rn", "m"],
  ["vv", "w"],
] as const;

/** Scripts whose letters are taken for Latin ones, and kana, which is taken for ideographs. */
const IMITATING = ["Cyrillic", "Greek", "Armenian", "Cherokee", "Lisu", "Katakana"] as const;
const LETTERS = IMITATING.map((script) => new RegExp(`(?=\\p{L})\\p{Script=${script}}`, "u"));
const LATIN = /\p{Script=Latin}/u;
/** Mathematical and letterlike forms. Circled and fullwidth ones are in honest use and look different. */
const STYLED = /[\u2100-\u214f\u{1d400}-\u{1d7ff}]/u;
const KATAKANA_AT = IMITATING.indexOf("Katakana");

/** Longest texts that are compared character by character; nothing that terminals hold is longer. */
const MAX_COMPARED = 256;

/**
 * Why a text may not be what it looks like. `unseen`: characters that cannot be seen or steer the screen;
 * `right-to-left`: a screen may show it in another order; `mixed`: letters of several alphabets, or of one other than
 * Latin that all pass for Latin; `lookalike`: differs from what was there in characters that look the same.
 */
export type SuspicionKind = "unseen" | "right-to-left" | "mixed" | "lookalike";

export interface Suspicion {
  readonly kind: SuspicionKind;
  /** The characters it is about, each once, in the order in which they stand. */
  readonly characters: readonly string[];
}

/** What two texts that look alike have in common: the plainest character of each shape. Not for showing. */
export function toSkeleton(text: string): string {
  const plain = Array.from(text, toPlainest).join("");
  return JOINED.reduce((skeleton, [pair, letter]) => skeleton.replaceAll(pair, letter), plain);
}

/** Everything suspicious about a text from outside, beside what stood there before (none where empty). */
export function findSuspicions(text: string, before = ""): readonly Suspicion[] {
  const found: readonly Suspicion[] = [
    { kind: "unseen", characters: [...text].filter((character) => toPrintable(character) !== character) },
    { kind: "right-to-left", characters: [...text].filter(isRightToLeft) },
    { kind: "mixed", characters: findMixed(text) },
    { kind: "lookalike", characters: findLookalikes(text, before) },
  ];
  return found
    .filter(({ characters }) => characters.length > 0)
    .map(({ kind, characters }) => ({ kind, characters: [...new Set(characters)] }));
}

/** Letters that belong to another alphabet than their neighbours, or pass for one. */
function findMixed(text: string): readonly string[] {
  const characters = [...text];
  const hasLatin = LATIN.test(text);
  const others = LETTERS.map((letter) => characters.filter((character) => letter.test(character)));
  const isMixed = others.slice(0, KATAKANA_AT).filter(({ length }) => length > 0).length + Number(hasLatin) > 1;
  const odd = others.flatMap((letters, at) =>
    (isMixed && at !== KATAKANA_AT) || letters.every((letter) => PROTOTYPES.has(letter)) ? letters : [],
  );
  const wanted = new Set([...odd, ...characters.filter(isDisguisedAscii)]);
  return characters.filter((character) => wanted.has(character));
}

/** A Latin letter other than the ASCII one that it looks like, or a mathematical or letterlike form of one. */
function isDisguisedAscii(character: string): boolean {
  if (STYLED.test(character)) return /^[0-9A-Za-z]$/.test(character.normalize("NFKC"));
  return LATIN.test(character) && /[0-9A-Za-z]/.test(PROTOTYPES.get(character) ?? "") && character > "\u007f";
}

/** Characters of `text` that stand where `before` has others of the same shape. */
function findLookalikes(text: string, before: string): readonly string[] {
  if (text === before || before === "") return [];
  const [after, old] = [[...text].slice(0, MAX_COMPARED), [...before].slice(0, MAX_COMPARED)];
  const isSame = toSkeleton(text) === toSkeleton(before);
  const pairs = align(after.map(toPlainest), old.map(toPlainest));
  const isNear = pairs.length * 2 >= Math.min(after.length, old.length);
  const changed = pairs.flatMap(([at, was]) => {
    const character = after[at];
    return character === undefined || isSameLetter(character, old[was] as string) ? [] : [character];
  });
  if (changed.length > 0 && (isSame || isNear)) return changed;
  // Letters that run together have no counterpart of their own.
  const paired = new Set(pairs.map(([at]) => at));
  return isSame ? after.filter((_, at) => !paired.has(at)) : [];
}

/** Whether they differ in case at most, which everybody sees or nobody minds. */
function isSameLetter(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** NFKC comes second: it makes other letters of some that only look like Latin ones. */
function toPlainest(character: string): string {
  const plain = (one: string): string => PROTOTYPES.get(one) ?? one;
  const shape = PROTOTYPES.get(character);
  return shape ?? Array.from(character.normalize("NFKC"), plain).join("");
}

/** Positions of a longest common subsequence. At most MAX_COMPARED squared steps. */
function align(a: readonly string[], b: readonly string[]): readonly (readonly [number, number])[] {
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] as number;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) {
      pairs.push([i, j]);
      i += 1;
      j += 1;
    } else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return pairs;
}
