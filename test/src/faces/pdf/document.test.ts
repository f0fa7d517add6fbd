import { describe, expect, it, vi } from "vitest";
import { type PdfDocument, toPdf } from "../../../../src/faces/pdf/document.ts";
import { readPdf, toTexts } from "./read-pdf.ts";
import { FONT, RECEIPT } from "./sample.ts";

const MAX_RECEIPT_BYTES = 100_000;
const A_YEAR_MS = 365 * 86_400_000;
const PAGE = { width: 595.28, height: 841.89, margin: 50 };

async function read(changed: Partial<PdfDocument> = {}) {
  return readPdf(await toPdf({ ...RECEIPT, ...changed }, FONT));
}

function toRows(rows: number, columns: number): string[][] {
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => `第${row}行${column}`),
  );
}

/** Lines that reach over the margins, by their width in the document itself. */
function findRunOff({ pages }: Awaited<ReturnType<typeof read>>): readonly string[] {
  return pages.flat().flatMap(({ text, x, y, width }) => {
    // A space may hang over the end of its line.
    const fits = x >= PAGE.margin && x + width <= PAGE.width - PAGE.margin + 5 && y >= 24 && y <= PAGE.height - 50;
    return fits ? [] : [text];
  });
}

describe("a receipt as PDF", () => {
  it("is the same bytes for the same document at any time, and others for another", async () => {
    const one = await toPdf(RECEIPT, FONT);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + A_YEAR_MS });
    const again = await toPdf(structuredClone(RECEIPT), FONT).finally(() => vi.useRealTimers());
    expect(Buffer.compare(one, again)).toBe(0);
    expect(Buffer.compare(one, await toPdf({ ...RECEIPT, foot: "other" }, FONT))).not.toBe(0);
    expect(one.length).toBeLessThan(MAX_RECEIPT_BYTES);
  });

  it("gives every text back, Chinese included", async () => {
    const texts = toTexts(await read());
    const { title, answer, head, sections } = RECEIPT;
    const wanted = [
      ...[title, answer.text, ...head.flat()],
      ...sections.flatMap(({ title, rows, table, note }) => [
        ...[title, ...rows.flat(), ...(table?.headings ?? []), ...(table?.rows ?? []).flat()],
        ...(note === undefined ? [] : [note]),
      ]),
    ];
    for (const text of wanted) expect(texts.join("")).toContain(text);
  });

  it("tells its language, title and time, and nothing that acts", async () => {
    const { syntax } = await read();
    expect(syntax).toContain("/Lang (zh-CN)");
    expect(syntax).toContain("/Marked true");
    expect(syntax).toContain("(D:20260701120000Z)");
    expect(syntax).not.toMatch(/\/(JavaScript|JS|OpenAction|AA|Annots|URI|Launch|AcroForm)\b/);
    expect((await read({ lang: "en" })).syntax).toContain("/Lang (en)");
  });

  it("has the font inside, the used part of it, and no other", async () => {
    const { fonts, fontFiles } = await read();
    const names = fonts.map((font) => /\/BaseFont \/(\S+)/.exec(font)?.[1]);
    expect(new Set(names)).toEqual(new Set([expect.stringMatching(/^[A-Z]{6}\+NotoSansSC-Regular$/)]));
    expect(fontFiles).toHaveLength(1);
    expect(fontFiles[0]?.length).toBeLessThan(MAX_RECEIPT_BYTES);
  });

  it("gives the file inside back byte for byte, under a name that is no path", async () => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff);
    const attachment = { name: "../../a\u202eb\n.json", type: "application/json", bytes, about: "r" };
    const { files } = await read({ attachment });
    expect([...files.keys()]).toEqual([".._.._a_b_.json"]);
    expect(Buffer.compare([...files.values()][0] ?? Buffer.alloc(0), bytes)).toBe(0);
    const { attachment: _, ...without } = RECEIPT;
    expect(readPdf(await toPdf(without, FONT)).files.size).toBe(0);
  });

  it("can have an empty file inside, and no text anywhere", async () => {
    const attachment = { name: "", type: "", bytes: new Uint8Array(), about: "" };
    const answer = { text: "", tone: "open" } as const;
    const sections = [
      { title: "", rows: [["", ""]] as const, table: { headings: ["", ""], rows: [["", ""]] }, note: "" },
    ];
    const pdf = await read({ title: "", answer, head: [["", ""]], sections, foot: "", attachment });
    expect(pdf.pages).toHaveLength(1);
    expect(pdf.files.size).toBe(1);
  });

  it("has the foot and the page's number on each page", async () => {
    const sections = [{ title: "t", rows: toRows(200, 2).map(([a = "", b = ""]) => [a, b] as const) }];
    const { pages } = await read({ sections, lang: "en" });
    expect(pages.length).toBeGreaterThan(2);
    for (const [index, lines] of pages.entries()) {
      const foot = lines.filter(({ tag }) => tag === "Artifact").map(({ text }) => text);
      expect(foot).toEqual([RECEIPT.foot, `page ${index + 1} of ${pages.length}`]);
    }
  });

  it("marks headings, labels and cells for readers that speak", async () => {
    const lines = (await read()).pages.flat();
    const tagOf = (text: string) => lines.find((line) => line.text === text)?.tag;
    expect(["变更回执", "批准", "商户", "角色", "经办", "经办与复核为两人。"].map(tagOf)).toEqual(
      "H1 H2 TH TH TD P".split(" "),
    );
  });

  it("does not let its title into the markup of its metadata", async () => {
    const bytes = await toPdf({ ...RECEIPT, title: "</rdf:li><x>&" }, FONT);
    const xml = /<x:xmpmeta.*<\/x:xmpmeta>/s.exec(Buffer.from(bytes).toString("utf8"))?.[0] ?? "";
    expect(xml).toContain("＜/rdf:li＞＜x＞＆</rdf:li>");
    expect(toTexts(readPdf(bytes))[0]).toBe("</rdf:li><x>&");
  });
});

