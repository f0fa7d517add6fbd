import { toDigest, toHex } from "../../proto/bytes.ts";
import { type Directive, parseDirective } from "../../proto/directive.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { type Profile, parseProfile } from "../../proto/profile.ts";
import type { Statement } from "../../proto/statement.ts";
import { toMasked } from "../attestation/masked.ts";
import { readPart, verifyDevice, verifyLeaf, verifyReport } from "../attestation/proven.ts";
import { demand } from "../attestation/shape.ts";
import type { ChangeReceipt, ReceiptTerminal } from "./format.ts";

/** States that a terminal itself tells; in every other the service knows of no answer. */
const TOLD: readonly string[] = ["committed", "rolled_back", "refused", "broken", "suspended"];
/** Fields of the merchant that profiles hold, as differences name them. */
const OF_PROFILE = /^merchant\.(name|shortName|licenceNo|taxNo|uscc|mcc)$/;

/** Whether what is told of a terminal is its own word. */
export function isTerminalsWord({ state }: Pick<ReceiptTerminal, "state">): boolean {
  return TOLD.includes(state);
}

/**
 * Checks what is told of one terminal against what it and the approvers signed.
 *
 * @returns whether its outcome is proven; false where no proof is brought, or its report was not kept
 * @throws TillsyncError ATTESTATION_INVALID where the proof is of something else
 */
export function verifyTerminal(
  receipt: ChangeReceipt,
  terminal: ReceiptTerminal,
  statement: Statement | undefined,
  pinned: string | undefined,
): boolean {
  demand((terminal.state === "committed") === (terminal.test === "passed"), "terminals.test");
  const { proof } = terminal;
  if (proof === null) return false;
  const release = demandRelease(statement);
  verifyLeaf(proof.directive, proof.index, proof.path, release);
  const directive = readPart("directive", () => parseDirective(proof.directive));
  verifyDirective(receipt, terminal, directive);
  const { authority } = receipt;
  const { certificate } = verifyDevice({ ...proof, authority, tusn: terminal.tusn }, directive.deviceKey, pinned);
  if (proof.report === null) return false;
  const report = verifyReport(terminal.tusn, proof.directive, proof.report, certificate);
  demand(report.kind === terminal.state, "report: of another outcome");
  demand(report.code === terminal.code, "report: of another reason");
  if (report.kind === "committed") {
    demand(toHex(report.current) === toHex(toDigest(directive.profile)), "report: of another profile");
  }
  return true;
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
    const held = toHeld(profile, field);
    demand(held === undefined || held === after, `differences.${field}: not what was approved`);
  }
}

/** What a profile holds of a field; undefined for what is of the records alone. */
function toHeld({ merchant, binding }: Profile, field: string): string | undefined {
  if (OF_PROFILE.test(field)) return new Map(Object.entries(merchant)).get(field.replace("merchant.", ""));
  switch (field) {
    case "settlement.number":
      return toMasked(binding);
    case "settlement.kind":
      return binding.kind;
    case "settlement.bank":
      return binding.bank;
    case "settlement.cnaps":
      return binding.cnaps;
    case "settlement.holder":
      return binding.holder;
    default:
      return undefined;
  }
}

function demandRelease(statement: Statement | undefined): Statement {
  if (statement === undefined) {
    throw new TillsyncError("ATTESTATION_INVALID", { reason: "terminals.proof: of no release" });
  }
  return statement;
}
