import type { BoundedTable } from "./bounded.ts";
import { toColumnWidths } from "./columns.ts";
import type { Face } from "./face.ts";
import { toLines, toPartWidth, toWidth } from "./lines.ts";
import {
  type Box,
  type Cell,
  type Element,
  MARGIN,
  type Row,
  type Sheet,
  type Style,
  type Tag,
  toHeight,
  WIDTH,
} from "./sheet.ts";

// A table over as many pages as it takes, its headings at the top of each.

const HEADING: Style = { size: 8, leading: 12, colour: "#1b3a5c" };
const CELL: Style = { size: 8, leading: 12, colour: "#1f2328" };
const GROUND = "#eef1f5";
const RULE = "#d3d8df";
const PAD = { side: 4, row: 3 } as const;
/** A word that is longer, such as a digest, is broken rather than given more. */
const MAX_WORD = 100;
/** The headings are repeated as long as they take no more lines. */
const MAX_REPEATED_LINES = 6;
const KEPT_WITH_HEADINGS = 4 * CELL.leading;

export function writeTable(sheet: Sheet, face: Face, { headings, rows }: BoundedTable, parent: Element): void {
  const widths = toWidths(headings, rows, face);
  const table = sheet.pdf.struct("Table");
  parent.add(table);
  const heading = toRow(headings, widths, HEADING, "TH", face, paintHeading);
  const again = toRepeated(heading);
  // The headings never stand at the foot of a page with nothing below them.
  sheet.keep(toHeight(again) + KEPT_WITH_HEADINGS);
  writeRow(sheet, heading, table);
  for (const row of rows) {
    writeRow(sheet, toRow(row, widths, CELL, "TD", face, paintRule), table, () => sheet.repeat(again));
  }
  sheet.skip(4);
  table.end();
}

function writeRow(sheet: Sheet, row: Row, table: Element, onTurn?: () => void): void {
  const element = sheet.pdf.struct("TR");
  table.add(element);
  sheet.write(row, element, onTurn);
  element.end();
}

function toRow(
  texts: readonly string[],
  widths: readonly number[],
  style: Style,
  tag: Tag,
  face: Face,
  paint: (pdf: PDFKit.PDFDocument, part: Box) => void,
): Row {
  let x = MARGIN.side;
  const cells = texts.map((text, column): Cell => {
    const width = widths[column] ?? 0;
    const cell = { lines: toLines(text, width - 2 * PAD.side, style.size, face), x: x + PAD.side, style, tag };
    x += width;
    return cell;
  });
  return { cells, above: PAD.row, below: PAD.row, paint };
}

function toRepeated(row: Row): Row {
  return { ...row, cells: row.cells.map((cell) => ({ ...cell, lines: cell.lines.slice(0, MAX_REPEATED_LINES) })) };
}

function toWidths(headings: readonly string[], rows: readonly (readonly string[])[], face: Face): readonly number[] {
  const wishes = headings.map((heading, column) => {
    const texts = [heading, ...rows.map((row) => row[column] ?? "")];
    return {
      whole: texts.reduce((most, text) => Math.max(most, toWidth(text, CELL.size, face)), 0) + 2 * PAD.side + 1,
      word:
        Math.min(
          MAX_WORD,
          texts.reduce((most, text) => Math.max(most, toPartWidth(text, CELL.size, face)), 0),
        ) +
        2 * PAD.side +
        1,
    };
  });
  return toColumnWidths(wishes, WIDTH);
}

function paintHeading(pdf: PDFKit.PDFDocument, part: Box): void {
  pdf.rect(part.x, part.y, part.width, part.height).fill(GROUND);
  paintRule(pdf, part);
}

function paintRule(pdf: PDFKit.PDFDocument, { x, y, width, height }: Box): void {
  pdf.lineWidth(0.5).strokeColor(RULE);
  pdf
    .moveTo(x, y + height)
    .lineTo(x + width, y + height)
    .stroke();
}
