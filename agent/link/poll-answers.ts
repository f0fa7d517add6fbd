import { ERRORS, type ErrorCode, TillsyncError } from "../../proto/errors.ts";
import {
  type DesiredMessage,
  MAX_NEXT_POLL_S,
  NEXT_POLL_HEADER,
  parseDesired,
  parseUploaded,
  SESSION_BYTES,
  SESSION_HEADER,
  toEntityTag,
} from "../../proto/polling.ts";
import { type Answer, toRetryAfter } from "../exchange.ts";

// What a service answers to a terminal that polls (clause 5.10). It may be in an attacker's hands.

/** Where the service does not say when to ask again. */
const DEFAULT_NEXT_POLL_S = 30;
const SESSION = new RegExp(`^[0-9a-f]{${2 * SESSION_BYTES}}$`);
const CODE = /"code"\s*:\s*"([A-Z_]{1,40})"/;
const SECONDS = /^\d{1,4}$/;
/** Answers that say "later". */
const LATER: readonly number[] = [429, 500, 502, 503, 504];

/** An answer that is none, or a refusal. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  /** Whether the very same request may be answered later. */
  readonly isLater: boolean;
  readonly retryAfterS: number | undefined;

  constructor(code: ErrorCode, isLater: boolean, retryAfterS: number | undefined) {
    super(code);
    this.code = code;
    this.isLater = isLater;
    this.retryAfterS = retryAfterS === undefined ? undefined : Math.min(retryAfterS, MAX_NEXT_POLL_S);
  }
}

/** The session that the upload's messages are stored in. @throws Refusal; TillsyncError for an answer that is none */
export function readUploaded(answer: Answer, messages: number): string {
  if (answer.status !== 200) throw toRefusal(answer);
  const codes = parseUploaded(answer.body);
  if (codes.length !== messages) throw new TillsyncError("FIELD_INVALID", { field: "uploaded.codes" });
  const refused = codes.find((code) => code !== "");
  if (refused !== undefined) throw new Refusal(refused, false, toRetryAfter(answer));
  const session = String(answer.headers[SESSION_HEADER]);
  if (!SESSION.test(session)) throw new TillsyncError("FIELD_INVALID", { field: SESSION_HEADER });
  return session;
}

export interface ReadDesired {
  /** Tag of the content that the terminal has when it has taken these messages. */
  readonly etag: string;
  readonly messages: readonly DesiredMessage[];
  readonly nextPollS: number;
}

/**
 * @param held tag of the content that the terminal has said it has
 * @throws Refusal; TillsyncError for an answer that is none: a tag of other bytes, or "not changed" against nothing
 */
export function readDesired(answer: Answer, held: string | undefined): ReadDesired {
  const { status, headers, body } = answer;
  const etag = String(headers.etag);
  const nextPollS = readNextPoll(answer);
  if (status === 304 && held !== undefined) {
    if (etag !== held) throw new TillsyncError("FIELD_INVALID", { field: "etag" });
    return { etag, messages: [], nextPollS };
  }
  if (status !== 200) throw toRefusal(answer);
  if (etag !== toEntityTag(body)) throw new TillsyncError("FIELD_INVALID", { field: "etag" });
  return { etag, messages: parseDesired(body).messages, nextPollS };
}

function readNextPoll({ headers }: Answer): number {
  const text = String(headers[NEXT_POLL_HEADER]);
  return SECONDS.test(text) ? Math.min(Math.max(Number(text), 1), MAX_NEXT_POLL_S) : DEFAULT_NEXT_POLL_S;
}

/** By the service's own code, where it is one of ours; nothing else that it says is passed on. */
function toRefusal(answer: Answer): Refusal {
  const code = CODE.exec(answer.body.toString("latin1"))?.[1] ?? "";
  const known = Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : "FETCH_FAILED";
  return new Refusal(known, LATER.includes(answer.status), toRetryAfter(answer));
}
