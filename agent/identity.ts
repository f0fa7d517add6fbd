import { type KeyObject, X509Certificate } from "node:crypto";
import { statSync } from "node:fs";
import { toDeviceKey, toTusn } from "../certs/x509/identity.ts";
import { parseRsaKey } from "../certs/x509/rsa-key.ts";
import { TillsyncError } from "../proto/errors.ts";
import type { Tusn } from "../proto/tusn.ts";
import { type CardKey, openCardKey } from "./card-key.ts";
import { type Config, readConfigFile } from "./config.ts";

/** Rights that nobody but a secret's owner may have. */
const OTHERS = 0o077;

/** Who the terminal is and whom it believes; keys and certificates in PEM. */
export interface Identity {
  readonly tusn: Tusn;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly deviceKey: KeyObject;
  /** SHA-256 of the SubjectPublicKeyInfo of the device key. */
  readonly deviceKeyDigest: Uint8Array;
  readonly pinnedRoot: Uint8Array;
  /** Where the terminal needs card numbers. */
  readonly cardKey: CardKey | undefined;
}

/**
 * Reads the files that the settings name, and refuses those that do not belong together.
 *
 * @throws TillsyncError CONFIG_INVALID, KEY_INVALID, CERTIFICATE_INVALID
 */
export function loadIdentity(config: Config): Identity {
  const cert = readConfigFile(config.certFile, "certFile").toString("utf8");
  const key = readConfigFile(config.keyFile, "keyFile").toString("utf8");
  const deviceKey = parseRsaKey(key);
  const certificate = parseCertificate(cert);
  if (!certificate.checkPrivateKey(deviceKey)) throw new TillsyncError("CONFIG_INVALID", { file: "keyFile" });
  const tusn = toTusn(certificate);
  if (tusn !== config.tusn) throw new TillsyncError("CONFIG_INVALID", { field: "tusn", certificate: tusn });
  return {
    tusn,
    cert,
    key,
    deviceKey,
    deviceKeyDigest: toDeviceKey(certificate.publicKey),
    ca: readConfigFile(config.caFile, "caFile").toString("utf8"),
    pinnedRoot: readConfigFile(config.rootFile, "rootFile"),
    cardKey: loadCardKey(config, deviceKey),
  };
}

function loadCardKey({ cardKeyFile, tusn }: Config, deviceKey: KeyObject): CardKey | undefined {
  if (cardKeyFile === undefined) return undefined;
  const pem = readConfigFile(cardKeyFile, "cardKeyFile").toString("utf8");
  if ((statSync(cardKeyFile).mode & OTHERS) !== 0) {
    throw new TillsyncError("CONFIG_INVALID", { file: "cardKeyFile", expected: "readable by its owner only" });
  }
  return openCardKey(pem, tusn, deviceKey);
}

function parseCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new TillsyncError("CERTIFICATE_INVALID", { file: "certFile" }, cause);
  }
}
