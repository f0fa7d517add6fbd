import { describe, expect, it } from "vitest";
import { FLEET_COLUMNS, type FleetColumn, isFleetColumn, toFleetFields } from "../../../src/domain/fleet-columns.ts";
import { parseFleetRow } from "../../../src/domain/fleet-row.ts";
import { findSlips } from "../../../src/domain/legacy-serial.ts";
import { FLEET_FIELDS, OTHER_FLEET_FIELDS } from "../../support/fleet-fields.ts";

/** What the row is refused for. */
function faultsOf(fields: Partial<typeof FLEET_FIELDS>): readonly (readonly [FleetColumn, string])[] {
  const parsed = parseFleetRow({ ...FLEET_FIELDS, ...fields });
  return "faults" in parsed ? parsed.faults.map(({ column, code }) => [column, code]) : [];
}

describe("a row of the fleet file", () => {
  it("tells a merchant, a terminal and a settlement account", () => {
    expect(parseFleetRow(FLEET_FIELDS)).toEqual({
      row: {
        merchant: {
          number: "822391058121070",
          name: "福州闽江春茶文化有限公司",
          shortName: "闽江春茶楼",
          licenceNo: "91350100M000100Y43",
          taxNo: "91350100M000100Y43",
          uscc: "91350100M000100Y43",
          mcc: "5812",
        },
        terminal: {
          tusn: "00000304N7NL01933217",
          maker: "000003",
          model: "N7",
          certificateNo: "P3100",
          place: "福建省福州市鼓楼区东大街36号",
          terminalNo: "58D01115",
          acquirer: "48220000",
          merchantNo: "822391058121070",
        },
        account: {
          kind: "card",
          bank: "中国农业银行福州鼓楼支行",
          cnaps: "102100099996",
          holder: "林秀英",
          bin: "622848",
          last4: "0018",
          accountNo: "6228480402564890018",
        },
      },
    });
  });

  it("may settle to a corporate account, which has no BIN and no Luhn digit", () => {
    const parsed = parseFleetRow({ ...FLEET_FIELDS, settlement_kind: "account", account_no: "1402023109600123456" });
    expect(parsed).toHaveProperty("row.account", {
      kind: "account",
      bank: "中国农业银行福州鼓楼支行",
      cnaps: "102100099996",
      holder: "林秀英",
      bin: "",
      last4: "3456",
      accountNo: "1402023109600123456",
    });
  });

  it("may be a micro-merchant's, without a USCC", () => {
    expect(parseFleetRow(OTHER_FLEET_FIELDS)).toHaveProperty("row.merchant.uscc", "");
    expect(parseFleetRow(OTHER_FLEET_FIELDS)).toHaveProperty("row.merchant.licenceNo", "11010519491231002X");
  });

  it.each<[FleetColumn, string, string]>([
    ["model", "", "NAME_INVALID"],
    ["certificate_no", "P310", "FIELD_INVALID"],
    ["certificate_no", "p3100", "FIELD_INVALID"],
    ["place", "福建省\u202e福州市", "NAME_INVALID"],
    ["place", "路".repeat(121), "NAME_INVALID"],
    ["terminal_no", "58D0111", "TERMINAL_NUMBER_INVALID"],
    ["acquirer", "4822000", "FIELD_INVALID"],
    ["acquirer", "482200001234", "FIELD_INVALID"],
    ["merchant_no", "82239105812107", "MERCHANT_NUMBER_INVALID"],
    ["merchant_name", " 闽江春", "NAME_INVALID"],
    ["short_name", "闽".repeat(41), "NAME_INVALID"],
    ["licence_no", "91350100M000100Y44", "LICENCE_INVALID"],
    ["tax_no", "91350100M000100Y", "TAX_NUMBER_INVALID"],
    ["uscc", "91350100M000100Y44", "USCC_INVALID"],
    ["mcc", "581", "MCC_INVALID"],
    ["settlement_kind", "wallet", "FIELD_INVALID"],
    ["bank", "行".repeat(61), "NAME_INVALID"],
    ["cnaps", "102100099997", "CNAPS_INVALID"],
    ["holder", "", "NAME_INVALID"],
    ["account_no", "6228480402564890019", "CARD_NUMBER_INVALID"],
  ])("is refused for %s = %j", (column, text, code) => {
    expect(faultsOf({ [column]: text })).toEqual([[column, code]]);
  });

  it.each([
    "123",
    "x".repeat(51),
    "00000304 N7",
    "SN：12345",
    "序列号12345",
    "6228480402564890018",
    "6228480402564890018A",
    "6228-4804-0256-4890-018",
  ])("is refused for %s, which no terminal and no old stock has", (tusn) => {
    expect(faultsOf({ tusn, maker: tusn.slice(0, 6) })).toContainEqual(["tusn", "TUSN_INVALID"]);
  });

  it("is refused for a maker other than the TUSN's", () => {
    expect(faultsOf({ maker: "000006" })).toEqual([["maker", "FIELD_INVALID"]]);
    expect(faultsOf({ maker: "00000" })).toEqual([["maker", "FIELD_INVALID"]]);
  });

  it("judges the account number by its kind, and not at all where the kind is unknown", () => {
    expect(faultsOf({ settlement_kind: "account", account_no: "12 34" })).toEqual([
      ["account_no", "ACCOUNT_NUMBER_INVALID"],
    ]);
    expect(faultsOf({ settlement_kind: "CARD", account_no: "12 34" })).toEqual([["settlement_kind", "FIELD_INVALID"]]);
  });

  it("is refused for identifiers that contradict each other, where each is sound by itself", () => {
    const other = "911100007109250324";
    expect(faultsOf({ licence_no: other })).toEqual([["licence_no", "IDENTIFIERS_INCONSISTENT"]]);
    expect(faultsOf({ tax_no: other })).toEqual([["tax_no", "IDENTIFIERS_INCONSISTENT"]]);
    expect(faultsOf({ uscc: other })).toEqual([
      ["licence_no", "IDENTIFIERS_INCONSISTENT"],
      ["tax_no", "IDENTIFIERS_INCONSISTENT"],
    ]);
    expect(faultsOf({ uscc: other, tax_no: "1" })).toEqual([["tax_no", "TAX_NUMBER_INVALID"]]);
  });

  it("without a USCC is refused for a licence", () => {
    expect(faultsOf({ uscc: "" })).toEqual([["licence_no", "RESIDENT_ID_INVALID"]]);
  });

  it("tells all its faults at once, in the order of the columns, and none of its values", () => {
    const empty = toFleetFields(
      FLEET_COLUMNS,
      FLEET_COLUMNS.map(() => ""),
    );
    const codes = [
      ["tusn", "TUSN_INVALID"],
      ["maker", "FIELD_INVALID"],
      ["model", "NAME_INVALID"],
      ["certificate_no", "FIELD_INVALID"],
      ["place", "NAME_INVALID"],
      ["terminal_no", "TERMINAL_NUMBER_INVALID"],
      ["acquirer", "FIELD_INVALID"],
      ["merchant_no", "MERCHANT_NUMBER_INVALID"],
      ["merchant_name", "NAME_INVALID"],
      ["short_name", "NAME_INVALID"],
      ["licence_no", "RESIDENT_ID_INVALID"],
      ["tax_no", "TAX_NUMBER_INVALID"],
      ["mcc", "MCC_INVALID"],
      ["settlement_kind", "FIELD_INVALID"],
      ["bank", "NAME_INVALID"],
      ["cnaps", "CNAPS_INVALID"],
      ["holder", "NAME_INVALID"],
    ];
    expect(parseFleetRow(empty)).toEqual({ faults: codes.map(([column, code]) => ({ column, code })) });
  });
});

