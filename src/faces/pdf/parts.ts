import type { PageRow } from "../../../certs/attestation/page.ts";
import type { Bounded, BoundedSection } from "./bounded.ts";
import type { PdfDocument } from "./document.ts";
import type { Face } from "./face.ts";
import { toLines, toWidth } from "./lines.ts";
import {
  type Box,
  type Element,
  MARGIN,
  type Row,
  type Sheet,
  type Style,
  type Tag,
  toHeight,
  WIDTH,
} from "./sheet.ts";
import { writeTable } from "./table.ts";
import type { SheetWords } from "./words.ts";

// The parts of the document from top to bottom. One weight of one font: headings stand out by size, colour and rules.

type Tone = PdfDocument["answer"]["tone"];

const INK = "#1f2328";
const TITLE: Style = { size: 20, leading: 28, colour: INK };
const HEADING: Style = { size: 12, leading: 18, colour: "#1b3a5c" };
const LABEL: Style = { size: 9, leading: 14, colour: "#5b636d" };
const VALUE: Style = { size: 9, leading: 14, colour: INK };
const NOTE: Style = { size: 8.5, leading: 13.5, colour: "#5b636d" };
const FOOT: Style = { size: 8, leading: 11, colour: "#5b636d" };

const LABELS = { least: 72, most: 140, gap: 12 } as const;
/** So much of a section stays with its title. */
const KEPT_WITH_TITLE = 48;
const FOOT_LINES = 2;
/** What the page's number needs beside the foot. */
const FOOT_WIDTH = WIDTH - 110;

/** Told apart in black and white, too: by the border and by the sign beside the words. */
const TONES: Readonly<Record<Tone, { readonly colour: string; readonly ground: string; readonly border: number }>> = {
  good: { colour: "#17603a", ground: "#eef7f1", border: 0.8 },
  open: { colour: "#7a5200", ground: "#fdf6e7", border: 0.8 },
  bad: { colour: "#9b1c1c", ground: "#fdf0ef", border: 2.2 },
};
const ANSWER = { sign: 34, pad: 12, size: 12, leading: 18 } as const;

export function writeParts(sheet: Sheet, face: Face, bounded: Bounded, tone: Tone, words: SheetWords): void {
  const labelWidth = toLabelWidth(bounded, face);
  writeText(sheet, face, bounded.title, TITLE, "H1");
  sheet.skip(10);
  writeAnswer(sheet, face, bounded.answer, tone);
  sheet.skip(14);
  writeSection(sheet, face, bounded.head, labelWidth);
  // Here, for at the end it might stand on a page of its own.
  if (bounded.attached !== undefined) writeText(sheet, face, bounded.attached, NOTE, "P");
  for (const section of bounded.sections) writeSection(sheet, face, section, labelWidth);
  for (const text of bounded.left) writeText(sheet, face, text, NOTE, "P");
  sheet.end(toFoot(bounded.foot, face), words.page, FOOT);
}

function writeText(sheet: Sheet, face: Face, text: string, style: Style, tag: Tag, parent = sheet.root): void {
  const lines = toLines(text, WIDTH, style.size, face);
  sheet.write({ cells: [{ lines, x: MARGIN.side, style, tag }], above: 0, below: 0 }, parent);
}

function writeAnswer(sheet: Sheet, face: Face, text: string, tone: Tone): void {
  const { colour } = TONES[tone];
  const x = MARGIN.side + ANSWER.sign + ANSWER.pad;
  const style = { size: ANSWER.size, leading: ANSWER.leading, colour };
  const lines = toLines(text, WIDTH - ANSWER.sign - 2 * ANSWER.pad, ANSWER.size, face);
  const paint = (pdf: PDFKit.PDFDocument, part: Box) => paintAnswer(pdf, part, tone);
  sheet.write({ cells: [{ lines, x, style, tag: "P" }], above: 9, below: 9, paint }, sheet.root);
}

