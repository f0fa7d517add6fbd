import type { KeyObject } from "node:crypto";
import {
  createAuthority,
  issueServerCertificate,
  issueTerminalCertificate,
  type KeyAndCertificate,
} from "../../certs/x509/authority.ts";
import { generateRsaKey, toRsaKeyPem, toRsaPublicKey } from "../../certs/x509/rsa-key.ts";
import { parseTusn, type Tusn } from "../../proto/tusn.ts";

/** Public sample TUSNs. */
export const TUSN_A = parseTusn("00000304N7NL01933217");
export const TUSN_B = parseTusn("00000304N7NL00072365");
export const TUSN_C = parseTusn("00005702280117638929");

const VALID_DAYS = 30;
const DAY_MS = 86_400_000;

/** A private authority with a server certificate for 127.0.0.1, and another authority that nobody here trusts. */
export interface TestCertificates {
  readonly authority: KeyAndCertificate;
  readonly foreignAuthority: KeyAndCertificate;
  readonly server: KeyAndCertificate;
  /** The device key, the same for every terminal: what tells them apart is the certificate. */
  readonly deviceKey: KeyObject;
  terminal(tusn: Tusn, options?: TerminalOptions): Promise<KeyAndCertificate>;
}

export interface TerminalOptions {
  readonly authority?: KeyAndCertificate;
  /** When the certificate is made; it is good for 30 days from then. */
  readonly now?: Date;
}

let made: Promise<TestCertificates> | undefined;

/** Makes the keys on first use in a test file and shares them from then on: RSA keys are slow to make. */
export function loadCertificates(): Promise<TestCertificates> {
  made ??= create();
  return made;
}

async function create(): Promise<TestCertificates> {
  const now = new Date();
  const validity = { days: VALID_DAYS, now };
  const [authority, foreignAuthority, serverKey, deviceKey] = await Promise.all([
    createAuthority({ ...validity, name: "Tillsync test authority" }),
    createAuthority({ ...validity, name: "Foreign authority" }),
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
  return {
    authority,
    foreignAuthority,
    server: { key: toRsaKeyPem(serverKey), certificate },
    deviceKey,
    terminal: async (tusn, options = {}) => ({
      key: toRsaKeyPem(deviceKey),
      certificate: await issueTerminalCertificate(options.authority ?? authority, {
        tusn,
        publicKey: toRsaPublicKey(deviceKey),
        days: VALID_DAYS,
        now: options.now ?? now,
      }),
    }),
  };
}

/** A time at which a certificate would have been made that is expired now. */
export function longAgo(): Date {
  return new Date(Date.now() - 2 * VALID_DAYS * DAY_MS);
}
