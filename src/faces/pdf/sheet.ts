import PDFDocument from "pdfkit";
import type { Face } from "./face.ts";

// The sheets of paper: a place to write at, rows of cells that go on over the end of a page, and the mark of every text
// in the document's structure, so that a reader that speaks finds headings and tables. Knows nothing of what is written.

export type Tag = "H1" | "H2" | "P" | "TH" | "TD";
export type Element = PDFKit.PDFStructureElement;

export interface Style {
  /** In points, as all measures here. */
  readonly size: number;
  readonly leading: number;
  readonly colour: string;
}

export interface Cell {
  readonly lines: readonly string[];
  readonly x: number;
  readonly style: Style;
  readonly tag: Tag;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Row {
  readonly cells: readonly Cell[];
  readonly above: number;
  readonly below: number;
  /** Ground and rules, drawn below the texts of each part of the row: one part for each page that it stands on. */
  readonly paint?: (pdf: PDFKit.PDFDocument, part: Box) => void;
}

const A4 = { width: 595.28, height: 841.89 } as const;
export const MARGIN = { side: 54, top: 52, bottom: 66 } as const;
export const WIDTH = A4.width - 2 * MARGIN.side;
const BOTTOM = A4.height - MARGIN.bottom;
const FOOT_AT = A4.height - MARGIN.bottom + 18;
/** A row that is not higher is never parted; a higher one begins where it stands, with two lines at least. */
const MAX_UNPARTED = (BOTTOM - MARGIN.top) / 4;
const LEAST_LINES = 2;
/** Where a line stands on its leading: the font's ascent of 0.88 and descent of 0.12, in the middle. */
const ASCENT = 0.88;
const FACE = "face";
/** Numbers of points are written with few digits. */
const round = (points: number) => Math.round(points * 100) / 100;

export interface Sheet {
  readonly pdf: PDFKit.PDFDocument;
  readonly root: Element;
  /** Turns the page unless so much fits on this one. */
  readonly keep: (height: number) => void;
  readonly skip: (height: number) => void;
  /** `onTurn` is called at the top of each page on which the row goes on. */
  readonly write: (row: Row, parent: Element, onTurn?: () => void) => void;
  /** Texts that stand there again for the eye only. */
  readonly repeat: (row: Row) => void;
  /** Writes the foot of every page and ends the document. */
  readonly end: (foot: readonly string[], toPage: (number: number, of: number) => string, style: Style) => void;
}

export interface SheetSettings {
  readonly title: string;
  readonly lang: string;
  readonly madeAt: Date;
}

export function openSheet(face: Face, { title, lang, madeAt }: SheetSettings): Sheet {
  const pdf = new PDFDocument({
    size: [A4.width, A4.height],
    margin: 0,
    // None by default: the standard fonts would be read from a file beside pdfkit, where the bundle has none.
    font: "",
    autoFirstPage: false,
    bufferPages: true,
    pdfVersion: "1.7",
    tagged: true,
    lang,
    displayTitle: true,
    // pdfkit writes the title into XML as it stands.
    info: { Title: toXmlText(title), CreationDate: madeAt, Producer: "Tillsync", Creator: "Tillsync" },
  });
  pdf.registerFont(FACE, face.bytes).font(FACE);
  const root = pdf.struct("Document");
  pdf.addStructure(root);
  let y = BOTTOM;
  turn();

  function turn(): void {
    pdf.addPage();
    y = MARGIN.top;
  }

  function keep(height: number): void {
    if (y + height > BOTTOM && y > MARGIN.top) turn();
  }

  function paint(row: Row, height: number): void {
    if (row.paint === undefined) return;
    pdf.markContent("Artifact", { type: "Layout" });
    pdf.save();
    row.paint(pdf, { x: MARGIN.side, y, width: WIDTH, height });
    pdf.restore();
    pdf.endMarkedContent();
  }

  function writeLines({ x, style, lines }: Cell, top: number): void {
    pdf.fontSize(style.size).fillColor(style.colour);
    for (const [index, line] of lines.entries()) {
      const baseline = top + index * style.leading + (style.leading - style.size) / 2 + ASCENT * style.size;
      if (line !== "") pdf.text(line, round(x), round(baseline), { lineBreak: false, baseline: "alphabetic" });
    }
  }

  function write(row: Row, parent: Element, onTurn?: () => void): void {
    if (!beginsHere(row) && y > MARGIN.top) {
      turn();
      onTurn?.();
    }
    const elements = row.cells.map(({ tag }) => pdf.struct(tag));
    for (const element of elements) parent.add(element);
    let rest = row;
    for (;;) {
      const room = BOTTOM - y - row.above - row.below;
      // One line at least, or a row would never come to its end.
      const counts = rest.cells.map(({ style }) => Math.max(1, Math.floor(room / style.leading)));
      writePart(
        withLines(rest, (lines, cell) => lines.slice(0, counts[cell])),
        elements,
      );
      rest = withLines(rest, (lines, cell) => lines.slice(counts[cell]));
      if (rest.cells.every(({ lines }) => lines.length === 0)) break;
      turn();
      onTurn?.();
    }
    for (const element of elements) element.end();
  }

  function beginsHere(row: Row): boolean {
    const height = toHeight(row);
    if (y + height <= BOTTOM) return true;
    return height > MAX_UNPARTED && y + toHeight(withLines(row, (lines) => lines.slice(0, LEAST_LINES))) <= BOTTOM;
  }

  function writePart(part: Row, elements: readonly Element[]): void {
    const height = toHeight(part);
    paint(part, height);
    for (const [index, cell] of part.cells.entries()) {
      if (cell.lines.length === 0) continue;
      const content = pdf.markStructureContent(cell.tag);
      writeLines(cell, y + part.above);
      pdf.endMarkedContent();
      elements[index]?.add(content);
    }
    y += height;
  }

  function repeat(row: Row): void {
    const height = toHeight(row);
    paint(row, height);
    pdf.markContent("Artifact", { type: "Pagination" });
    for (const cell of row.cells) writeLines(cell, y + row.above);
    pdf.endMarkedContent();
    y += height;
  }

  function end(foot: readonly string[], toPage: (number: number, of: number) => string, style: Style): void {
    const { count } = pdf.bufferedPageRange();
    for (let page = 0; page < count; page += 1) {
      pdf.switchToPage(page);
      pdf.markContent("Artifact", { type: "Pagination" });
      pdf.lineWidth(0.5).strokeColor(style.colour);
      pdf
        .moveTo(MARGIN.side, FOOT_AT - 6)
        .lineTo(A4.width - MARGIN.side, FOOT_AT - 6)
        .stroke();
      const number = toPage(page + 1, count);
      const left = { lines: foot, x: MARGIN.side, style, tag: "P" } as const;
      pdf.fontSize(style.size);
      const right = { ...left, lines: [number], x: A4.width - MARGIN.side - pdf.widthOfString(number) };
      for (const cell of [left, right]) writeLines(cell, FOOT_AT);
      pdf.endMarkedContent();
    }
    root.end();
    pdf.end();
  }

  return {
    pdf,
    root,
    keep,
    skip: (height) => {
      y += height;
    },
    write,
    repeat,
    end,
  };
}

export function toHeight({ cells, above, below }: Row): number {
  return cells.reduce((most, { lines, style }) => Math.max(most, lines.length * style.leading), 0) + above + below;
}

function withLines(row: Row, toOthers: (lines: readonly string[], cell: number) => readonly string[]): Row {
  return { ...row, cells: row.cells.map((cell, index) => ({ ...cell, lines: toOthers(cell.lines, index) })) };
}

function toXmlText(text: string): string {
  return text.replaceAll("&", "＆").replaceAll("<", "＜").replaceAll(">", "＞");
}
