import type { PageRow, PageSection } from "../../../certs/attestation/page.ts";
import { toPrintable } from "../../../proto/printable.ts";
import { toBounded } from "./bounded.ts";
import { openFace } from "./face.ts";
import { writeParts } from "./parts.ts";
import { openSheet } from "./sheet.ts";
import { SHEET_WORDS } from "./words.ts";

// One document of plain texts as a PDF, its font inside it (docs/adr/0030). Texts come from people and are hostile:
// none is dropped unsaid, none runs off the page, and what cannot be seen is shown by its number.

export interface PdfDocument {
  readonly title: string;
  readonly lang: "zh" | "en";
  /** Stands out below the title. */
  readonly answer: { readonly text: string; readonly tone: "good" | "open" | "bad" };
  readonly head: readonly PageRow[];
  readonly sections: readonly PageSection[];
  /** On every page, beside its number. */
  readonly foot: string;
  /** Seconds; the PDF's creation date. */
  readonly madeAt: number;
  /** Goes along inside the PDF, so that it can be saved out of any reader. */
  readonly attachment?: PdfAttachment;
}

export interface PdfAttachment {
  readonly name: string;
  /** Its media type. */
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly about: string;
}

/** A file name that no system takes for a path. */
const NOT_IN_NAMES = /[^\p{L}\p{N}._-]/gu;
const MAX_NAME_CHARACTERS = 120;

/**
 * The same document gives the same bytes. `font` is a gzipped OpenType font, as `font/README.md` says how to make it;
 * anything else is an Error. What is set at most: `bounded.ts`.
 */
export async function toPdf(document: PdfDocument, font: Uint8Array): Promise<Uint8Array> {
  const face = openFace(font);
  const words = SHEET_WORDS[document.lang];
  const bounded = toBounded(document, face, words);
  const madeAt = new Date(document.madeAt * 1_000);
  const sheet = openSheet(face, { title: bounded.title, lang: words.lang, madeAt });
  if (document.attachment !== undefined) attach(sheet.pdf, document.attachment, madeAt);
  writeParts(sheet, face, bounded, document.answer.tone, words);
  const chunks: Uint8Array[] = [];
  for await (const chunk of sheet.pdf) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function attach(pdf: PDFKit.PDFDocument, { name, type, bytes, about }: PdfAttachment, madeAt: Date): void {
  pdf.file(Buffer.from(bytes), {
    name: name.replace(NOT_IN_NAMES, "_").slice(0, MAX_NAME_CHARACTERS),
    type,
    description: toPrintable(about),
    creationDate: madeAt,
    modifiedDate: madeAt,
  });
}
