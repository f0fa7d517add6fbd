import { isCovered } from "../proto/difference.ts";
import { PAYLOAD_TYPES } from "../proto/dsse.ts";
import { toRedacted } from "../proto/redaction.ts";
import type { Statement } from "../proto/statement.ts";
import { openEnvelope } from "./attestation/envelope.ts";
import type { AttestationTrust } from "./attestation/evidence.ts";
import { isApprovedAs, type ProvenSigners, verifySigners, verifyStatement } from "./attestation/proven.ts";
import { demand } from "./attestation/shape.ts";
import { verifyChecked } from "./receipt/checked.ts";
import { isFieldOf, isOnTerminals, type ReceiptField, toDemandedPurpose } from "./receipt/fields.ts";
import { type ChangeReceipt, parseReceipt } from "./receipt/format.ts";
import { isTerminalsWord, verifyTerminal } from "./receipt/terminals.ts";
import { CLOCK_SLACK_S } from "./release.ts";
import type { Person, Policy, Role } from "./trust/policy.ts";

/** A receipt that the service signed, and what of it was proven without believing the service. */
export interface VerifiedReceipt {
  readonly receipt: ChangeReceipt;
  /** The service's key, as the root names it. */
  readonly keyId: string;
  /** Who signed its release; undefined where none was signed. */
  readonly signers: ProvenSigners | undefined;
  /** The checker who approved it where there was no release to sign; undefined where the policy held knows none. */
  readonly checker: Person | undefined;
  /** Roles that the policy held demands for what it brought, each by another person. */
  readonly demanded: readonly Role[];
  /** Whether enough people approved what it brought, by the policy held. */
  readonly isApproved: boolean;
  /**
   * Fields of which only the service tells what was to come, though something was signed: those that no profile holds, and
   * all where no terminal's part of the release is brought. None where nobody approved anything: that is a wish.
   */
  readonly unprovenFields: readonly ReceiptField[];
  /** Terminals whose outcome is their own signed word, and those of which only the service tells one. */
  readonly proven: number;
  readonly unproven: number;
  /**
   * Whether the approval is proven, every new value, and the outcome on every terminal that told one. What an acquirer, a
   * requester or a person who did a task said rests on the service's word.
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
  const approved = verifyApproved(receipt, statement, trust.policy);
  const checker = checked === null ? undefined : verifyChecked(receipt, checked, trust.policy);
  const words = terminals.map((terminal) => verifyTerminal(receipt, terminal, statement, trust.authority));
  const isAhead = words.some((word) => word.isAhead);
  const told = terminals.filter(isTerminalsWord).length;
  const proven = words.filter((word) => word.isProven).length;
  const unprovenFields =
    statement === undefined ? [] : toFields(receipt).filter((one) => !isAhead || !isOnTerminals(one));
  const isApproved = approved?.isApproved ?? checker !== undefined;
  // What no profile holds is in no release: named, and nobody's but the service's word.
  const isBorneOut = unprovenFields.every((field) => !isOnTerminals(field));
  const isWhole = counts.terminals === terminals.length && proven === told && isBorneOut;
  const isUnasked = outcome !== "done" && approval === null && checked === null;
  return {
    ...{ signers: approved?.signers, checker, demanded: approved?.demanded ?? ["checker"], isApproved },
    ...{ unprovenFields, proven, unproven: told - proven },
    // A release with no part for a terminal of this merchant may be anybody's.
    isProven: isWhole && (isApproved || isUnasked) && (statement === undefined || isAhead),
  };
}

/** Who signed its release, and whether that is enough for what the receipt says that it was for; undefined without one. */
function verifyApproved(receipt: ChangeReceipt, statement: Statement | undefined, policy: Policy) {
  const { approval, signed, kind } = receipt;
  if (signed === null || statement === undefined) return undefined;
  const purpose = toDemandedPurpose(kind) ?? statement.purpose;
  // As the release has it, in which whatever looks like a card number is starred.
  const reason = toRedacted(`${receipt.change}: ${receipt.reason}`);
  demand(approval?.reason === reason, "approval.reason: of another change");
  demand(statement.merchant === "" || statement.merchant === receipt.merchant, "statement.merchant");
  const judged = { policy: receipt.trust.policy, approval };
  const signers = verifySigners(judged, signed.statement, signed.signatures, statement.purpose, policy);
  // Neither what the service calls the change nor what its statement says that it is for lowers what is demanded.
  const isEnough = isApprovedAs(policy, purpose, signed.statement, signed.signatures);
  const gravest = isCovered(purpose, statement.purpose) ? purpose : statement.purpose;
  return { signers, demanded: policy.thresholds[gravest], isApproved: isEnough && signers.isApproved };
}

function toFields({ differences }: ChangeReceipt): readonly ReceiptField[] {
  return differences.map(({ field }) => field);
}

/** A receipt that its own facts refute is none, whoever signed it. */
function verifyConsistent(receipt: ChangeReceipt): void {
  const { times, at, outcome, code, approval, signed, checked, terminals, counts, kind } = receipt;
  demand(times.created <= times.ended && times.ended <= at, "times");
  demand((approval === null) === (signed === null), "signed");
  demand(approval === null || checked === null, "checked");
  demand(counts.terminals >= terminals.length, "counts.terminals");
  demand(outcome !== "failed" || code !== "", "code");
  const fields = toFields(receipt);
  for (const field of fields) demand(isFieldOf(kind, field), `differences.${field}: not of this kind of change`);
  demand(new Set(fields).size === fields.length, "differences: one told twice");
  const names = new Set(terminals.map(({ tusn, sequence }) => `${tusn} ${sequence}`));
  demand(names.size === terminals.length, "terminals: one told twice");
  // Terminals are given nothing that nobody signed, and what was withdrawn was not sent out.
  demand(approval !== null || terminals.length === 0, "terminals: without a release");
  demand(
    approval === null || toDemandedPurpose(kind) !== undefined,
    "signed: of a change that gives terminals nothing",
  );
  demand(outcome !== "withdrawn" || approval === null, "approval: of what was withdrawn");
  if (outcome === "done") verifyDone(receipt);
}

/** Done is done only when somebody approved it, and every terminal that it went to has taken it. */
function verifyDone({ times, approval, checked, terminals }: ChangeReceipt): void {
  demand(times.submitted !== null && (approval !== null || checked !== null), "approval");
  const ahead = terminals.filter(({ isWayBack }) => !isWayBack);
  demand(approval === null || ahead.length > 0, "terminals");
  demand(
    ahead.every(({ state }) => state === "committed"),
    "terminals",
  );
}
