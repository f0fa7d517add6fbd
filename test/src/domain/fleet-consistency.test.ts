import { describe, expect, it } from "vitest";
import type { FleetColumn, FleetFields } from "../../../src/domain/fleet-columns.ts";
import { type Claim, type Earlier, toClaim, toRoute, toRowFaults } from "../../../src/domain/fleet-consistency.ts";
import { parseFleetRow } from "../../../src/domain/fleet-row.ts";
import { FLEET_FIELDS, OTHER_FLEET_FIELDS } from "../../support/fleet-fields.ts";

function toRow(fields: Partial<FleetFields> = {}): Claim {
  const parsed = parseFleetRow({ ...FLEET_FIELDS, ...fields });
  if ("faults" in parsed) throw new Error(JSON.stringify(parsed.faults));
  const row = "row" in parsed ? parsed.row : parsed.legacy;
  return toClaim(row, row.account.accountNo);
}

const OTHER_TUSN = { tusn: "00000304N7NL00072365" };
const SECOND = { ...OTHER_TUSN, terminal_no: "58D01116" };

describe("the rows of a fleet file", () => {
  it("may hold several terminals of one merchant, each with its own place and model", () => {
    const second = toRow({ ...SECOND, place: "福建省福州市台江区中山路1号", model: "N7 Pro", certificate_no: "P3101" });
    expect(toRowFaults([toRow(), second, toRow({ ...OTHER_FLEET_FIELDS, terminal_no: "58D01117" })])).toEqual([]);
    expect(toRowFaults([])).toEqual([]);
  });

  it("name no terminal twice", () => {
    expect(toRowFaults([toRow(), toRow({ terminal_no: "58D01116" })])).toEqual([
      { index: 1, column: "tusn", code: "CSV_ROW_DUPLICATE" },
    ]);
  });

  it("give a terminal number once within an acquirer, and may give it again at another", () => {
    const elsewhere = { ...OTHER_FLEET_FIELDS, terminal_no: FLEET_FIELDS.terminal_no };
    expect(toRowFaults([toRow(), toRow(elsewhere)])).toEqual([
      { index: 1, column: "terminal_no", code: "CSV_ROW_DUPLICATE" },
    ]);
    expect(toRowFaults([toRow(), toRow({ ...elsewhere, acquirer: "48980000" })])).toEqual([]);
  });

  it.each<[FleetColumn, string]>([
    ["acquirer", "48980000"],
    ["merchant_name", "福州另一家茶文化有限公司"],
    ["short_name", "另一家茶楼"],
    ["licence_no", "310115600985533"],
    ["tax_no", "350100M000100Y4"],
    ["mcc", "5814"],
    ["bank", "招商银行福州鼓楼支行"],
    ["cnaps", "308584000013"],
    ["holder", "陈志强"],
    ["account_no", "4111111111111111"],
  ])("tell the same %s of one merchant", (column, text) => {
    const faults = toRowFaults([
      toRow(),
      toRow({ ...SECOND, [column]: text }),
      toRow({ ...SECOND, tusn: "0000030401" }),
    ]);
    expect(faults.filter(({ index }) => index === 1)).toEqual([{ index: 1, column, code: "CSV_ROW_DUPLICATE" }]);
  });

  it("tell every contradiction of a row at once, against the first row of the merchant", () => {
    const contradicting = toRow({
      ...SECOND,
      licence_no: "911100007109250324",
      tax_no: "911100007109250324",
      uscc: "911100007109250324",
      settlement_kind: "account",
      account_no: "1402023109600123456",
    });
    const faults = toRowFaults([toRow(), contradicting, toRow()]);
    expect(faults.map(({ index, column }) => [index, column])).toEqual([
      [1, "licence_no"],
      [1, "tax_no"],
      [1, "uscc"],
      [1, "settlement_kind"],
      [1, "account_no"],
      [2, "tusn"],
      [2, "terminal_no"],
    ]);
  });

  it("count old stock in: its number and terminal number are taken as any other's", () => {
    const legacy = { tusn: "SN-12345678" };
    expect(toRowFaults([toRow(legacy), toRow({ ...legacy, terminal_no: "58D01116" }), toRow()])).toEqual([
      { index: 1, column: "tusn", code: "CSV_ROW_DUPLICATE" },
      { index: 2, column: "terminal_no", code: "CSV_ROW_DUPLICATE" },
    ]);
  });

  it("claim nothing where they are not right: what a refused row named is free for the next", () => {
    const contradicting = toRow({ ...SECOND, holder: "陈志强" });
    expect(toRowFaults([toRow(), contradicting, toRow(SECOND)]).map(({ index }) => index)).toEqual([1]);
  });

  it("are held against what was claimed before them", () => {
    const first = toRow();
    const earlier: Earlier = {
      hasSerial: (serial) => serial === first.serial,
      hasRoute: (route) => route === toRoute(first),
      findMerchant: (number) => (number === first.merchantNo ? first.merchant : undefined),
    };
    const faults = toRowFaults([toRow({ holder: "陈志强" }), toRow(SECOND)], earlier);
    expect(faults.map(({ index, column }) => [index, column])).toEqual([
      [0, "tusn"],
      [0, "terminal_no"],
      [0, "holder"],
    ]);
  });
});
