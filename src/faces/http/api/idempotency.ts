import { createHash } from "node:crypto";
import { TillsyncError } from "../../../../proto/errors.ts";
import type { Context } from "../../../app/context.ts";
import {
  beginRequest,
  countRequests,
  forgetOldRequests,
  forgetRequest,
  type KeptAnswer,
  keepAnswer,
} from "../../../store/idempotency.ts";
import { transact } from "../../../store/store.ts";
import { toProblem } from "../problem.ts";
import { KEPT_S, MAX_KEPT } from "./limits.ts";

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
 * or fails at it, nobody knows how it ended, and its key stays taken.
 *
 * @throws TillsyncError IDEMPOTENCY_CONFLICT for another request, for one under way, and for a repetition of one whose answer is
 *   told once; RATE_LIMITED for too many keys; what `work` throws
 */
export async function doOnce(
  { store, now }: Pick<Context, "store" | "now">,
  { actor, key, digest, tellsOnce }: KeyedRequest,
  work: () => Promise<SentAnswer>,
): Promise<SentAnswer> {
  const former = await transact(store, async (tx) => {
    const at = now();
    await forgetOldRequests(tx, at - KEPT_S);
    const found = await beginRequest(tx, { actor, key, digest, at });
    if (found === undefined && (await countRequests(tx, actor)) > MAX_KEPT) {
      throw new TillsyncError("RATE_LIMITED", { keys: MAX_KEPT });
    }
    return found;
  });
  if (former !== undefined) {
    const { status, etag, body } = former;
    if (!Buffer.from(former.digest).equals(digest)) throw conflict("another request");
    if (status === null) throw conflict("it is under way");
    if (tellsOnce) throw conflict("its answer was told once");
    return { status, etag, body };
  }
  let answer: SentAnswer;
  try {
    answer = await work();
  } catch (error) {
    const isRefusal = toProblem(error).status !== FAULT;
    if (isRefusal) await transact(store, (tx) => forgetRequest(tx, { actor, key }));
    throw error;
  }
  await transact(store, (tx) => keepAnswer(tx, { actor, key }, tellsOnce ? { ...answer, body: "" } : answer));
  return answer;
}

function conflict(what: string): TillsyncError {
  return new TillsyncError("IDEMPOTENCY_CONFLICT", { what });
}
