import { TillsyncError, toErrorCode } from "../../proto/errors.ts";
import { toPrintable } from "../../proto/printable.ts";
import { toRedacted } from "../../proto/redaction.ts";
import type { Ports } from "./ports.ts";

/** What was asked for: as JSON, or as text. */
export function print(ports: Ports, isJson: boolean, value: object, toText: () => string): void {
  ports.out(`${isJson ? JSON.stringify(value, null, 2) : toText()}\n`);
}

/** An error in one line: its code, what it means, and the facts. Never a card number, whatever the error holds. */
export function printFailure(ports: Ports, isJson: boolean, error: unknown): void {
  const code = toErrorCode(error);
  const message = toPrintable(toRedacted(error instanceof Error ? error.message : String(error)));
  const fields = error instanceof TillsyncError ? error.fields : {};
  const json = () => toRedacted(JSON.stringify({ error: { code, message, fields } }));
  ports.err(`${isJson ? json() : code === "INTERNAL" ? `INTERNAL: ${message}` : message}\n`);
}
