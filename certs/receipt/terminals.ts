import { toDigest, toHex } from "../../proto/bytes.ts";
import { type Directive, parseDirective } from "../../proto/directive.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { type Profile, parseProfile } from "../../proto/profile.ts";
import type { Statement } from "../../proto/statement.ts";
import { toMasked } from "../attestation/masked.ts";
import { readPart, verifyDevice, verifyLeaf, verifyReport } from "../attestation/proven.ts";
import { demand } from "../attestation/shape.ts";
import { isOnTerminals, type TerminalField } from "./fields.ts";
import type { ChangeReceipt, ReceiptTerminal, TestResult } from "./format.ts";

/** States that a terminal itself tells; in every other the service knows of no answer. */
const TOLD: readonly string[] = ["committed", "rolled_back", "refused", "broken", "suspended"];

/** What is proven of one terminal. */
export interface VerifiedTerminal {
  /** Whether its outcome is its own signed word. */
  readonly isProven: boolean;
  /**
   * Whether the release has a leaf for it that goes ahead: then its profile has every field that the receipt tells and
   * profiles hold.
   */
  readonly isAhead: boolean;
}

/** Whether what is told of a terminal is its own word. */
export function isTerminalsWord({ state }: Pick<ReceiptTerminal, "state">): boolean {
  return TOLD.includes(state);
}

/** What the test transaction came to, by how the update ended. */
export function toTest({ state, code }: Pick<ReceiptTerminal, "state" | "code">): TestResult {
  if (state === "committed") return "passed";
  if (code === "TEST_FAILED") return "failed";
  return code === "TEST_INCONCLUSIVE" ? "inconclusive" : "none";
}

/**
 * Checks what is told of one terminal against what it and the approvers signed.
 *
 * @returns nothing proven where no proof is brought; its outcome is not where its report was not kept
 * @throws TillsyncError ATTESTATION_INVALID where the proof is of something else
 */
export function verifyTerminal(
  receipt: ChangeReceipt,
  terminal: ReceiptTerminal,
  statement: Statement | undefined,
  pinned: string | undefined,
): VerifiedTerminal {
  demand(terminal.test === toTest(terminal), "terminals.test");
  const { proof } = terminal;
  if (proof === null) return { isProven: false, isAhead: false };
  const release = demandRelease(statement);
  verifyLeaf(proof.directive, proof.index, proof.path, release);
  const directive = readPart("directive", () => parseDirective(proof.directive));
  verifyDirective(receipt, terminal, directive);
  const { authority } = receipt;
  const { certificate } = verifyDevice({ ...proof, authority, tusn: terminal.tusn }, directive.deviceKey, pinned);
  const isAhead = !terminal.isWayBack;
  if (proof.report === null) return { isProven: false, isAhead };
  const report = verifyReport(terminal.tusn, proof.directive, proof.report, certificate);
  demand(report.kind === terminal.state, "report: of another outcome");
  demand(report.code === terminal.code, "report: of another reason");
  if (report.kind === "committed") {
    demand(toHex(report.current) === toHex(toDigest(directive.profile)), "report: of another profile");
  }
  return { isProven: isTerminalsWord(terminal), isAhead };
}

/** The directive is for this terminal, and its profile says what the receipt tells. */
function verifyDirective(receipt: ChangeReceipt, terminal: ReceiptTerminal, directive: Directive): void {
  demand(directive.tusn === terminal.tusn, "directive: of another terminal");
  demand(directive.sequence === terminal.sequence, "terminals.sequence");
  demand(directive.restores.length > 0 === terminal.isWayBack, "terminals.isWayBack");
  const profile = readPart("profile", () => parseProfile(directive.profile));
  demand(profile.merchant.number === receipt.merchant, "directive: of another merchant");
  // A way back brings what was before, which need not be what was on record.
  if (terminal.isWayBack) return;
  for (const { field, after } of receipt.differences) {
    const held = isOnTerminals(field) ? toHeld(profile, field) : undefined;
    demand(held === undefined || held === after, `differences.${field}: not what was approved`);
  }
}

/** What a profile holds of a field, as differences tell it. */
function toHeld({ merchant, binding }: Profile, field: TerminalField): string {
  const held: Readonly<Record<TerminalField, string>> = {
    "merchant.name": merchant.name,
    "merchant.shortName": merchant.shortName,
    "merchant.licenceNo": merchant.licenceNo,
    "merchant.taxNo": merchant.taxNo,
    "merchant.uscc": merchant.uscc,
    "merchant.mcc": merchant.mcc,
    "settlement.kind": binding.kind,
    "settlement.number": toMasked(binding),
    "settlement.bank": binding.bank,
    "settlement.cnaps": binding.cnaps,
    "settlement.holder": binding.holder,
  };
  return held[field];
}

function demandRelease(statement: Statement | undefined): Statement {
  if (statement === undefined) {
    throw new TillsyncError("ATTESTATION_INVALID", { reason: "terminals.proof: of no release" });
  }
  return statement;
}
