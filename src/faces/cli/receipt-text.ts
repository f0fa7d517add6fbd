import type { PageLanguage } from "../../../certs/attestation/words.ts";
import { toReceiptAnswer, toReceiptHead, toReceiptPage } from "../../../certs/receipt/page.ts";
import { RECEIPT_WORDS } from "../../../certs/receipt/words.ts";
import type { KeptReceipt, ReceiptListView } from "../../app/queries/receipts.ts";
import { toSheet, toTable, toTime } from "./output.ts";

export function toReceiptsText(receipts: readonly ReceiptListView[]): string {
  if (receipts.length === 0) return "no receipts";
  const rows = receipts.map(({ id, change, merchant, outcome, endedAt, state, code }) => [
    ...[String(id), change, merchant, outcome, toTime(endedAt), code === "" ? state : `${state} ${code}`],
  ]);
  return toTable(["number", "change", "merchant", "outcome", "ended", "receipt"], rows);
}

/** The whole receipt, and the digest by which its PDF and its signed file are known. */
export function toReceiptText({ receipt, digest }: KeptReceipt, lang: PageLanguage): string {
  const words = RECEIPT_WORDS[lang];
  const { text } = toReceiptAnswer(receipt, words);
  const sections = toReceiptPage(receipt, words).flatMap(({ title, rows, table, note }) => [
    "",
    `== ${title}`,
    ...(rows.length === 0 ? [] : [toSheet(rows)]),
    ...(table === undefined ? [] : [toTable(table.headings, table.rows)]),
    ...(note === undefined ? [] : [note]),
  ]);
  return [text, "", toSheet([...toReceiptHead(receipt, words), ["SHA-256", digest]]), ...sections].join("\n");
}