describe("hostile texts", () => {
  it.each([
    ["a\u202eb\u2066c", "a<U+202E>b<U+2066>c"],
    ["a\u0000\u001b[2J\r\nb\tc", "a<U+0000><U+001B>[2J<U+000D><U+000A>b<U+0009>c"],
    ["\u200b葛\u{e0100}\ufe0f", "<U+200B>葛<U+E0100><U+FE0F>"],
    ["😀𠮷\ud800x", "<U+1F600><U+20BB7><U+D800>x"],
    ["שלום", "<U+05E9><U+05DC><U+05D5><U+05DD>"],
    ["e\u0301 \u00a0\u3000.", "e<U+0301> <U+00A0><U+3000>."],
  ])("%j is shown as %s", async (text, shown) => {
    const pdf = await read({ title: text, head: [["x", text]], sections: [], foot: text });
    const lines = pdf.pages.flat();
    const toShown = (tag: string) => lines.flatMap((line) => (line.tag === tag ? [line.text] : [])).join("");
    expect(toShown("H1")).toBe(shown);
    expect(toShown("TD")).toBe(shown);
    expect(toShown("Artifact")).toBe(`${shown}第 1 页，共 1 页`);
  });

  it("of one word run off no page, wherever they stand", async () => {
    const word = "W".repeat(4_096);
    const hex = "0123456789abcdef".repeat(256);
    const spaces = " ".repeat(4_096);
    const answer = { text: word, tone: "bad" } as const;
    const table = { headings: [hex, "b", "c"], rows: [[word, hex, spaces], ["汉".repeat(4_096)]] };
    const sections = [{ title: word, rows: [[hex, word] as const], table, note: spaces }];
    const pdf = await read({ title: word, answer, head: [[word, spaces]], sections, foot: word });
    expect(findRunOff(pdf)).toEqual([]);
    const all = toTexts(pdf).join("");
    expect(all.split("W").length - 1).toBe(6 * 4_096);
    expect(all.split("汉").length - 1).toBe(4_096);
  });

  it("are cut at 4,096 characters, and it is told how many are missing", async () => {
    const head = [["a", "字".repeat(4_095) + "😀".repeat(3)] as const];
    const all = toTexts(await read({ head, sections: [] })).join("");
    expect(all).toContain(`${"字".repeat(100)}…（还有 6 个字符）`);
    expect(toTexts(await read({ head: [["a", "字".repeat(4_096)]], sections: [] })).join("")).not.toContain("还有");
  });
});

