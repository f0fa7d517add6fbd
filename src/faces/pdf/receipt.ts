import { toReceiptAnswer, toReceiptHead, toReceiptPage } from "../../../certs/receipt/page.ts";
import { RECEIPT_WORDS } from "../../../certs/receipt/words.ts";
import type { KeptReceipt } from "../../app/queries/receipts.ts";
import { type PdfDocument, toPdf } from "./document.ts";
import { toReceiptName } from "./name.ts";

const JSON_TYPE = "application/json";

/** A receipt on paper, with the signed receipt itself inside. @param font a gzipped TrueType font (font/README.md) */
export function toReceiptPdf(kept: KeptReceipt, lang: PdfDocument["lang"], font: Uint8Array): Promise<Uint8Array> {
  const { receipt, digest, file } = kept;
  const words = RECEIPT_WORDS[lang];
  return toPdf(
    {
      ...{ title: words.title, lang, answer: toReceiptAnswer(receipt, words), head: toReceiptHead(receipt, words) },
      sections: toReceiptPage(receipt, words),
      foot: `${receipt.change} SHA-256 ${digest}`,
      madeAt: receipt.at,
      attachment: { name: toReceiptName(receipt, "json"), type: JSON_TYPE, bytes: file, about: words.title },
    },
    font,
  );
}
