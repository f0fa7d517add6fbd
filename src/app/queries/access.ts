import { toAclEntry, toAclHead } from "../../../broker/acl.ts";
import { toDigest, toHex } from "../../../proto/bytes.ts";
import { judgePeer } from "../../domain/admission.ts";
import { listStandings } from "../../store/access.ts";
import { findQuarantined } from "../../store/quarantines.ts";
import { findCertificateStandings, type TerminalStanding } from "../../store/standings.ts";
import type { Store } from "../../store/store.ts";

/** Terminals that are read at once: of a large fleet no more than these are ever in memory. */
const PAGE = 1_000;

/**
 * The access control list of the whole fleet for Mosquitto, part by part: its head, then up to PAGE terminals each. A
 * terminal has in it what it would be admitted to with the certificate that it was given last, and is not in it where it
 * would be refused.
 *
 * @param service name on the service's own certificate
 * @throws TillsyncError CONFIG_INVALID for a name that cannot be one
 */
export async function* listAcl(store: Store, service?: string): AsyncGenerator<string> {
  yield toAclHead(service);
  let after = "";
  for (;;) {
    const terminals = await listStandings(store, after, PAGE);
    const last = terminals.at(-1);
    if (last === undefined) return;
    yield await toEntries(store, terminals);
    after = last.tusn;
  }
}

async function toEntries(store: Store, terminals: readonly TerminalStanding[]): Promise<string> {
  const fingerprints = terminals.flatMap(({ certificateFingerprint }) => certificateFingerprint ?? []);
  const certificates = await findCertificateStandings(store, fingerprints);
  const byFingerprint = new Map(certificates.map((row) => [toHex(row.fingerprint), row]));
  const tusns = terminals.map(({ tusn }) => tusn);
  const quarantined = new Set(await findQuarantined(store, tusns));
  const entries = terminals.map(({ tusn, life, deviceKey, certificateFingerprint: fingerprint }) => {
    if (deviceKey === null || fingerprint === null) return "";
    const certificate = byFingerprint.get(toHex(fingerprint));
    const judgement = judgePeer({
      ...{ tusn, fingerprint },
      terminal: { life, fingerprint, deviceKey: toDigest(deviceKey), isQuarantined: quarantined.has(tusn) },
      certificate: certificate && { ...certificate, isRevoked: certificate.revokedAt !== null },
    });
    return "admission" in judgement ? toAclEntry(tusn, judgement.admission) : "";
  });
  return entries.join("");
}
