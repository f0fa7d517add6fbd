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

/** Lines of one window; an agent that nobody attacks writes a few in an hour. */
export const MAX_LINES_PER_WINDOW = 240;
export const LOG_WINDOW_S = 60;

/**
 * The log with a bound: a broker that sends rubbish as fast as it can must not fill the terminal's disk with what the
 * agent says of it. What is left out is counted, and told when there is room again. `uptime` in seconds.
 */
export function boundLog(log: Log, uptime: () => number): Log {
  let since = uptime();
  let lines = 0;
  return (level, event, fields) => {
    if (uptime() >= since + LOG_WINDOW_S) {
      if (lines > MAX_LINES_PER_WINDOW) log("warn", "log lines left out", { lines: lines - MAX_LINES_PER_WINDOW });
      since = uptime();
      lines = 0;
    }
    lines += 1;
    if (lines <= MAX_LINES_PER_WINDOW) log(level, event, fields);
  };
}

/** Code and facts of anything thrown, for the log; of what is not ours also its text, which names no secret of ours. */
export function toErrorFields(error: unknown): ErrorFields {
  if (error instanceof TillsyncError) return { ...error.fields, ...toCauseFields(error.cause), code: error.code };
  return { code: toErrorCode(error), what: String(error) };
}

function toCauseFields(cause: unknown): ErrorFields {
  return cause === undefined ? {} : { cause: cause instanceof TillsyncError ? cause.code : String(cause) };
}
