import { exchange, type Server, toRetryAfter } from "../exchange.ts";

export type { Server } from "../exchange.ts";

/** A certificate and its authority's take a twentieth of it. */
export const MAX_ANSWER_BYTES = 65_536;

export interface HttpAnswer {
  readonly status: number;
  /** Seconds, where the answer says so. */
  readonly retryAfterS: number | undefined;
  readonly body: string;
}

/**
 * Sends JSON over TLS 1.3 and gives whatever is answered.
 *
 * @throws TillsyncError FETCH_FAILED where no whole answer came within the bounds
 */
export async function post(server: Server, path: string, body: object): Promise<HttpAnswer> {
  const answer = await exchange(server, {
    ...{ method: "POST", path, headers: { "content-type": "application/json" } },
    ...{ body: Buffer.from(JSON.stringify(body)), maxAnswerBytes: MAX_ANSWER_BYTES },
  });
  return { status: answer.status, retryAfterS: toRetryAfter(answer), body: answer.body.toString("utf8") };
}
