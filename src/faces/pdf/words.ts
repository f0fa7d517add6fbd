/** What the printed page says by itself; all else comes with the document. */
export interface SheetWords {
  /** BCP 47, for readers that speak. */
  readonly lang: string;
  readonly page: (number: number, of: number) => string;
  readonly attached: (name: string, bytes: number, about: string) => string;
  readonly moreCharacters: (left: number) => string;
  readonly moreRows: (left: number) => string;
  readonly moreColumns: (left: number) => string;
  readonly moreSections: (left: number) => string;
}

const zh: SheetWords = {
  lang: "zh-CN",
  page: (number, of) => `第 ${number} 页，共 ${of} 页`,
  attached: (name, bytes, about) => `附件：${name}（${bytes} 字节）${about === "" ? "" : `，${about}`}`,
  moreCharacters: (left) => `…（还有 ${left} 个字符）`,
  moreRows: (left) => `…还有 ${left} 行未列出`,
  moreColumns: (left) => `…还有 ${left} 列未列出`,
  moreSections: (left) => `…还有 ${left} 节未列出`,
};

const en: SheetWords = {
  lang: "en",
  page: (number, of) => `page ${number} of ${of}`,
  attached: (name, bytes, about) => `Attached: ${name} (${bytes} bytes)${about === "" ? "" : `, ${about}`}`,
  moreCharacters: (left) => `… (${left} more characters)`,
  moreRows: (left) => `… ${left} more rows not shown`,
  moreColumns: (left) => `… ${left} more columns not shown`,
  moreSections: (left) => `… ${left} more sections not shown`,
};

export const SHEET_WORDS = { zh, en } as const;
