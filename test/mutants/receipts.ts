import type { Mutant } from "./mutant.ts";

const PROOFS = ["test/certs/receipt.test.ts"];
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
    tests: PROOFS,
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
];
