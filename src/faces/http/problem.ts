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
  LOGIN_FAILED: 401,
  NOT_AUTHENTICATED: 401,
  NOT_AUTHORIZED: 401,
  REQUEST_UNSIGNED: 401,
  TOKEN_INVALID: 401,
  ACCESS_DENIED: 403,
  ACCOUNT_LOCKED: 403,
  CERTIFICATE_INVALID: 403,
  CERTIFICATE_REVOKED: 403,
  CERTIFICATE_UNKNOWN: 403,
  ENROLMENT_LOCKED: 403,
  PROOF_EXPIRED: 403,
  PROOF_LOCKED: 403,
  PROOF_WRONG: 403,
  ROLE_NOT_ALLOWED: 403,
  SELF_APPROVAL: 403,
  SIGNER_NOT_ALLOWED: 403,
  TERMINAL_QUARANTINED: 403,
  TERMINAL_RETIRED: 403,
  TERMINAL_SUSPENDED: 403,
  TUSN_UNPROVEN: 403,
  NOT_FOUND: 404,
  CHANGE_OPEN: 409,
  ENROLMENT_HELD: 409,
  HELLO_MISSING: 409,
  IDEMPOTENCY_CONFLICT: 409,
  STATE_CONFLICT: 409,
  VERSION_CONFLICT: 409,
  EXPIRED: 410,
  PRECONDITION_FAILED: 412,
  BYTES_TOO_LARGE: 413,
  ACQUIRER_REFUSED: 422,
  BINDING_EXPIRED: 422,
  BINDING_LAST: 422,
  BIN_UNKNOWN: 422,
  CAP_EXCEEDED: 422,
  CHANGE_BLACKOUT: 422,
  CHANGE_TOO_SOON: 422,
  CREDIT_CARD: 422,
  EVIDENCE_MISSING: 422,
  NAME_NOT_ENCODABLE: 422,
  NOTHING_TO_RELEASE: 422,
  OWNER_DIFFERS: 422,
  POLICY_FORBIDS: 422,
  RELEASE_INVALID: 422,
  SIGNATURE_INVALID: 422,
  STATEMENT_UNSIGNED: 422,
  TYPE_NOT_ALLOWED: 422,
  PRECONDITION_REQUIRED: 428,
  RATE_LIMITED: 429,
  ADMISSION_TOO_SLOW: 503,
  BUS_CLOSED: 503,
  DESK_BUSY: 503,
  VERIFIER_FAILED: 503,
  ACQUIRER_FAILED: 503,
  ACQUIRER_UNSIGNED: 503,
  DATA_FOLDER_INVALID: 500,
  KEY_FILE_INVALID: 500,
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
