import { MAX_TRUST_FILE_BYTES } from "../../../proto/bounds.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { AttestationTrust } from "../../attestation/evidence.ts";
import { toAttestationBytes } from "../../attestation/format.ts";
import { type VerifiedAttestation, verifyAttestation } from "../../attestation.ts";
import { parseMetadata } from "../../trust/metadata.ts";
import { type Trust, verifyTrust } from "../../trust/verify.ts";
import type { Arguments, Option } from "../arguments.ts";
import { readBounded } from "../files.ts";
import { readTrust } from "../home.ts";
import { print } from "../output.ts";
import type { Ports } from "../ports.ts";
import { renderAttestation } from "../render/attestation.ts";
import type { Language } from "../render/words.ts";
import { readTrustSource } from "../trust-source.ts";
import { LANG, toHome, toLanguage } from "./options.ts";

// `verify` of a signed attestation (docs/audit.md).

/** The document is the service's, and not all that could be proven is proven by it. */
export const NOT_PROVEN = 3;
const MAX_CA_BYTES = 262_144;

export const ATTESTATION_OPTIONS: Readonly<Record<string, Option>> = {
  ...LANG,
  root: {
    value: "ROOT.json",
    about: "of an attestation or receipt: a root that you trust, instead of the one pinned at home",
  },
  trust: { value: "PATH", about: "with --root: folder or bundle of trust files, proven under that root" },
  ca: {
    value: "CA.pem",
    about: "of an attestation or receipt: the authority that terminals' certificates have to be by",
  },
};

/** @throws TillsyncError CONFIG_INVALID where what judges an attestation was given for a release, which it would not judge */
export function demandNoTrust(given: Arguments): void {
  for (const name of ["root", "trust", "ca"]) {
    if (given.text(name) !== undefined)
      throw new TillsyncError("CONFIG_INVALID", { option: name, of: "an attestation" });
  }
}

/**
 * Checks it against trust held here, and tells what is proven and what rests on the service's word.
 *
 * @returns the exit status: 0 where all that can be proven is, NOT_PROVEN where not
 * @throws TillsyncError ATTESTATION_INVALID, and what reading the trust throws
 */
export function checkAttestation(bytes: Uint8Array, given: Arguments, ports: Ports): number {
  const { trust, ...options } = readDocumentTrust(given, ports);
  const verified = verifyAttestation(bytes, trust);
  print(ports, given.flag("json"), toJson(verified, options.isStale), () => renderAttestation(verified, options));
  return verified.isProven ? 0 : NOT_PROVEN;
}

/** What signed documents are checked against, and what is to be told of it. */
export interface DocumentTrust {
  readonly trust: AttestationTrust;
  readonly lang: Language;
  /** Version of the policy held. */
  readonly policy: number;
  readonly isStale: boolean;
  /** Whether the authority was pinned. */
  readonly isPinned: boolean;
}

/** @throws TillsyncError as reading files and trust does */
export function readDocumentTrust(given: Arguments, ports: Ports): DocumentTrust {
  const { root, policy, issued, freshUntil } = readTrustFor(given, ports);
  const now = Math.max(ports.now(), issued);
  const ca = given.text("ca");
  const authority = ca === undefined ? {} : { authority: readBounded(ca, MAX_CA_BYTES).toString("utf8") };
  return {
    trust: { root, policy, now, ...authority },
    lang: toLanguage(given, ports),
    policy: policy.version,
    isStale: now >= freshUntil,
    isPinned: ca !== undefined,
  };
}

function readTrustFor(given: Arguments, ports: Ports): Trust {
  const [root, source] = [given.text("root"), given.text("trust")];
  if (root === undefined && source === undefined) return readTrust(toHome(given, ports));
  if (root === undefined || source === undefined) {
    throw new TillsyncError("CONFIG_INVALID", { expected: "--root and --trust together" });
  }
  const pinned = readBounded(root, MAX_TRUST_FILE_BYTES);
  return verifyTrust(pinned, readTrustSource(source, parseMetadata("root", pinned).version));
}

function toJson(verified: VerifiedAttestation, isStale: boolean): object {
  const { attestation, keyId, ageS, evidence, isProven, isOutdated } = verified;
  return {
    ...{ isProven, isStale, isOutdated, ageS, signedBy: keyId },
    proven: evidence && {
      isApproved: evidence.isApproved,
      isSettlementApproved: evidence.isSettlementApproved,
      approvedBy: evidence.signers.map(({ id }) => id),
      demanded: evidence.demanded,
      unknownKeys: evidence.unknownKeys,
      reportedAt: evidence.report?.at ?? null,
      isKeyCurrent: evidence.isKeyCurrent,
    },
    attestation: JSON.parse(Buffer.from(toAttestationBytes(attestation)).toString("utf8")),
  };
}
