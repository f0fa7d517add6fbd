import type { Mutant } from "./mutant.ts";

const PROOFS = ["test/certs/receipt.test.ts"];
const FORGED = ["test/certs/receipt-forged.test.ts"];
const GENUINE = ["test/src/app/receipts/genuine.test.ts"];
const KEPT = ["test/src/app/receipts/receipts.test.ts"];

/** Breaks of what makes a receipt worth keeping. */
export const RECEIPTS: readonly Mutant[] = [
  {
    name: "a receipt's terminal from any release",
    file: "certs/receipt/terminals.ts",
    find: "verifyLeaf(proof.directive, proof.index, proof.path, release);",
    replace: "if (proof.index < 0) verifyLeaf(proof.directive, proof.index, proof.path, release);",
    tests: PROOFS,
  },
  {
    name: "a receipt's outcome on the service's word",
    file: "certs/receipt/terminals.ts",
    find: 'demand(report.kind === terminal.state, "report: of another outcome");',
    replace: 'demand(report.kind !== "verified", "report: of another outcome");',
    tests: FORGED,
  },
  {
    name: "a receipt that tells another account than was signed",
    file: "certs/receipt/terminals.ts",
    find: "demand(held === undefined || held === after,",
    replace: "demand(held === undefined || held !== null || held === after,",
    tests: PROOFS,
  },
  {
    name: "a receipt of another change's approval",
    file: "certs/receipt.ts",
    find: "demand(approval?.reason ===",
    replace: "demand(approval !== null || approval ===",
    tests: PROOFS,
  },
  {
    name: "a checker's word over any content",
    file: "certs/receipt/checked.ts",
    find: "  verifyContent(receipt, content);",
    replace: "  if (content.length === 0) verifyContent(receipt, content);",
    tests: PROOFS,
  },
  {
    name: "a receipt over records that contradict what was signed",
    file: "src/app/receipts/runner.ts",
    find: "const { isProven } = verifyProofs(receipt, judged);",
    replace: "const isProven = judged.now > 0 || verifyProofs(receipt, judged).isProven;",
    tests: KEPT,
  },
  {
    name: "a receipt of what the change became later",
    file: "src/app/receipts/read-receipt.ts",
    find: "({ id }) => id <= lastEvent",
    replace: "({ id }) => id <= lastEvent + 1_000",
    tests: KEPT,
  },
  {
    name: "what was sealed for an acquirer, in a receipt",
    file: "src/app/receipts/order.ts",
    find: "content: toOpenText(content),",
    replace: "content: toOpenText(content) === null ? content : content,",
    tests: KEPT,
  },
  {
    name: "a receipt of an account that no terminal's part of the release bears out",
    file: "certs/receipt.ts",
    find: "(one) => !isAhead || !isOnTerminals(one)",
    replace: "(one) => !isOnTerminals(one)",
    tests: FORGED,
  },
  {
    name: "a receipt in which the service's word says how many must have signed",
    file: "certs/receipt.ts",
    find: "isApproved: isEnough && signers.isApproved",
    replace: "isApproved: isEnough || signers.isApproved",
    tests: FORGED,
  },
  {
    name: "a receipt of a field that the kind of change has not",
    file: "certs/receipt.ts",
    find: "demand(isFieldOf(kind, field),",
    replace: "demand(isFieldOf(kind, field) || field !== null,",
    tests: FORGED,
  },
  {
    name: "a receipt of a replaced account without the one before",
    file: "src/app/changes/find-accounts.ts",
    find: "?? findEnded(all, brought) ?? primary",
    replace: "?? primary",
    tests: GENUINE,
  },
];
