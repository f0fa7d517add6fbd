import type { Answer, Attestation } from "../../../../certs/attestation/format.ts";
import { type PageSection, toPage, toPageTime } from "../../../../certs/attestation/page.ts";
import { PAGE_WORDS, type PageLanguage } from "../../../../certs/attestation/words.ts";
import { toDocument, toHtml, toIsolated } from "./html.ts";

const TONES: Readonly<Record<Answer, "good" | "open" | "bad">> = {
  genuine: "good",
  not_proven: "open",
  refuted: "bad",
  quarantined: "bad",
  suspended: "bad",
  out_of_service: "bad",
};

/** The attestation as one page for an auditor, on screen and on paper. */
export function toAttestationPage(attestation: Attestation, lang: PageLanguage): string {
  const words = PAGE_WORDS[lang];
  const { tusn, answer, at } = attestation;
  const head = toRows([
    [words.labels.tusn, tusn],
    [words.labels.at, toPageTime(at, words.none)],
  ]);
  const body = [
    `<h1>${toHtml(words.title)}</h1>`,
    `<p class="answer ${TONES[answer]}">${toHtml(words.answers[answer])}</p>`,
    head,
    ...toPage(attestation, words).map(toSection),
  ].join("\n");
  return toDocument(lang === "zh" ? "zh-CN" : "en", `${tusn} - ${words.title}`, body);
}

function toSection({ title, rows, table, note }: PageSection): string {
  return [
    `<section><h2>${toHtml(title)}</h2>`,
    rows.length === 0 ? "" : toRows(rows),
    table === undefined ? "" : toTable(table),
    note === undefined ? "" : `<p class="small">${toHtml(note)}</p>`,
    "</section>",
  ].join("\n");
}

function toRows(rows: PageSection["rows"]): string {
  const items = rows.map(([label, value]) => `<dt>${toHtml(label)}</dt><dd>${toIsolated(value)}</dd>`);
  return `<dl>${items.join("\n")}</dl>`;
}

function toTable({ headings, rows }: NonNullable<PageSection["table"]>): string {
  const head = headings.map((heading) => `<th scope="col">${toHtml(heading)}</th>`).join("");
  const lines = rows.map((row) => `<tr>${row.map((cell) => `<td>${toIsolated(cell)}</td>`).join("")}</tr>`);
  return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${lines.join("\n")}</tbody></table></div>`;
}
