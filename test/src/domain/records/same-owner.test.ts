import { describe, expect, it } from "vitest";
import type { OwnerKind } from "../../../../src/domain/records/owner.ts";
import { DEFAULT_RECORD_POLICY, type RecordPolicy } from "../../../../src/domain/records/policy.ts";
import { findOwnerFaults, toComparedName } from "../../../../src/domain/records/same-owner.ts";

const NAME = "福州（闽江）春茶文化有限公司";
const PRINCIPAL = "买买提·吐尔逊";

function judge(
  kind: "card" | "account",
  holder: string,
  ownerKind: OwnerKind,
  principal = PRINCIPAL,
  policy: Partial<RecordPolicy> = {},
): readonly string[] {
  const owner = { name: NAME, ownerKind, principal };
  return findOwnerFaults({ kind, holder }, owner, { ...DEFAULT_RECORD_POLICY, ...policy }).map(
    ({ field, code, reason, severity }) => `${field} ${code} ${reason} ${severity}`,
  );
}

describe("names", () => {
  it.each([
    [PRINCIPAL, "买买提•吐尔逊"],
    [PRINCIPAL, "买买提．吐尔逊"],
    [PRINCIPAL, "买买提 ・ 吐尔逊"],
    [NAME, "福州(闽江)春茶文化有限公司"],
    [NAME, "福州〔闽江〕春茶文化有限公司"],
    [NAME, "福州【闽江】春茶文化　有限公司"],
    ["ABC商贸", "ａｂｃ商贸"],
  ])("%s and %s are one name", (a, b) => {
    expect(toComparedName(a)).toBe(toComparedName(b));
  });

  it.each([
    ["林秀英", "林秀瑛"],
    ["买买提·吐尔逊", "买买提吐尔逊"],
    ["福州（闽江）茶业", "福州闽江茶业"],
  ])("%s and %s are two", (a, b) => {
    expect(toComparedName(a)).not.toBe(toComparedName(b));
  });
});

describe("the holder", () => {
  it("of a card is the principal", () => {
    for (const kind of ["sole_trader", "micro", "enterprise"] as const) {
      expect(judge("card", "买买提•吐尔逊", kind)).toEqual([]);
      expect(judge("card", "林秀英", kind)).toEqual(["holder OWNER_DIFFERS not_principal refused"]);
    }
  });

  it("of an enterprise's account is the enterprise itself", () => {
    expect(judge("account", "福州(闽江)春茶文化有限公司", "enterprise")).toEqual([]);
    expect(judge("account", PRINCIPAL, "enterprise")).toEqual(["holder OWNER_DIFFERS not_merchant refused"]);
  });

  it("of an enterprise's card is refused where the policy wants an account", () => {
    expect(judge("card", PRINCIPAL, "enterprise", PRINCIPAL, { representativeCard: false })).toEqual([
      "holder OWNER_DIFFERS person refused",
    ]);
  });

  it("of a sole trader's account is the business or its owner; of a micro-merchant's its owner alone", () => {
    expect(judge("account", NAME, "sole_trader")).toEqual([]);
    expect(judge("account", PRINCIPAL, "sole_trader")).toEqual([]);
    expect(judge("account", "林秀英", "sole_trader")).toEqual(["holder OWNER_DIFFERS not_principal refused"]);
    expect(judge("account", PRINCIPAL, "micro")).toEqual([]);
    expect(judge("account", NAME, "micro")).toEqual(["holder OWNER_DIFFERS not_principal refused"]);
  });

  it("cannot be compared where nobody has told the principal: a warning, or refused", () => {
    expect(judge("card", "林秀英", "micro", "")).toEqual(["holder OWNER_DIFFERS unknown warning"]);
    expect(judge("card", "林秀英", "micro", "", { unknownPrincipal: "refuse" })).toEqual([
      "holder OWNER_DIFFERS unknown refused",
    ]);
  });
});
