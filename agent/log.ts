import { pino } from "pino";
import { type ErrorFields, TillsyncError, toErrorCode } from "../proto/errors.ts";
import { toRedacted } from "../proto/redaction.ts";

export type LogLevel = "info" | "warn" | "error";

/** One constant text per event, the facts in fields. */
export type Log = (level: LogLevel, event: string, fields?: ErrorFields) => void;

/**
 * JSON lines in which nothing looks like a card number; `write` takes one line at a time. Times are ISO texts because a
 * number of milliseconds can look like a card number.
 */
export function openLog(write: (line: string) => void): Log {
  const options = {
    base: null,
    messageKey: "event",
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    hooks: { streamWrite: toRedacted },
  };
  const logger = pino(options, { write });
  return (level, event, fields = {}) => logger[level](fields, event);
}

/** Code and facts of anything thrown, for the log; of what is not ours also its text, which names no secret of ours. */
export function toErrorFields(error: unknown): ErrorFields {
  if (error instanceof TillsyncError) return { ...error.fields, ...toCauseFields(error.cause), code: error.code };
  return { code: toErrorCode(error), what: String(error) };
}

function toCauseFields(cause: unknown): ErrorFields {
  return cause === undefined ? {} : { cause: cause instanceof TillsyncError ? cause.code : String(cause) };
}
