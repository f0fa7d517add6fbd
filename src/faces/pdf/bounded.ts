import type { PageRow, PageSection } from "../../../certs/attestation/page.ts";
import type { PdfAttachment, PdfDocument } from "./document.ts";
import { type Face, toShown } from "./face.ts";
import type { SheetWords } from "./words.ts";

// What is set at most, however much is handed in. What is left out is counted where it would stand.

export const MAX_TEXT_CHARACTERS = 4_096;
export const MAX_SECTIONS = 100;
/** Of labels and values in one section, and in the head. */
export const MAX_ROWS = 500;
export const MAX_TABLE_ROWS = 2_000;
export const MAX_COLUMNS = 8;
/** Of the whole document as it is shown. The row that reaches it is the last one. */
export const MAX_CHARACTERS = 500_000;
/** What a text takes of them at least, so that empty ones come to an end too. */
const LEAST_CHARACTERS = 24;

export interface BoundedTable {
  readonly headings: readonly string[];
  /** Each as long as the headings. */
  readonly rows: readonly (readonly string[])[];
  readonly left: readonly string[];
}

export interface BoundedSection {
  readonly title: string;
  readonly rows: readonly PageRow[];
  /** What was left out of the rows, in words. */
  readonly left: readonly string[];
  readonly table?: BoundedTable;
  readonly note?: string;
}

export interface Bounded {
  readonly title: string;
  readonly answer: string;
  readonly head: BoundedSection;
  readonly sections: readonly BoundedSection[];
  readonly left: readonly string[];
  /** About the file that goes along. */
  readonly attached?: string;
  readonly foot: string;
}

/** Every text of the document as it is shown. */
export function toBounded(document: PdfDocument, face: Face, words: SheetWords): Bounded {
  let room = MAX_CHARACTERS;

  function take(text: string): string {
    const shown = toText(text, face, words);
    room -= Math.max(LEAST_CHARACTERS, shown.length);
    return shown;
  }

  /** As many as there is room for, and how many are left out. */
  function takeEach<T, U>(all: readonly T[], most: number, toTaken: (one: T) => U): readonly [readonly U[], number] {
    const taken: U[] = [];
    for (const one of all.slice(0, most)) {
      if (room <= 0) break;
      taken.push(toTaken(one));
    }
    return [taken, all.length - taken.length];
  }

  function takeSection({ title, rows, table, note }: PageSection): BoundedSection {
    const shownTitle = take(title);
    const [taken, left] = takeEach(rows, MAX_ROWS, ([label, value]): PageRow => [take(label), take(value)]);
    return {
      title: shownTitle,
      rows: taken,
      left: toLeft(left, words.moreRows),
      ...(table === undefined ? {} : { table: takeTable(table.headings, table.rows) }),
      ...(note === undefined || note === "" ? {} : { note: take(note) }),
    };
  }

  function takeTable(headings: readonly string[], rows: readonly (readonly string[])[]): BoundedTable {
    const wanted = rows.reduce((most, row) => Math.max(most, row.length), headings.length);
    const columns = Math.min(wanted, MAX_COLUMNS);
    const takeRow = (row: readonly string[]) => Array.from({ length: columns }, (_, column) => take(row[column] ?? ""));
    const shown = takeRow(headings);
    const [taken, left] = takeEach(rows, MAX_TABLE_ROWS, takeRow);
    return {
      headings: shown,
      rows: taken,
      left: [...toLeft(left, words.moreRows), ...toLeft(wanted - columns, words.moreColumns)],
    };
  }

  function takeAttached({ name, bytes, about }: PdfAttachment): string {
    return words.attached(take(name), bytes.length, take(about));
  }

  const title = take(document.title);
  const answer = take(document.answer.text);
  const foot = take(document.foot);
  const attached = document.attachment === undefined ? {} : { attached: takeAttached(document.attachment) };
  const head = takeSection({ title: "", rows: document.head });
  const [sections, left] = takeEach(document.sections, MAX_SECTIONS, takeSection);
  return { title, answer, head, sections, left: toLeft(left, words.moreSections), ...attached, foot };
}

/** One text as it is shown, its end told where it is too long. */
function toText(text: string, face: Face, words: SheetWords): string {
  const kept = text.slice(0, MAX_TEXT_CHARACTERS).replace(/[\ud800-\udbff]$/, "");
  const whole = text.length <= MAX_TEXT_CHARACTERS;
  return whole ? toShown(text, face) : `${toShown(kept, face)}${words.moreCharacters(text.length - kept.length)}`;
}

function toLeft(left: number, toWords: (left: number) => string): readonly string[] {
  return left > 0 ? [toWords(left)] : [];
}
