import { createPrivateKey, sign, X509Certificate } from "node:crypto";
import { promisify } from "node:util";
import {
  issueServerCertificate,
  issueTerminalCertificate,
  type KeyAndCertificate,
} from "../../certs/x509/authority.ts";
import { createCertificate, type Validity } from "../../certs/x509/certificate.ts";
import { generateRsaKey, toRsaKeyPem, toRsaPublicKey } from "../../certs/x509/rsa-key.ts";
import { parseTusn, type Tusn } from "../../proto/tusn.ts";

const DAYS = 2;
const SIGNERS = 8;
/** Of a signature by the authority's key, at the end of each certificate. */
const SIGNATURE_BYTES = 256;
/** `SEQUENCE` with a length of two bytes, which is what both outermost levels of a certificate have. */
const HEADER_BYTES = 4;

const signAsync = promisify(sign);

export interface BenchTerminal {
  readonly tusn: Tusn;
  /** DER. */
  readonly certificate: Buffer;
}

export interface BenchFleetCertificates {
  readonly authority: KeyAndCertificate;
  readonly server: KeyAndCertificate;
  /** One key for all terminals, PEM: what tells them apart is the certificate. */
  readonly deviceKey: string;
  readonly terminals: readonly BenchTerminal[];
}

/** A fleet's certificates: one is issued in earnest, the others are that one with another TUSN, signed again. */
export async function makeCertificates(count: number): Promise<BenchFleetCertificates> {
  const validity = { days: DAYS, now: new Date() };
  const [authority, serverKey, deviceKey] = await Promise.all([
    createSmallAuthority(validity),
    generateRsaKey(),
    generateRsaKey(),
  ]);
  const certificate = await issueServerCertificate(authority, {
    ...{ ...validity, publicKey: toRsaPublicKey(serverKey), name: "Bench server" },
    ...{ dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] },
  });
  const first = toTusn(0);
  const request = { ...validity, tusn: first, publicKey: toRsaPublicKey(deviceKey) };
  const template = new X509Certificate(await issueTerminalCertificate(authority, request)).raw;
  const key = createPrivateKey(authority.key);
  const terminals: BenchTerminal[] = [];
  for (let start = 0; start < count; start += SIGNERS) {
    const indexes = Array.from({ length: Math.min(SIGNERS, count - start) }, (_, at) => start + at);
    const made = indexes.map(async (index) => {
      const tusn = toTusn(index);
      const bytes = withText(template, first, tusn);
      const end = 2 * HEADER_BYTES + bytes.readUInt16BE(HEADER_BYTES + 2);
      const signature = await signAsync("sha256", bytes.subarray(HEADER_BYTES, end), key);
      return { tusn, certificate: Buffer.concat([bytes.subarray(0, -SIGNATURE_BYTES), signature]) };
    });
    terminals.push(...(await Promise.all(made)));
  }
  return {
    authority,
    server: { key: toRsaKeyPem(serverKey), certificate },
    deviceKey: toRsaKeyPem(deviceKey),
    terminals,
  };
}

/** All of the same length, so that one can stand where another stood. */
function toTusn(index: number): Tusn {
  return parseTusn(`00000304N7NL${String(index).padStart(8, "0")}`);
}

function withText(bytes: Buffer, from: string, to: string): Buffer {
  const changed = Buffer.from(bytes);
  for (let at = changed.indexOf(from); at !== -1; at = changed.indexOf(from, at + 1)) changed.write(to, at, "latin1");
  return changed;
}

/**
 * Its key has 2,048 bits where a real one has 3,072: signing is three times as quick, and ten thousand are signed. To
 * check a signature takes some hundredths of a millisecond either way.
 */
async function createSmallAuthority(validity: Validity): Promise<KeyAndCertificate> {
  const key = await generateRsaKey();
  const certificate = await createCertificate({
    ...{ ...validity, subject: "Bench authority", publicKey: toRsaPublicKey(key), signingKey: key },
    extensions: [
      { name: "basicConstraints", critical: true, cA: true, pathLenConstraint: 0 },
      { name: "keyUsage", critical: true, keyCertSign: true, cRLSign: true },
    ],
  });
  return { key: toRsaKeyPem(key), certificate };
}
