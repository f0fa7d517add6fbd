import type { KeyObject } from "node:crypto";
import type { Tusn } from "../../proto/tusn.ts";
import { createCertificate, type Validity } from "./certificate.ts";
import { toTusnUri } from "./identity.ts";
import { AUTHORITY_RSA_BITS, generateRsaKey, parseRsaKey, toRsaKeyPem, toRsaPublicKey } from "./rsa-key.ts";

/** A private key and the certificate over its public half, both in PEM. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly certificate: string;
}

export interface AuthorityRequest extends Validity {
  /** Common name, 1 to 64 letters, digits, spaces, dots or hyphens. */
  readonly name: string;
}

export interface ServerRequest extends Validity {
  readonly publicKey: KeyObject;
  readonly name: string;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

export interface TerminalRequest extends Validity {
  /** Device key of the terminal: RSA of 2,048 bits or more. */
  readonly publicKey: KeyObject;
  readonly tusn: Tusn;
}

const URI_NAME = 6;
const DNS_NAME = 2;
const IP_NAME = 7;

/** A private authority with a new key, self-signed; it issues end certificates only. */
export async function createAuthority(request: AuthorityRequest): Promise<KeyAndCertificate> {
  const key = await generateRsaKey(AUTHORITY_RSA_BITS);
  const certificate = await createCertificate({
    subject: request.name,
    publicKey: toRsaPublicKey(key),
    signingKey: key,
    days: request.days,
    now: request.now,
    extensions: [
      { name: "basicConstraints", critical: true, cA: true, pathLenConstraint: 0 },
      { name: "keyUsage", critical: true, keyCertSign: true, cRLSign: true },
    ],
  });
  return { key: toRsaKeyPem(key), certificate };
}

/**
 * Certificate in PEM by which a server proves its names to terminals.
 *
 * @throws TillsyncError KEY_INVALID
 */
export function issueServerCertificate(authority: KeyAndCertificate, request: ServerRequest): Promise<string> {
  return issue(authority, request, request.name, { serverAuth: true }, [
    ...request.dnsNames.map((value) => ({ type: DNS_NAME, value })),
    ...request.ipAddresses.map((ip) => ({ type: IP_NAME, ip })),
  ]);
}

/**
 * Certificate in PEM by which a terminal proves its TUSN; the one subject alternative name is `urn:tusn:<TUSN>`.
 *
 * @throws TillsyncError KEY_INVALID
 */
export function issueTerminalCertificate(authority: KeyAndCertificate, request: TerminalRequest): Promise<string> {
  const names = [{ type: URI_NAME, value: toTusnUri(request.tusn) }];
  return issue(authority, request, request.tusn, { clientAuth: true }, names);
}

async function issue(
  authority: KeyAndCertificate,
  request: Validity & { readonly publicKey: KeyObject },
  subject: string,
  purpose: { readonly serverAuth: true } | { readonly clientAuth: true },
  altNames: readonly object[],
): Promise<string> {
  return createCertificate({
    subject,
    publicKey: request.publicKey,
    issuer: authority.certificate,
    signingKey: parseRsaKey(authority.key),
    days: request.days,
    now: request.now,
    extensions: [
      { name: "basicConstraints", critical: true, cA: false },
      { name: "keyUsage", critical: true, digitalSignature: true },
      { name: "extKeyUsage", ...purpose },
      { name: "subjectAltName", altNames },
    ],
  });
}
