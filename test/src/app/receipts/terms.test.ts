import { describe, expect, it } from "vitest";
import { toTerm } from "../../../../certs/receipt/terms.ts";
import { ROLES } from "../../../../certs/trust/policy.ts";
import { DIFFERENCE_CLASSES } from "../../../../proto/difference.ts";
import { BINDING_KINDS } from "../../../../proto/profile.ts";
import { ORDER_STATES } from "../../../../src/domain/acquirers/order.ts";
import { CHANGE_EVENTS, CHANGE_STATES, REASON_CODES } from "../../../../src/domain/changes/change.ts";
import { EVIDENCE_KINDS, TASK_KINDS } from "../../../../src/domain/changes/pack.ts";
import { DEPLOYMENT_STATES } from "../../../../src/domain/deployment.ts";
import { ORDER_PURPOSES } from "../../../../src/store/acquirers-schema.ts";
import { CHANGE_NOTES } from "../../../../src/store/changes-schema.ts";

const CODES: readonly string[] = [
  ...[...CHANGE_EVENTS, ...CHANGE_STATES, ...REASON_CODES, ...EVIDENCE_KINDS, ...TASK_KINDS, ...CHANGE_NOTES],
  ...[...ORDER_STATES, ...ORDER_PURPOSES, ...DEPLOYMENT_STATES, ...DIFFERENCE_CLASSES, ...BINDING_KINDS, ...ROLES],
];

describe("a receipt in Chinese", () => {
  it("has a word for every code that stands on it", () => {
    expect(CODES.filter((code) => !/[\u4e00-\u9fff]/.test(toTerm(code, "zh")))).toEqual([]);
  });

  it("leaves what is no code as it is, whatever it is called", () => {
    for (const text of ["li.mei", "constructor", "__proto__", ""]) expect(toTerm(text, "zh")).toBe(text);
  });
});
