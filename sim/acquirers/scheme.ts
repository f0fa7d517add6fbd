import type { IncomingHttpHeaders } from "node:http";

/** A request as it came in. */
export interface Incoming {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Outgoing {
  readonly status: number;
  readonly body: string;
}

/** One acquirer's ways: what it checks, does and says, and how it signs that. */
export interface Scheme {
  /** @throws Refusal */
  handle(request: Incoming): Outgoing;
  toRefusal(refusal: Refusal): Outgoing;
  /** Headers that sign an answer; `wrongly` with another's key. */
  sign(request: Incoming, answer: Outgoing, at: number, wrongly: boolean): Readonly<Record<string, string>>;
}

/** What it answers instead, in its own form. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly words: string;

  constructor(status: number, code: string, words = "") {
    super(code);
    this.status = status;
    this.code = code;
    this.words = words;
  }
}

const MAX_SKEW_S = 300;

/** Times and nonces of requests: each is taken once, and lately. */
export class Nonces {
  readonly #seen = new Set<string>();

  /** @throws Refusal */
  take(nonce: string, at: string, code: string): void {
    const isLate = !/^\d{1,12}$/.test(at) || Math.abs(Date.now() / 1_000 - Number(at)) > MAX_SKEW_S;
    if (isLate || nonce.length < 12 || this.#seen.has(nonce)) throw new Refusal(401, code, "time or nonce");
    this.#seen.add(nonce);
  }
}

/** The fields of an Authorization header of the form `SCHEME a="1",b="2"`. */
export function parseAuthorization(header: string | undefined, scheme: string): Readonly<Record<string, string>> {
  if (header === undefined || !header.startsWith(`${scheme} `)) return {};
  const pairs = header.slice(scheme.length + 1).matchAll(/([a-z_]+)="([^"]*)"/g);
  return Object.fromEntries(Array.from(pairs, ([, name, value]) => [name, value]));
}