function paintAnswer(pdf: PDFKit.PDFDocument, { x, y, width, height }: Box, tone: Tone): void {
  const { colour, ground, border } = TONES[tone];
  pdf.lineWidth(border).rect(x, y, width, height).fillAndStroke(ground, colour);
  pdf.rect(x, y, ANSWER.sign, height).fill(colour);
  const [centre, middle] = [x + ANSWER.sign / 2, y + height / 2];
  pdf.strokeColor("#ffffff").fillColor("#ffffff").lineWidth(2.4).lineCap("round").lineJoin("round");
  if (tone === "good") {
    pdf
      .moveTo(centre - 7, middle)
      .lineTo(centre - 2, middle + 5)
      .lineTo(centre + 7, middle - 5)
      .stroke();
  } else if (tone === "bad") {
    pdf
      .moveTo(centre - 5.5, middle - 5.5)
      .lineTo(centre + 5.5, middle + 5.5)
      .stroke();
    pdf
      .moveTo(centre - 5.5, middle + 5.5)
      .lineTo(centre + 5.5, middle - 5.5)
      .stroke();
  } else {
    for (const step of [-7, 0, 7]) pdf.circle(centre + step, middle, 2).fill();
  }
}

function writeSection(sheet: Sheet, face: Face, section: BoundedSection, labelWidth: number): void {
  const { title, rows, left, table, note } = section;
  const part = sheet.pdf.struct("Sect");
  sheet.root.add(part);
  if (title !== "") writeTitle(sheet, face, title, part);
  writePairs(sheet, face, rows, labelWidth, part);
  for (const text of left) writeText(sheet, face, text, NOTE, "P", part);
  if (table !== undefined) {
    if (rows.length > 0) sheet.skip(8);
    writeTable(sheet, face, table, part);
    for (const text of table.left) writeText(sheet, face, text, NOTE, "P", part);
  }
  if (note !== undefined) {
    sheet.skip(3);
    writeText(sheet, face, note, NOTE, "P", part);
  }
  sheet.skip(16);
  part.end();
}

function writeTitle(sheet: Sheet, face: Face, title: string, part: Element): void {
  const row: Row = {
    cells: [{ lines: toLines(title, WIDTH, HEADING.size, face), x: MARGIN.side, style: HEADING, tag: "H2" }],
    above: 0,
    below: 7,
    paint: (pdf, { x, y, width, height }) => {
      const at = y + height - 4;
      pdf.lineWidth(0.9).strokeColor(HEADING.colour);
      pdf
        .moveTo(x, at)
        .lineTo(x + width, at)
        .stroke();
    },
  };
  sheet.keep(Math.min(toHeight(row), HEADING.leading * 4) + KEPT_WITH_TITLE);
  sheet.write(row, part);
}

function writePairs(sheet: Sheet, face: Face, rows: readonly PageRow[], labelWidth: number, part: Element): void {
  if (rows.length === 0) return;
  const table = sheet.pdf.struct("Table");
  part.add(table);
  const x = MARGIN.side + labelWidth + LABELS.gap;
  for (const [label, value] of rows) {
    const row = sheet.pdf.struct("TR");
    table.add(row);
    const labels = toLines(label, labelWidth, LABEL.size, face);
    const values = toLines(value, WIDTH - labelWidth - LABELS.gap, VALUE.size, face);
    sheet.write(
      {
        cells: [
          { lines: labels, x: MARGIN.side, style: LABEL, tag: "TH" },
          { lines: values, x, style: VALUE, tag: "TD" },
        ],
        above: 1.5,
        below: 1.5,
      },
      row,
    );
    row.end();
  }
  table.end();
}

/** One for the whole document, so that its values stand below one another. */
function toLabelWidth({ head, sections }: Bounded, face: Face): number {
  const labels = [head, ...sections].flatMap(({ rows }) => rows.map(([label]) => toWidth(label, LABEL.size, face)));
  return Math.min(LABELS.most, labels.reduce((most, width) => Math.max(most, width), LABELS.least) + 1);
}

function toFoot(foot: string, face: Face): readonly string[] {
  const lines = toLines(foot, FOOT_WIDTH, FOOT.size, face);
  if (lines.length <= FOOT_LINES) return lines;
  const last = lines[FOOT_LINES - 1] ?? "";
  return [...lines.slice(0, FOOT_LINES - 1), `${last.slice(0, -1)}…`];
}
