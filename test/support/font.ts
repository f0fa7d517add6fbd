import { readFileSync } from "node:fs";

/** The font of documents to print, as the build takes it along. */
export function readFont(): Uint8Array {
  return readFileSync("src/faces/pdf/font/NotoSansSC-Regular.ttf.gz");
}
