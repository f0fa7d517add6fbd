import type { IncomingMessage } from "node:http";
import { verifyRequest, verifyRequestDigest } from "../../../../certs/request.ts";
import type { Person, Policy } from "../../../../certs/trust/policy.ts";
import { DIGEST_BYTES, isEqual, toDigest } from "../../../../proto/bytes.ts";
import { TillsyncError } from "../../../../proto/errors.ts";

/** RFC 9530 with the one algorithm, and nothing beside it. */
const CONTENT_DIGEST = /^sha-256=:([A-Za-z0-9+/]{43}=):$/;
const NO_BODY = new Uint8Array(0);

type Head = Pick<IncomingMessage, "headers" | "method" | "url">;

/** Who asks for something that takes no body. @throws TillsyncError REQUEST_UNSIGNED */
export function verifyAsker(policy: Policy, head: Head, now: number): Person {
  return verifyRequest(policy, head.headers.authorization, { ...toLine(head), body: NO_BODY }, now);
}

/**
 * To be called before a byte of the body is read: the request names the digest of its body, and the signature is verified
 * over that. So nobody but an approver makes us take in anything.
 *
 * @throws TillsyncError REQUEST_UNSIGNED
 */
export function verifyBeforeBody(policy: Policy, head: Head, now: number): Person {
  const digest = toNamedDigest(head.headers["content-digest"]);
  return verifyRequestDigest(policy, head.headers.authorization, { ...toLine(head), digest }, now);
}

/** To be called once the body is there. @throws TillsyncError REQUEST_UNSIGNED unless it is the one that was signed */
export function verifyBody(head: Head, body: Uint8Array): void {
  if (!isEqual(toNamedDigest(head.headers["content-digest"]), toDigest(body))) throw unsigned();
}

function toNamedDigest(header: string | readonly string[] | undefined): Uint8Array {
  const digest = Buffer.from(CONTENT_DIGEST.exec(String(header))?.[1] ?? "", "base64");
  if (digest.length !== DIGEST_BYTES) throw unsigned();
  return digest;
}

function toLine({ method = "", url = "" }: Head): { readonly method: string; readonly path: string } {
  return { method, path: url };
}

function unsigned(): TillsyncError {
  return new TillsyncError("REQUEST_UNSIGNED", { what: "content-digest" });
}
