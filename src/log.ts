import { type DestinationStream, type Level, type Logger, pino } from "pino";
import { TillsyncError, toErrorCode } from "../proto/errors.ts";
import { toRedacted } from "../proto/redaction.ts";

/** Structured log: one JSON object a line. A message is constant per event; what varies is in fields. */
export type Log = Logger;

export type LogLevel = Level | "silent";

/**
 * Opens a log. Whatever looks like a card number is cut on the finished line, wherever in it it stands. Times are ISO
 * texts because a number of milliseconds can look like a card number.
 */
export function openLog(level: LogLevel, destination: DestinationStream): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: toRedacted },
    },
    destination,
  );
}

/** Fields that tell an error: its code and facts; for a fault of ours where it came from, too. */
export function toErrorFields(error: unknown): Readonly<Record<string, unknown>> {
  if (error instanceof TillsyncError) {
    const cause = error.cause instanceof Error ? { cause: error.cause.message } : {};
    return { ...error.fields, ...cause, code: error.code };
  }
  return { code: toErrorCode(error), stack: error instanceof Error ? error.stack : String(error) };
}
