import { toRedacted } from "../../proto/redaction.ts";
import { MAX_DETAIL_CHARACTERS } from "../../proto/terminal-messages.ts";

/** A detail fit for state and reports: bounded, printable, no card number. Acquirers and makers' programs write them. */
export function toDetail(detail: string): string {
  return toRedacted(detail)
    .slice(0, MAX_DETAIL_CHARACTERS)
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "?");
}
