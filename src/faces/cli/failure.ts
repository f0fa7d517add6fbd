import { readFileSync } from "node:fs";
import { type ErrorCode, TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import { toPrintable } from "../../../proto/printable.ts";
import { toRedacted } from "../../../proto/redaction.ts";
import type { Output } from "./output.ts";

/**
 * Tells an error by code, facts and what to do; as JSON where that was asked for.
 *
 * @param page path of docs/errors.md, the one place that says what to do; a test keeps its codes equal to the catalogue
 */
export function printFailure(output: Output, error: unknown, page: string): void {
  const code = toErrorCode(error);
  const message = toPrintable(toRedacted(error instanceof Error ? error.message : String(error)));
  const advice = findAdvice(code, page);
  if (output.json) {
    const fields = error instanceof TillsyncError ? error.fields : {};
    output.err(`${toRedacted(JSON.stringify({ error: { code, message, fields, advice } }))}\n`);
  } else {
    output.err(`${message}\n${advice === "" ? "" : `What to do: ${advice}\n`}`);
  }
}

/** The third column of the code's row in docs/errors.md; empty where the page is not shipped. */
function findAdvice(code: ErrorCode, page: string): string {
  const row = readPage(page)
    .split("\n")
    .find((line) => line.startsWith(`| \`${code}\` |`));
  return (row?.split("|")[3] ?? "").trim().replaceAll("`", "");
}

function readPage(page: string): string {
  try {
    return readFileSync(page, "utf8");
  } catch {
    return "";
  }
}
