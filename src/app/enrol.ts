import { X509Certificate } from "node:crypto";
import { toTusn } from "../../certs/x509/identity.ts";
import { checkRsaKey } from "../../certs/x509/rsa-key.ts";
import { isEqual, toDigest } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { findTerminals, setDevice } from "../store/fleet.ts";
import { appendEntries } from "../store/ledger.ts";
import { transact } from "../store/store.ts";
import type { Context } from "./context.ts";
import { toEntry } from "./ledger-entries.ts";

/**
 * Records which device key is the terminal's, from a certificate that our own authority issued (the caller's matter).
 * From then on messages count only when signed with that key. A new certificate for the same key is a renewal; another
 * key is refused: two devices may not be one terminal.
 *
 * @throws TillsyncError CERTIFICATE_INVALID, KEY_INVALID, NOT_FOUND; STATE_CONFLICT where another key is enrolled
 */
export async function enrolTerminal(context: Context, tusn: Tusn, certificatePem: string): Promise<void> {
  const certificate = readCertificate(certificatePem);
  if (toTusn(certificate) !== tusn) throw new TillsyncError("CERTIFICATE_INVALID", { expected: tusn });
  const deviceKey = checkRsaKey(certificate.publicKey).export({ type: "spki", format: "der" });
  const fingerprint = toDigest(certificate.raw);
  await transact(context.store, async (tx) => {
    const [terminal] = await findTerminals(tx, [tusn]);
    if (terminal === undefined) throw new TillsyncError("NOT_FOUND", { terminal: tusn });
    if (terminal.deviceKey !== null && !isEqual(terminal.deviceKey, deviceKey)) {
      throw new TillsyncError("STATE_CONFLICT", { terminal: tusn, state: "enrolled" });
    }
    await setDevice(tx, tusn, deviceKey, fingerprint);
    await appendEntries(tx, [toEntry(context.now(), "terminal.enrolled", tusn, { digest: fingerprint })]);
  });
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new TillsyncError("CERTIFICATE_INVALID", {}, cause);
  }
}