describe("a row of old stock", () => {
  it.each(["0000gratia00003", "9999999998", "123213213101", "SX-12/34.a", "1234", "0".repeat(50)])(
    "is kept under its printed number %s, never refused as fake",
    (serial) => {
      const parsed = parseFleetRow({ ...FLEET_FIELDS, tusn: serial });
      expect(parsed).toMatchObject({
        legacy: { legacy: { serial, terminalNo: "58D01115" }, account: { last4: "0018" } },
      });
    },
  );

  it.each(["", "000003", "新大陆"])("may tell its maker as %j", (maker) => {
    expect(parseFleetRow({ ...FLEET_FIELDS, tusn: "SX-1234", maker, certificate_no: "" })).toHaveProperty("legacy");
  });

  it("is judged like any other in all the rest", () => {
    const bad = { tusn: "SX-1234", maker: "x".repeat(41), certificate_no: "P31", terminal_no: "1", account_no: "1" };
    expect(faultsOf(bad)).toEqual([
      ["maker", "NAME_INVALID"],
      ["certificate_no", "FIELD_INVALID"],
      ["terminal_no", "TERMINAL_NUMBER_INVALID"],
      ["account_no", "CARD_NUMBER_INVALID"],
    ]);
  });
});

describe("a legacy number", () => {
  it("that looks like a mistyped TUSN is told by the slip, and a plain one by none", () => {
    expect(findSlips("00000304n7nl01933217")).toEqual(["lower_case"]);
    expect(findSlips("O0000304N7NL01933217")).toContain("letter_o");
    expect(findSlips("SX1234567")).toEqual([]);
  });
});

describe("the columns of the fleet file", () => {
  it("are known by name", () => {
    expect(FLEET_COLUMNS.every(isFleetColumn)).toBe(true);
    for (const name of ["cvv", "TUSN", " tusn", "", "__proto__", "constructor"])
      expect(isFleetColumn(name)).toBe(false);
  });

  it("may come in any order", () => {
    const columns = [...FLEET_COLUMNS].reverse();
    const texts = columns.map((column) => FLEET_FIELDS[column]);
    expect(toFleetFields(columns, texts)).toEqual(FLEET_FIELDS);
  });
});
