import { inject } from "vitest";
import type { TestProject } from "vitest/node";
import { createAuthority, issueServerCertificate, type KeyAndCertificate } from "../../certs/x509/authority.ts";
import { generateRsaKey, toRsaKeyPem, toRsaPublicKey } from "../../certs/x509/rsa-key.ts";

export const VALID_DAYS = 30;

/** What takes a second of both processors to make: RSA keys in PEM, and what the private authority signed with its own. */
export interface SharedKeys {
  readonly authority: KeyAndCertificate;
  readonly foreignAuthority: KeyAndCertificate;
  readonly server: KeyAndCertificate;
  readonly deviceKeys: readonly [string, string, string];
}

declare module "vitest" {
  interface ProvidedContext {
    readonly sharedKeys: SharedKeys | undefined;
  }
}

/** vitest calls this once before all tests of a run. */
export async function setup(project: TestProject): Promise<void> {
  project.provide("sharedKeys", await createSharedKeys());
}

/** The run's own; made here in a run that has none, such as that of a broken build. */
export async function loadSharedKeys(): Promise<SharedKeys> {
  return inject("sharedKeys") ?? (await createSharedKeys());
}

async function createSharedKeys(): Promise<SharedKeys> {
  const validity = { days: VALID_DAYS, now: new Date() };
  const [authority, foreignAuthority, serverKey, ...deviceKeys] = await Promise.all([
    createAuthority({ ...validity, name: "Tillsync test authority" }),
    createAuthority({ ...validity, name: "Foreign authority" }),
    generateRsaKey(),
    generateRsaKey(),
    generateRsaKey(),
    generateRsaKey(),
  ]);
  const certificate = await issueServerCertificate(authority, {
    ...validity,
    publicKey: toRsaPublicKey(serverKey),
    name: "Tillsync test server",
    dnsNames: ["localhost"],
    ipAddresses: ["127.0.0.1"],
  });
  const [first, second, third] = deviceKeys;
  return {
    authority,
    foreignAuthority,
    server: { key: toRsaKeyPem(serverKey), certificate },
    deviceKeys: [toRsaKeyPem(first), toRsaKeyPem(second), toRsaKeyPem(third)],
  };
}
