import { describe, expect, it } from "vitest";
import { isMicroMerchant, parseMerchantIdentity } from "../../../../src/domain/identifiers/merchant-identity.ts";
import { errorOf, refusalOf } from "../../../support/refusal.ts";

const USCC = "91350100M000100Y43";
const OTHER_USCC = "911100007109250324";
const RESIDENT_ID = "11010519491231002X";
const OLD_LICENCE = "310115600985533";
const OLD_TAX_NO = "350100M000100Y4";

const ENTERPRISE = { licenceNo: USCC, taxNo: USCC, uscc: USCC };
const MICRO_MERCHANT = { licenceNo: RESIDENT_ID, taxNo: RESIDENT_ID, uscc: "" };

describe("the numbers of one merchant", () => {
  it("are one and the same since the merging of certificates", () => {
    expect(parseMerchantIdentity(ENTERPRISE)).toEqual(ENTERPRISE);
  });

  it("may still be of the old forms", () => {
    const old = { licenceNo: OLD_LICENCE, taxNo: OLD_TAX_NO, uscc: USCC };
    expect(parseMerchantIdentity(old)).toEqual(old);
  });

  it("are refused where one of 18 characters is another's", () => {
    expect(refusalOf(() => parseMerchantIdentity({ ...ENTERPRISE, licenceNo: OTHER_USCC }))).toEqual({
      code: "IDENTIFIERS_INCONSISTENT",
      field: "licenceNo",
    });
    expect(refusalOf(() => parseMerchantIdentity({ ...ENTERPRISE, taxNo: OTHER_USCC }))).toEqual({
      code: "IDENTIFIERS_INCONSISTENT",
      field: "taxNo",
    });
  });

  it("are refused one by one where malformed", () => {
    expect(errorOf(() => parseMerchantIdentity({ ...ENTERPRISE, uscc: "1" })).code).toBe("USCC_INVALID");
    expect(errorOf(() => parseMerchantIdentity({ ...ENTERPRISE, licenceNo: "" })).code).toBe("LICENCE_INVALID");
    expect(errorOf(() => parseMerchantIdentity({ ...ENTERPRISE, taxNo: "" })).code).toBe("TAX_NUMBER_INVALID");
  });
});

describe("a micro-merchant", () => {
  it("has no USCC: its principal's resident identity number stands in", () => {
    expect(isMicroMerchant(MICRO_MERCHANT)).toBe(true);
    expect(isMicroMerchant(ENTERPRISE)).toBe(false);
    expect(parseMerchantIdentity(MICRO_MERCHANT)).toEqual(MICRO_MERCHANT);
  });

  it("cannot hold a licence", () => {
    for (const licenceNo of [USCC, OLD_LICENCE, ""]) {
      expect(errorOf(() => parseMerchantIdentity({ ...MICRO_MERCHANT, licenceNo })).code).toBe("RESIDENT_ID_INVALID");
    }
  });

  it("pays no taxes under another's number", () => {
    expect(refusalOf(() => parseMerchantIdentity({ ...MICRO_MERCHANT, taxNo: USCC }))).toEqual({
      code: "IDENTIFIERS_INCONSISTENT",
      field: "taxNo",
    });
  });

  it("cannot lend a resident identity number to a merchant with a USCC", () => {
    expect(errorOf(() => parseMerchantIdentity({ ...ENTERPRISE, licenceNo: RESIDENT_ID })).code).toBe(
      "LICENCE_INVALID",
    );
    expect(errorOf(() => parseMerchantIdentity({ ...ENTERPRISE, taxNo: RESIDENT_ID })).code).toBe(
      "IDENTIFIERS_INCONSISTENT",
    );
  });
});
