import { type StartTimer, startTimer } from "../../../broker/guard/timer.ts";
import { type ErrorCode, TillsyncError } from "../../../proto/errors.ts";
import type { Log } from "../../log.ts";
import { parseRetryAfter, toDelay } from "./backoff.ts";
import { type Breaker, type BreakerEvent, CLOSED, stepBreaker } from "./breaker.ts";
import { type Endpoint, exchange, type HttpRequest, type Reply } from "./client.ts";

/** Calls under way or waiting; one more is refused. */
const MAX_PENDING = 1_000;

export interface CallerOptions {
  readonly endpoint: Endpoint;
  /** What the log calls the other side. */
  readonly name: string;
  /** What a failure is called. */
  readonly code: ErrorCode;
  readonly maxAnswerBytes: number;
  readonly log: Log;
  /** From the first byte to the last; milliseconds. */
  readonly attemptMs?: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly clock?: () => number;
  /** Milliseconds since 1970. */
  readonly today?: () => number;
  /** Within [0, 1). */
  readonly random?: () => number;
  readonly startTimer?: StartTimer;
}

/** What a reply means. */
export type Judged<T> =
  | { readonly answer: T }
  | {
      readonly error: TillsyncError;
      /** Whether to ask again. */
      readonly again: boolean;
      /** Whether it shows that the other side is out of order, rather than that it does not like one request. */
      readonly counts: boolean;
    };

export interface Call<T> {
  /** The request, made anew for each attempt, so that each has a time and a nonce of its own. */
  toRequest(): HttpRequest;
  /** What it throws is thrown by the call, and not asked again. */
  judge(reply: Reply): Judged<T>;
  /** False for what must not go out twice unless it surely had no effect the first time. */
  readonly repeats: boolean;
}

/**
 * Calls one other side over HTTP: with bounded time, size, repetition and number, waits that grow, and a circuit breaker that
 * leaves it alone while it does not answer.
 */
export class Caller {
  readonly #options: Omit<Required<CallerOptions>, "attemptMs"> & Pick<CallerOptions, "attemptMs">;
  #breaker: Breaker = CLOSED;
  #pending = 0;

  constructor(options: CallerOptions) {
    this.#options = {
      ...{ clock: () => performance.now(), today: Date.now, random: Math.random, startTimer },
      ...options,
    };
  }

  get endpoint(): Endpoint {
    return this.#options.endpoint;
  }

  /**
   * @throws TillsyncError the caller's code, what `judge` says, and what it throws; its fact `sent` is false only where no
   *   attempt can have had any effect
   */
  async call<T>(call: Call<T>): Promise<T> {
    if (this.#pending >= MAX_PENDING) throw this.#failed("too many questions at once");
    this.#pending += 1;
    try {
      return await this.#call(call);
    } finally {
      this.#pending -= 1;
    }
  }

  async #call<T>({ toRequest, judge, repeats }: Call<T>): Promise<T> {
    const { random, today, startTimer } = this.#options;
    let last: TillsyncError | undefined;
    let isSent = false;
    for (let attempt = 1; ; attempt += 1) {
      if (!this.#step("ask")) throw last ?? this.#failed("left alone after failures");
      const { judged, retryAfter } = await this.#attempt(toRequest(), judge);
      this.#step("error" in judged && judged.counts ? "failed" : "answered");
      if ("answer" in judged) return judged.answer;
      isSent ||= judged.error.fields["sent"] !== false;
      // What one attempt is sure of, the ones before may not be.
      last = isSent ? toUnsure(judged.error) : judged.error;
      const delay = toDelay(attempt, random(), parseRetryAfter(retryAfter, today()));
      const mayRepeat = judged.again && (repeats || last.fields["sent"] === false);
      if (!mayRepeat || delay === undefined) throw last;
      await new Promise<void>((resolve) => void startTimer(delay, resolve));
    }
  }

  async #attempt<T>(
    request: HttpRequest,
    judge: (reply: Reply) => Judged<T>,
  ): Promise<{ readonly judged: Judged<T>; readonly retryAfter: string | undefined }> {
    const { endpoint, code, maxAnswerBytes, startTimer, attemptMs } = this.#options;
    const bounds = { code, maxAnswerBytes, startTimer, ...(attemptMs === undefined ? {} : { attemptMs }) };
    let reply: Reply;
    try {
      reply = await exchange(endpoint, request, bounds);
    } catch (cause) {
      const error = cause instanceof TillsyncError ? cause : this.#failed("network");
      return { judged: { error, again: error.fields["what"] !== "size", counts: true }, retryAfter: undefined };
    }
    return { judged: this.#judge(reply, judge), retryAfter: reply.headers["retry-after"] };
  }

  /** Whatever `judge` throws must not leave the breaker half open. */
  #judge<T>(reply: Reply, judge: (reply: Reply) => Judged<T>): Judged<T> {
    try {
      return judge(reply);
    } catch (cause) {
      const error = cause instanceof TillsyncError ? cause : new TillsyncError("INTERNAL", {}, cause);
      return { error, again: false, counts: false };
    }
  }

  /** Whether to ask. */
  #step(event: BreakerEvent): boolean {
    const { log, name, code, clock } = this.#options;
    const before = this.#breaker.kind;
    const { state, mayAsk } = stepBreaker(this.#breaker, event, clock());
    this.#breaker = state;
    if (state.kind === "open" && before !== "open") log.warn({ code, ms: state.openMs }, `${name} left alone`);
    if (state.kind === "closed" && before !== "closed") log.info({}, `${name} answers again`);
    return mayAsk;
  }

  #failed(what: string): TillsyncError {
    return new TillsyncError(this.#options.code, { what, sent: false });
  }
}

/** The same, and nothing said of whether it had any effect. */
function toUnsure(error: TillsyncError): TillsyncError {
  const { sent, ...fields } = error.fields;
  return sent === undefined ? error : new TillsyncError(error.code, fields, error.cause);
}
