import { PAYLOAD_TYPES } from "../proto/dsse.ts";
import { toRedacted } from "../proto/redaction.ts";
import { openEnvelope } from "./attestation/envelope.ts";
import type { AttestationTrust } from "./attestation/evidence.ts";
import { type ProvenSigners, verifySigners, verifyStatement } from "./attestation/proven.ts";
import { demand } from "./attestation/shape.ts";
import { verifyChecked } from "./receipt/checked.ts";
import { type ChangeReceipt, parseReceipt } from "./receipt/format.ts";
import { isTerminalsWord, verifyTerminal } from "./receipt/terminals.ts";
import { CLOCK_SLACK_S } from "./release.ts";
import type { Person } from "./trust/policy.ts";

/** A receipt that the service signed, and what of it was proven without believing the service. */
export interface VerifiedReceipt {
  readonly receipt: ChangeReceipt;
  /** The service's key, as the root names it. */
  readonly keyId: string;
  /** Who signed its release; undefined where none was signed. */
  readonly signers: ProvenSigners | undefined;
  /** The checker who approved it where there was no release to sign; undefined where the policy held knows none. */
  readonly checker: Person | undefined;
  /** Whether enough people approved what it brought, by the policy held. */
  readonly isApproved: boolean;
  /** Terminals whose outcome is their own signed word, and those of which only the service tells one. */
  readonly proven: number;
  readonly unproven: number;
  /**
   * Whether all that can be proven is: the approval, and the outcome on every terminal. What an acquirer, a requester or
   * a person who did a task said rests on the service's word.
   */
  readonly isProven: boolean;
}

/**
 * Checks a signed receipt: the service's signature under the trusted root, that it does not contradict itself, who
 * approved the change, and each terminal's own word.
 *
 * @throws TillsyncError ATTESTATION_INVALID with the reason; BYTES_TOO_LARGE; TRUST_INVALID, KEY_INVALID where the root
 *   itself cannot be used
 */
export function verifyReceipt(bytes: Uint8Array, trust: AttestationTrust): VerifiedReceipt {
  const { payload, keyId } = openEnvelope(bytes, trust.root, PAYLOAD_TYPES.receipt);
  const receipt = parseReceipt(payload);
  demand(receipt.at <= trust.now + CLOCK_SLACK_S, "time: it was made in the future");
  return { receipt, keyId, ...verifyProofs(receipt, trust) };
}

/** What a receipt brings along as proof, whoever signed it. @throws TillsyncError ATTESTATION_INVALID */
export function verifyProofs(
  receipt: ChangeReceipt,
  trust: AttestationTrust,
): Omit<VerifiedReceipt, "receipt" | "keyId"> {
  verifyConsistent(receipt);
  const { approval, signed, checked, terminals, counts, outcome } = receipt;
  const statement = signed === null ? undefined : verifyStatement(signed.statement, approval);
  const judged = { policy: receipt.trust.policy, approval };
  const signers =
    signed === null || statement === undefined
      ? undefined
      : verifySigners(judged, signed.statement, signed.signatures, statement.purpose, trust.policy);
  if (statement !== undefined) {
    // As the release has it, in which whatever looks like a card number is starred.
    const reason = toRedacted(`${receipt.change}: ${receipt.reason}`);
    demand(approval?.reason === reason, "approval.reason: of another change");
    demand(statement.merchant === "" || statement.merchant === receipt.merchant, "statement.merchant");
  }
  const checker = checked === null ? undefined : verifyChecked(receipt, checked, trust.policy);
  const told = terminals.filter(isTerminalsWord);
  const words = terminals.map((terminal) => verifyTerminal(receipt, terminal, statement, trust.authority));
  const proven = words.filter(Boolean).length;
  const isApproved = toApproved(receipt, signers, checker);
  const isWhole = counts.terminals === terminals.length && proven === told.length;
  return {
    ...{ signers, checker, isApproved, proven, unproven: told.length - proven },
    isProven: isWhole && (isApproved || (outcome !== "done" && approval === null && checked === null)),
  };
}

/** A change of the settlement takes those who may approve one, whatever its release was signed for. */
function toApproved({ kind }: ChangeReceipt, signers: ProvenSigners | undefined, checker: Person | undefined): boolean {
  if (signers === undefined) return checker !== undefined;
  return kind.startsWith("settlement.") ? signers.isSettlementApproved : signers.isApproved;
}

/** A receipt that its own facts refute is none, whoever signed it. */
function verifyConsistent({ times, at, outcome, code, approval, signed, checked, terminals, counts }: ChangeReceipt) {
  demand(times.created <= times.ended && times.ended <= at, "times");
  demand((approval === null) === (signed === null), "signed");
  demand(approval === null || checked === null, "checked");
  demand(counts.terminals >= terminals.length, "counts.terminals");
  demand(outcome !== "failed" || code !== "", "code");
  if (outcome !== "done") return;
  // Done is done only when somebody approved it, and every terminal that it went to has taken it.
  demand(times.submitted !== null && (approval !== null || checked !== null), "approval");
  demand(
    terminals.every(({ isWayBack, state }) => isWayBack || state === "committed"),
    "terminals",
  );
}