describe("a table", () => {
  it.each([2, 8])(
    "of %i columns and 2,000 rows has its headings on every page, and every row once",
    async (columns) => {
      const headings = Array.from({ length: columns }, (_, column) => `列${column}`);
      const pdf = await read({
        sections: [{ title: "表", rows: [], table: { headings, rows: toRows(2_000, columns) } }],
      });
      expect(findRunOff(pdf)).toEqual([]);
      for (const lines of pdf.pages) {
        const texts = lines.map(({ text }) => text);
        for (const heading of headings) expect(texts.filter((text) => text === heading)).toHaveLength(1);
      }
      const cells = pdf.pages.flat().filter(({ text }) => /^第\d+行\d$/.test(text));
      expect(cells.map(({ text }) => text)).toEqual(toRows(2_000, columns).flat());
      for (const column of headings.keys()) {
        const at = cells.filter(({ text }) => text.endsWith(`行${column}`)).map(({ x }) => x);
        expect(new Set(at).size).toBe(1);
      }
    },
  );

  it("sets no line upon another", async () => {
    const rows = toRows(120, 4).map((row, index) => row.with(2, "很长的说明文字，".repeat(index % 40)));
    const { pages } = await read({
      sections: [{ title: "表", rows: [], table: { headings: ["a", "b", "c", "d"], rows } }],
    });
    for (const lines of pages) {
      const places = lines.map(({ x, y }) => `${x} ${y}`);
      expect(new Set(places).size).toBe(places.length);
      for (const x of new Set(lines.map((line) => line.x))) {
        const ys = lines.filter((line) => line.x === x).map(({ y }) => y);
        expect(ys.every((y, index) => index === 0 || (ys[index - 1] ?? 0) - y >= 11 || y < 70)).toBe(true);
      }
    }
  });

  it("goes on with a row that is higher than a page, and keeps a small one whole", async () => {
    const tall = Array.from({ length: 400 }, (_, index) => `字${index}`)
      .join(" ")
      .repeat(2);
    const rows = [...toRows(30, 8), ["a", tall, "c", "d", "e", "f", "g", "h"], ...toRows(10, 8)];
    const table = { headings: "ABCDEFGH".split(""), rows };
    const pdf = await read({ sections: [{ title: "表", rows: [], table }] });
    expect(pdf.pages.length).toBeGreaterThan(2);
    expect(findRunOff(pdf)).toEqual([]);
    expect(toTexts(pdf).join("").replaceAll(" ", "")).toContain(tall.slice(-40).replaceAll(" ", ""));
    for (const lines of pdf.pages) expect(lines.filter(({ text }) => text === "H")).toHaveLength(1);
  });

  it("tells what is left out of it: rows, columns, sections", async () => {
    const long = { headings: ["列"], rows: toRows(2_003, 1) };
    expect(toTexts(await read({ sections: [{ title: "表", rows: [], table: long }] }))).toContain("…还有 3 行未列出");
    const wide = { headings: ["列"], rows: toRows(2, 11) };
    const texts = toTexts(await read({ sections: [{ title: "表", rows: [], table: wide }] }));
    expect(texts).toContain("…还有 3 列未列出");
    expect(texts).toContain("第1行7");
    expect(texts).not.toContain("第1行8");
    const rows = toRows(501, 2).map(([a = "", b = ""]) => [a, b] as const);
    expect(toTexts(await read({ sections: [{ title: "t", rows }] }))).toContain("…还有 1 行未列出");
    const sections = Array.from({ length: 103 }, () => ({ title: "t", rows: [] }));
    expect(toTexts(await read({ sections }))).toContain("…还有 3 节未列出");
  });

  it("comes to an end however much is handed in, and says so", async () => {
    const rows = Array.from({ length: 2_000 }, () => Array.from({ length: 8 }, () => "\u202e".repeat(4_096)));
    const section = { title: "t", rows: [], table: { headings: ["a"], rows } };
    const pdf = await read({ sections: Array.from({ length: 100 }, () => section), lang: "en" });
    expect(toTexts(pdf).join("").length).toBeLessThan(1_000_000);
    expect(toTexts(pdf)).toContainEqual(expect.stringMatching(/^… 19\d\d more rows not shown$/));
    expect(toTexts(pdf)).toContain("… 99 more sections not shown");
  });
});
