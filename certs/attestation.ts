import { PAYLOAD_TYPES } from "../proto/dsse.ts";
import { openEnvelope } from "./attestation/envelope.ts";
import { type AttestationTrust, type VerifiedEvidence, verifyEvidence } from "./attestation/evidence.ts";
import { type Attestation, parseAttestation } from "./attestation/format.ts";
import { demand } from "./attestation/shape.ts";
import { CLOCK_SLACK_S } from "./release.ts";

/** An attestation that the service signed, and what of it was proven without believing the service. */
export interface VerifiedAttestation {
  readonly attestation: Attestation;
  /** The service's key, as the root names it. */
  readonly keyId: string;
  /** Seconds since it was made, 0 where the clock here is a little behind. */
  readonly ageS: number;
  /** Undefined where the attestation brings no proof: then what it says the terminal runs rests on the service's word. */
  readonly evidence: VerifiedEvidence | undefined;
  /**
   * Whether everything about what the terminal runs is proven, its settlement too, of the device key that it has now. That
   * it runs nothing cannot be proven.
   */
  readonly isProven: boolean;
  /** Whether the proof of its TUSN, recent enough then, has grown too old since. */
  readonly isOutdated: boolean;
}

const OUT_OF_SERVICE: readonly string[] = ["retired", "replaced"];
const REFUTING: readonly string[] = ["mismatch", "revoked"];

/**
 * Checks a signed attestation: the service's signature under the trusted root, that it does not contradict itself, and
 * the proof of what the terminal runs. The verdict on its TUSN, its life and its history rest on the service's word.
 *
 * @throws TillsyncError ATTESTATION_INVALID with the reason; BYTES_TOO_LARGE; TRUST_INVALID, KEY_INVALID where the root
 *   itself cannot be used
 */
export function verifyAttestation(bytes: Uint8Array, trust: AttestationTrust): VerifiedAttestation {
  const { payload, keyId } = openEnvelope(bytes, trust.root, PAYLOAD_TYPES.attestation);
  const attestation = parseAttestation(payload);
  demand(attestation.at <= trust.now + CLOCK_SLACK_S, "time: it was made in the future");
  verifyConsistent(attestation);
  const { evidence: given, at, proof } = attestation;
  const evidence = given === null ? undefined : verifyEvidence(attestation, given, trust);
  const { provenAt, maxAgeS } = proof;
  return {
    attestation,
    keyId,
    ageS: Math.max(0, trust.now - at),
    evidence,
    isProven: evidence !== undefined && isWhole(evidence),
    isOutdated: proof.isRecent && Math.max(at, trust.now) - (provenAt ?? 0) > maxAgeS,
  };
}

function isWhole({ isApproved, isSettlementApproved, isKeyCurrent, report }: VerifiedEvidence): boolean {
  return isApproved && isSettlementApproved && isKeyCurrent && report !== undefined;
}

/** An answer that its own facts refute is no answer, whoever signed it. */
function verifyConsistent({ answer, at, tusn, proof, terminal, quarantines, runs, evidence, approval }: Attestation) {
  demand(terminal.makerCode === tusn.slice(0, 6) && terminal.deviceTypeCode === tusn.slice(6, 8), "terminal.makerCode");
  const { provenAt, maxAgeS, isSufficient, isRecent } = proof;
  demand(isRecent === (provenAt !== null && at - provenAt <= maxAgeS), "proof.isRecent");
  const isQuarantined = quarantines.some(({ releasedAt }) => releasedAt === null);
  const isOut = OUT_OF_SERVICE.includes(terminal.life);
  if (answer === "genuine") {
    const isClean = !isQuarantined && !isOut && terminal.life !== "suspended";
    demand(isSufficient && isRecent && isClean && proof.verdict.startsWith("verified-"), "answer");
  }
  if (answer === "quarantined") demand(isQuarantined, "answer");
  if (answer === "out_of_service") demand(isOut, "answer");
  if (answer === "suspended") demand(terminal.life === "suspended", "answer");
  if (answer === "refuted") demand(REFUTING.includes(proof.verdict), "answer");
  // What is proven has to be about something that is claimed.
  demand((runs === null) === (approval === null), "approval");
  demand(evidence === null || runs !== null, "evidence");
  demand(runs === null || runs.profile === terminal.saysProfile, "terminal.saysProfile");
}
