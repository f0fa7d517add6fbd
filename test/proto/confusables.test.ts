import { describe, expect, it } from "vitest";
import { findSuspicions, SHAPES, toSkeleton } from "../../proto/confusables.ts";

const kindsOf = (text: string, before = "") => findSuspicions(text, before).map(({ kind }) => kind);
const charactersOf = (kind: string, text: string, before = "") =>
  findSuspicions(text, before)
    .find((suspicion) => suspicion.kind === kind)
    ?.characters.join("") ?? "";

describe("names that look alike", () => {
  const pairs: readonly (readonly [what: string, a: string, b: string])[] = [
    ["a Cyrillic letter for a Latin one", "Сoffee", "Coffee"],
    ["a Greek letter for a Latin one", "Βank", "Bank"],
    ["a Cherokee letter for a Latin one", "Ꭺcme", "Acme"],
    ["a fullwidth letter for a plain one", "Ａcme", "Acme"],
    ["a mathematical letter for a plain one", "𝐀cme", "Acme"],
    ["a dotless i", "kıosk", "kiosk"],
    ["capital i for l", "BeIl", "Bell"],
    ["a digit one for l", "Be11", "Bell"],
    ["zero for capital o", "0asis", "Oasis"],
    ["zero for small o", "g00gle", "google"],
    ["an ideographic zero", "〇asis", "Oasis"],
    ["rn for m", "rnart", "mart"],
    ["vv for w", "vvok", "wok"],
    ["say for sun", "曰昌百货", "日昌百货"],
    ["already for self", "知已书店", "知己书店"],
    ["the serpent's sign for self", "知巳书店", "知己书店"],
    ["end for not yet", "末来超市", "未来超市"],
    ["scholar for earth", "士特产店", "土特产店"],
    ["enter for man", "入民商场", "人民商场"],
    ["too for great", "太众浴室", "大众浴室"],
    ["an enclosure for a mouth", "路囗小吃", "路口小吃"],
    ["katakana for a mouth", "路ロ小吃", "路口小吃"],
    ["a Kangxi radical", "⽇昌百货", "日昌百货"],
    ["a long-vowel mark for one", "ー品香", "一品香"],
    ["another dash", "小张–餐饮", "小张-餐饮"],
    ["another middle dot", "小张・餐饮", "小张·餐饮"],
    ["fullwidth brackets", "小张（总店）", "小张(总店)"],
  ];

  it.each(pairs)("have one skeleton: %s", (_, a, b) => {
    expect(toSkeleton(a)).toBe(toSkeleton(b));
  });

  it.each(pairs)("are told as lookalikes where one takes the other's place: %s", (_, a, b) => {
    expect(kindsOf(a, b)).toContain("lookalike");
  });

  it("are not told where nothing is replaced, or nothing was there", () => {
    for (const [, a] of pairs) {
      expect(kindsOf(a, a)).not.toContain("lookalike");
      expect(kindsOf(a)).not.toContain("lookalike");
    }
  });

  it("name the characters that stand for others, and only those", () => {
    expect(charactersOf("lookalike", "曰昌百货", "日昌百货")).toBe("曰");
    expect(charactersOf("lookalike", "BeIl 0ne", "Bell One")).toBe("I0");
    expect(charactersOf("lookalike", "曰日", "日曰")).toBe("曰日");
    expect(charactersOf("lookalike", "rnart", "mart")).toBe("rn");
  });

  it("are found in a name that changes elsewhere too", () => {
    expect(charactersOf("lookalike", "曰昌百货有限公司", "日昌百货")).toBe("曰");
  });

  it("are not found in a name that is simply another", () => {
    expect(kindsOf("2020 Plaza", "Oasis")).toEqual([]);
    expect(kindsOf("茉莉花茶馆", "小张餐饮店")).toEqual([]);
    expect(kindsOf("小张餐饮二店", "小张餐饮一店")).toEqual([]);
    expect(kindsOf("host-2", "host-1")).toEqual([]);
    expect(kindsOf("OPPO", "Oppo")).toEqual([]);
  });
});

describe("names of several alphabets", () => {
  it("are told with every letter that is not Latin", () => {
    expect(charactersOf("mixed", "Сoса Shop")).toBe("Сса");
    expect(charactersOf("mixed", "Omega Ωmega")).toBe("Ω");
    expect(charactersOf("mixed", "Маркет Ελ")).toBe("МаркетΕλ");
  });

  it("are told where every letter of one passes for Latin", () => {
    expect(charactersOf("mixed", "小张 СОСА")).toBe("СОА");
    expect(charactersOf("mixed", "路ロ小吃")).toBe("ロ");
  });

  it("are told where a letter is Latin but not the one it looks like, or is styled", () => {
    expect(charactersOf("mixed", "pɑrk")).toBe("ɑ");
    expect(charactersOf("mixed", "𝐀𝐁 bank")).toBe("𝐀𝐁");
  });

  it("are none where a name is honestly of one, of Chinese and Latin, or of brackets and digits", () => {
    for (const name of [
      "Москва",
      "Καλημέρα",
      "ATM机",
      "ＡＴＭ机",
      "小张餐饮",
      "Café Zürich",
      "スターバックス",
      "二〇二四(上海)",
    ]) {
      expect(kindsOf(name), name).toEqual([]);
    }
  });
});

describe("texts that a screen would not show as they are", () => {
  it("are told with what cannot be seen, each character once", () => {
    expect(findSuspicions("a\u202eb\u202ec\u200d")).toEqual([{ kind: "unseen", characters: ["\u202e", "\u200d"] }]);
    expect(charactersOf("unseen", "小\u3164张\ufe0f")).toBe("\u3164\ufe0f");
    expect(charactersOf("unseen", "小 张\u00a0餐")).toBe("\u00a0");
  });

  it("are told where they run from right to left", () => {
    expect(kindsOf("ئۇيغۇر")).toEqual(["right-to-left"]);
    expect(kindsOf("小张 שלום")).toEqual(["right-to-left"]);
  });
});

describe("the comparison", () => {
  it("takes bounded time over the longest texts", () => {
    const long = "O".repeat(100_000);
    const start = performance.now();
    findSuspicions(`${long}0`, `${long}O`);
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  it("knows every character of a shape as that shape, and as no other", () => {
    const characters = SHAPES.flatMap((shape) => [...shape]);
    expect(characters.length).toBe(new Set(characters).size);
    for (const shape of SHAPES) expect(new Set(Array.from(shape, toSkeleton)).size, shape).toBe(1);
    expect(new Set(SHAPES.map((shape) => toSkeleton([...shape][0] ?? ""))).size).toBe(SHAPES.length);
  });
});
