import { createHash } from "node:crypto";
import { TillsyncError } from "../../../../proto/errors.ts";
import type { Context } from "../../../app/context.ts";
import type { IdempotencyRow } from "../../../store/api-schema.ts";
import {
  beginRequest,
  countRequests,
  forgetOldRequests,
  forgetRequest,
  type KeptAnswer,
  keepAnswer,
  takeOverRequest,
} from "../../../store/idempotency.ts";
import { transact } from "../../../store/store.ts";
import { toProblem } from "../problem.ts";
import { KEPT_S, LEASE_S, MAX_KEPT, UNDER_WAY_S } from "./limits.ts";

/** HTTP status of whatever is no refusal. */
const FAULT = 500;

/** An answer as it goes out. */
export interface SentAnswer extends KeptAnswer {
  readonly status: number;
}

/** A request that came with a key. */
export interface KeyedRequest {
  readonly actor: string;
  readonly key: string;
  readonly digest: Uint8Array;
  /** Its answer is told once: it is not kept, and a repetition is refused. */
  readonly tellsOnce: boolean;
}

/** Names a request by all that decides what it does. */
export function toRequestDigest(parts: readonly (string | Uint8Array)[]): Uint8Array {
  const hash = createHash("sha256");
  for (const part of parts) {
    const bytes = Buffer.from(part);
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.digest();
}

/**
 * Does what was asked at most once for each key of an actor: a repetition of the same request gets the same answer for KEPT_S
 * seconds. A request that was refused has done nothing and leaves the key free. Where the service ends in the midst of one,
 * or fails at it, nobody knows how it ended: it counts as under way for LEASE_S seconds, and a repetition is carried out anew
 * afterwards. That nothing is done twice then is for the application to see to, which looks at what is on record; what is
 * told once is therefore never carried out anew. Of two that ran, the answer of the one that began last is kept.
 *
 * @throws TillsyncError IDEMPOTENCY_CONFLICT for another request, for one under way (with the `seconds` after which to come
 *   again), and for a repetition of one whose answer is told once; RATE_LIMITED for too many keys; what `work` throws
 */
export async function doOnce(
  { store, now }: Pick<Context, "store" | "now">,
  { actor, key, digest, tellsOnce }: KeyedRequest,
  work: () => Promise<SentAnswer>,
): Promise<SentAnswer> {
  const { at, former } = await transact(store, async (tx) => {
    const at = now();
    await forgetOldRequests(tx, at - KEPT_S);
    const found = await beginRequest(tx, { actor, key, digest, at });
    if (found === undefined && (await countRequests(tx, actor)) > MAX_KEPT) {
      throw new TillsyncError("RATE_LIMITED", { keys: MAX_KEPT });
    }
    if (found === undefined) return { at };
    const isSame = Buffer.from(found.digest).equals(digest);
    if (!isSame) throw conflict("another request");
    if (found.status !== null || tellsOnce) return { at, former: found };
    const leftS = found.at + LEASE_S - at;
    const isMine = leftS <= 0 && (await takeOverRequest(tx, found, at));
    return isMine ? { at } : { at, former: found };
  });
  if (former !== undefined) return toFormerAnswer(former, at, tellsOnce);
  let answer: SentAnswer;
  try {
    answer = await work();
  } catch (error) {
    const isRefusal = toProblem(error).status !== FAULT;
    if (isRefusal) await transact(store, (tx) => forgetRequest(tx, { actor, key, at }));
    throw error;
  }
  await transact(store, (tx) => keepAnswer(tx, { actor, key, at }, tellsOnce ? { ...answer, body: "" } : answer));
  return answer;
}

/** @throws TillsyncError IDEMPOTENCY_CONFLICT */
function toFormerAnswer({ status, etag, body, at }: IdempotencyRow, now: number, tellsOnce: boolean): SentAnswer {
  const leftS = at + LEASE_S - now;
  if (status === null && leftS > 0) throw conflict("it is under way", { seconds: Math.min(leftS, UNDER_WAY_S) });
  if (status === null) throw conflict("nobody knows how it ended");
  if (tellsOnce) throw conflict("its answer was told once");
  return { status, etag, body };
}

function conflict(what: string, more: { readonly seconds?: number } = {}): TillsyncError {
  return new TillsyncError("IDEMPOTENCY_CONFLICT", { what, ...more });
}
