import type { KeyObject } from "node:crypto";
import { issueTerminalCertificate, type KeyAndCertificate } from "../../certs/x509/authority.ts";
import { parseRsaKey, toRsaKeyPem, toRsaPublicKey } from "../../certs/x509/rsa-key.ts";
import { parseTusn, type Tusn } from "../../proto/tusn.ts";
import { loadSharedKeys, VALID_DAYS } from "./shared-keys.ts";

/** Public sample TUSNs. */
export const TUSN_A = parseTusn("00000304N7NL01933217");
export const TUSN_B = parseTusn("00000304N7NL00072365");
export const TUSN_C = parseTusn("00005702280117638929");

const DAY_MS = 86_400_000;

/** A private authority with a server certificate for 127.0.0.1, and another authority that nobody here trusts. */
export interface TestCertificates {
  readonly authority: KeyAndCertificate;
  readonly foreignAuthority: KeyAndCertificate;
  readonly server: KeyAndCertificate;
  /** The device key, the same for every terminal: what tells them apart is the certificate. */
  readonly deviceKey: KeyObject;
  /** The same certificate each time it is asked for without options: the one that a fleet's terminal is enrolled with. */
  terminal(tusn: Tusn, options?: TerminalOptions): Promise<KeyAndCertificate>;
}

export interface TerminalOptions {
  readonly authority?: KeyAndCertificate;
  /** When the certificate is made; it is good for 30 days from then. */
  readonly now?: Date;
}

let made: Promise<TestCertificates> | undefined;

/** The keys that all test files of a run share (`loadSharedKeys`), with certificates of this file's own. */
export function loadCertificates(): Promise<TestCertificates> {
  made ??= create();
  return made;
}

async function create(): Promise<TestCertificates> {
  const { authority, foreignAuthority, server, deviceKeys } = await loadSharedKeys();
  const now = new Date();
  const deviceKey = parseRsaKey(deviceKeys[0]);
  const terminals = new Map<Tusn, Promise<KeyAndCertificate>>();
  const issue = async (tusn: Tusn, options: TerminalOptions = {}): Promise<KeyAndCertificate> => ({
    key: toRsaKeyPem(deviceKey),
    certificate: await issueTerminalCertificate(options.authority ?? authority, {
      tusn,
      publicKey: toRsaPublicKey(deviceKey),
      days: VALID_DAYS,
      now: options.now ?? now,
    }),
  });
  return {
    authority,
    foreignAuthority,
    server,
    deviceKey,
    terminal: (tusn, options) => {
      const known = options === undefined ? terminals.get(tusn) : undefined;
      const terminal = known ?? issue(tusn, options);
      if (options === undefined) terminals.set(tusn, terminal);
      return terminal;
    },
  };
}

/** A time at which a certificate would have been made that is expired now. */
export function longAgo(): Date {
  return new Date(Date.now() - 2 * VALID_DAYS * DAY_MS);
}
