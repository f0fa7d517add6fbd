import { issueTerminalCertificate, type KeyAndCertificate } from "../../certs/x509/authority.ts";
import { createCertificate, type Validity } from "../../certs/x509/certificate.ts";
import { generateRsaKey, parseRsaKey, toRsaKeyPem, toRsaPublicKey } from "../../certs/x509/rsa-key.ts";
import { CANARIES } from "../acl.ts";

const DAY_MS = 86_400_000;
const CLIENT = { name: "extKeyUsage", clientAuth: true };

/** Whom the probe connects as. Valid for a day and kept nowhere; all have one key, made for the occasion. */
export interface Identities {
  readonly first: KeyAndCertificate;
  readonly second: KeyAndCertificate;
  readonly service: KeyAndCertificate;
  /** In the second canary's name: by an authority that nobody knows, and no longer valid. */
  readonly foreign: KeyAndCertificate;
  readonly expired: KeyAndCertificate;
}

/**
 * @param foreign an authority that the broker must not believe; one made for the occasion where absent
 * @throws TillsyncError KEY_INVALID
 */
export async function makeIdentities(
  authority: KeyAndCertificate,
  service: string,
  now: Date,
  foreign?: KeyAndCertificate,
): Promise<Identities> {
  const key = await generateRsaKey();
  const publicKey = toRsaPublicKey(key);
  const validity = { days: 1, now };
  const toPair = (certificate: string) => ({ key: toRsaKeyPem(key), certificate });
  const [first, second] = CANARIES;
  const strange = foreign ?? (await makeStranger(validity));
  const terminal = { tusn: second, publicKey, ...validity };
  return {
    first: toPair(await issueTerminalCertificate(authority, { ...terminal, tusn: first })),
    second: toPair(await issueTerminalCertificate(authority, terminal)),
    service: toPair(
      await createCertificate({
        ...{ ...validity, subject: service, publicKey, issuer: authority.certificate },
        ...{ signingKey: parseRsaKey(authority.key), extensions: [CLIENT] },
      }),
    ),
    foreign: toPair(await issueTerminalCertificate(strange, terminal)),
    expired: toPair(
      await issueTerminalCertificate(authority, { ...terminal, now: new Date(now.getTime() - 3 * DAY_MS) }),
    ),
  };
}

async function makeStranger(validity: Validity): Promise<KeyAndCertificate> {
  const key = await generateRsaKey();
  const certificate = await createCertificate({
    ...validity,
    subject: "Nobody's authority",
    publicKey: toRsaPublicKey(key),
    signingKey: key,
    extensions: [{ name: "basicConstraints", critical: true, cA: true }],
  });
  return { key: toRsaKeyPem(key), certificate };
}
