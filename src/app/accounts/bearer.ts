import { toDigest, toUtf8 } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { Context } from "../context.ts";

// What a request brings to show whose it is: 32 random bytes behind a prefix, by which scanners find one that has
// leaked.

const PREFIXES = { session: "ts_s_", key: "ts_k_" } as const;
export type BearerKind = keyof typeof PREFIXES;

const BEARER_BYTES = 32;
/** 32 bytes have one text only. */
const FORM = /^(ts_[sk]_)[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

export function createBearer({ randomBytes }: Pick<Context, "randomBytes">, kind: BearerKind): string {
  return `${PREFIXES[kind]}${Buffer.from(randomBytes(BEARER_BYTES)).toString("base64url")}`;
}

/** @throws TillsyncError NOT_AUTHENTICATED */
export function parseBearer(text: string): { readonly kind: BearerKind; readonly digest: Uint8Array } {
  const [, prefix] = FORM.exec(text) ?? [];
  if (prefix === undefined) throw new TillsyncError("NOT_AUTHENTICATED");
  return { kind: prefix === PREFIXES.session ? "session" : "key", digest: toBearerDigest(text) };
}

/** All that is kept of it: what is random cannot be guessed from its digest. */
export function toBearerDigest(bearer: string): Uint8Array {
  return toDigest(toUtf8(bearer));
}
