import { ERRORS, type ErrorCode, type ErrorFields, TillsyncError } from "../../../proto/errors.ts";

export const PROBLEM_TYPE = "application/problem+json";

/** What went wrong, in the form of RFC 9457. It never tells where in the program, or what a client sent. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly fields: ErrorFields;
}

/** Codes that are not simply a bad request. */
const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  REQUEST_UNSIGNED: 401,
  NOT_FOUND: 404,
  STATE_CONFLICT: 409,
  EXPIRED: 410,
  BYTES_TOO_LARGE: 413,
  RELEASE_INVALID: 422,
  SIGNATURE_INVALID: 422,
  DESK_BUSY: 503,
  STORE_FAILED: 500,
  TRUST_EXPIRED: 500,
  INTERNAL: 500,
};

/** Refusals of the HTTP library itself, by their status. */
const CODES: Readonly<Record<number, ErrorCode>> = { 404: "NOT_FOUND", 413: "BYTES_TOO_LARGE" };

/** Any thrown value, ours or the library's; what is neither is a fault of ours, of which only that is told. */
export function toProblem(error: unknown): Problem {
  if (error instanceof TillsyncError) return toProblemOf(error.code, STATUS[error.code] ?? 400, error.fields);
  const status = toStatus(error);
  if (status < 400 || status >= 500) return toProblemOf("INTERNAL", 500);
  return toProblemOf(CODES[status] ?? "FIELD_INVALID", status);
}

export function toProblemOf(code: ErrorCode, status: number, fields: ErrorFields = {}): Problem {
  const isOurs = status >= 500 && code !== "DESK_BUSY";
  return { type: `urn:tillsync:${code}`, title: ERRORS[code], status, code, fields: isOurs ? {} : fields };
}

function toStatus(error: unknown): number {
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  return typeof status === "number" ? status : 500;
}
