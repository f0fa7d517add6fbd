import { type KeyObject, sign, verify } from "node:crypto";
import { toDigest, toHex, toUtf8 } from "../proto/bytes.ts";
import { PAYLOAD_TYPES, toPreAuthEncoding } from "../proto/dsse.ts";
import { TillsyncError } from "../proto/errors.ts";
import { toPublicKey } from "./keys.ts";
import type { Person, Policy } from "./trust/policy.ts";

// How a person of the policy speaks to the service: every request carries a signature by the same key that approves,
// under a type of its own, so that none is ever good as an approval and no session has to be kept.

/** How far a request's time may lie from the service's, either way, in seconds. */
export const REQUEST_WINDOW_S = 300;

const SCHEME = "Tillsync-Approver";
const HEADER = /^Tillsync-Approver key=([0-9a-f]{64}),at=([1-9]\d{0,10}),signature=([0-9a-f]{128})$/;
const METHOD = /^[A-Z]{1,16}$/;
/** Path and query as they stand in the request line. */
const PATH = /^\/[\x21-\x7e]{0,2047}$/;

/** What a request asks, in the very bytes that are sent. */
export interface SignedRequest {
  readonly method: string;
  /** With the query, as in the request line; begins with a slash. */
  readonly path: string;
  /** Empty where the request has none. */
  readonly body: Uint8Array;
}

/**
 * The value of the header `authorization` for a request made at `at`, in seconds.
 *
 * @throws TillsyncError FIELD_INVALID for a method or path that cannot stand in a request line
 */
export function signRequest(key: KeyObject, request: SignedRequest & { readonly at: number }): string {
  const { method, path, at } = request;
  if (!METHOD.test(method)) throw new TillsyncError("FIELD_INVALID", { field: "request.method" });
  if (!PATH.test(path)) throw new TillsyncError("FIELD_INVALID", { field: "request.path" });
  const signature = sign(null, toRequestEncoding({ method, path, digest: toDigest(request.body) }, at), key);
  return `${SCHEME} key=${toPublicKey(key).id},at=${at},signature=${toHex(signature)}`;
}

/**
 * The person of the policy who made a request within REQUEST_WINDOW_S of `now`, in seconds. A request may be replayed
 * within that window: whatever it asks for has to be safe to ask for twice.
 *
 * @throws TillsyncError REQUEST_UNSIGNED for no header, another form, an unknown key, a wrong signature or a wrong time
 */
export function verifyRequest(policy: Policy, header: string | undefined, request: SignedRequest, now: number): Person {
  return verifyRequestDigest(policy, header, { ...request, digest: toDigest(request.body) }, now);
}

/**
 * As `verifyRequest`, before the body is there: `digest` is the SHA-256 that the request says its body has. Whoever asks
 * has to compare them once it is: until then only this much is known, that the person signed for a body of that digest.
 *
 * @throws TillsyncError REQUEST_UNSIGNED
 */
export function verifyRequestDigest(
  policy: Policy,
  header: string | undefined,
  request: Omit<SignedRequest, "body"> & { readonly digest: Uint8Array },
  now: number,
): Person {
  const [, keyId, time = "", signature = ""] = HEADER.exec(header ?? "") ?? [];
  const at = Number(time);
  demand(keyId !== undefined && METHOD.test(request.method) && PATH.test(request.path), "form");
  const person = policy.persons.find(({ keys }) => keys.some(({ id }) => id === keyId));
  const key = person?.keys.find(({ id }) => id === keyId);
  if (person === undefined || key === undefined) throw new TillsyncError("REQUEST_UNSIGNED", { what: "key" });
  demand(verify(null, toRequestEncoding(request, at), key.key, Buffer.from(signature, "hex")), "signature");
  demand(Math.abs(now - at) <= REQUEST_WINDOW_S, "time");
  return person;
}

function toRequestEncoding(
  { method, path, digest }: Omit<SignedRequest, "body"> & { readonly digest: Uint8Array },
  at: number,
): Uint8Array {
  const text = `${method}\n${path}\n${at}\n${toHex(digest)}`;
  return toPreAuthEncoding(PAYLOAD_TYPES.request, toUtf8(text));
}

function demand(holds: boolean, what: string): void {
  if (!holds) throw new TillsyncError("REQUEST_UNSIGNED", { what });
}
