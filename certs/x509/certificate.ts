import { type KeyObject, randomBytes, sign, X509Certificate } from "node:crypto";
import { promisify } from "node:util";
import forge from "node-forge";
import { checkRsaKey } from "./rsa-key.ts";

// Structures by node-forge, signatures by node:crypto: forge's own RSA is slow and its verification lenient.

const SHA256_WITH_RSA = "1.2.840.113549.1.1.11";
const SERIAL_BYTES = 16;
const DAY_MS = 86_400_000;
/** A certificate is valid this long before it is made, for terminals whose clock is behind. */
const BACKDATED_MS = 3_600_000;

const signAsync = promisify(sign);

/** Validity of a certificate: `days` from `now`, which the caller reads from its clock. */
export interface Validity {
  readonly days: number;
  readonly now: Date;
}

export interface CertificateRequest extends Validity {
  readonly subject: string;
  readonly publicKey: KeyObject;
  /** PEM of the issuing certificate; itself where absent. */
  readonly issuer?: string;
  readonly signingKey: KeyObject;
  /** node-forge's description of each extension but the key identifiers. */
  readonly extensions: readonly object[];
}

/**
 * A signed X.509 v3 certificate (RFC 5280) in PEM: SHA-256 with RSA, 16-byte random serial.
 *
 * @throws TillsyncError KEY_INVALID for a public key that is not RSA or too weak
 */
export async function createCertificate(request: CertificateRequest): Promise<string> {
  const certificate = toUnsigned(request);
  const [tbs] = forge.pki.certificateToAsn1(certificate).value as [forge.asn1.Asn1];
  const toBeSigned = Buffer.from(forge.asn1.toDer(tbs).getBytes(), "latin1");
  const signature = await signAsync("sha256", toBeSigned, request.signingKey);
  certificate.tbsCertificate = tbs;
  certificate.signature = signature.toString("latin1");
  const der = forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes();
  return new X509Certificate(Buffer.from(der, "latin1")).toString();
}

function toUnsigned(request: CertificateRequest): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  const subject = [{ name: "commonName", value: request.subject }];
  const issuer = request.issuer === undefined ? undefined : forge.pki.certificateFromPem(request.issuer);
  const spki = checkRsaKey(request.publicKey).export({ type: "spki", format: "pem" }).toString();
  certificate.publicKey = forge.pki.publicKeyFromPem(spki);
  certificate.serialNumber = createSerial();
  certificate.validity.notBefore = new Date(request.now.getTime() - BACKDATED_MS);
  certificate.validity.notAfter = new Date(request.now.getTime() + request.days * DAY_MS);
  certificate.setSubject(subject);
  certificate.setIssuer(issuer === undefined ? subject : issuer.subject.attributes);
  certificate.setExtensions([
    ...request.extensions,
    { name: "subjectKeyIdentifier" },
    {
      name: "authorityKeyIdentifier",
      keyIdentifier: (issuer ?? certificate).generateSubjectKeyIdentifier().getBytes(),
    },
  ]);
  certificate.signatureOid = SHA256_WITH_RSA;
  certificate.siginfo.algorithmOid = SHA256_WITH_RSA;
  certificate.signature = "";
  return certificate;
}

/** Hexadecimal of 16 bytes whose first lies in 0x40 to 0x7f: positive, and never shortened in DER. */
function createSerial(): string {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0);
  return bytes.toString("hex");
}
