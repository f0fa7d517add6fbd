import { TillsyncError } from "../../proto/errors.ts";
import type { Source } from "./source.ts";

/** For one file, from the request to the last byte. */
export const DEFAULT_TIMEOUT_S = 60;
const MAX_REDIRECTS = 3;
/** A store of files that does not let anyone list it says 403 for what is not there. */
const NOT_THERE: readonly number[] = [403, 404];
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
const PROTOCOLS: readonly string[] = ["http:", "https:"];

/**
 * Files over HTTP or HTTPS below an address.
 *
 * @param timeout seconds for one file
 * @throws TillsyncError CONFIG_INVALID where the address is of another kind
 */
export function openHttpSource(base: string, timeout: number): Source {
  const { href } = toUrl(base.endsWith("/") ? base : `${base}/`);
  return {
    get: async (address, most) => {
      const signal = AbortSignal.timeout(timeout * 1_000);
      try {
        const response = await request(new URL(`${href}${address}`), signal);
        return response === undefined ? undefined : await readBounded(response, most);
      } catch (cause) {
        if (cause instanceof TillsyncError) throw cause;
        throw new TillsyncError("FETCH_FAILED", { address, reason: toReason(cause) }, cause);
      }
    },
  };
}

function toUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !PROTOCOLS.includes(url.protocol) || url.search !== "" || url.hash !== "") {
    throw new TillsyncError("CONFIG_INVALID", { url: text, expected: "an http or https address" });
  }
  return url;
}

async function request(first: URL, signal: AbortSignal): Promise<Response | undefined> {
  let url = first;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const response = await fetch(url, { signal, redirect: "manual", headers: { "accept-encoding": "identity" } });
    if (response.ok) return response;
    await response.body?.cancel();
    if (NOT_THERE.includes(response.status)) return undefined;
    const location = REDIRECTS.includes(response.status) ? response.headers.get("location") : null;
    if (location === null) throw new TillsyncError("FETCH_FAILED", { address: url.href, status: response.status });
    const next = new URL(location, url);
    if (next.protocol !== first.protocol) throw new TillsyncError("FETCH_FAILED", { address: next.href });
    url = next;
  }
  throw new TillsyncError("FETCH_FAILED", { address: first.href, redirects: MAX_REDIRECTS });
}

async function readBounded({ body, url }: Response, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop by the error closes the connection.
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > most) throw new TillsyncError("BYTES_TOO_LARGE", { address: url, most });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function toReason(error: unknown): string {
  const { cause } = error as { readonly cause?: unknown };
  return String(cause ?? error);
}
