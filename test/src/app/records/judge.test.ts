import { describe, expect, it } from "vitest";
import { showBin } from "../../../../src/app/queries/bins.ts";
import { readBinTable } from "../../../../src/app/records/bin-table.ts";
import { findCardClass, judgeSettlement } from "../../../../src/app/records/judge.ts";
import { loadBins, MAX_BINS } from "../../../../src/app/records/load-bins.ts";
import { openTestFleet, readLedgerKinds, START, type TestFleet } from "../../../support/fleet-store.ts";
import { ACCOUNT, CARD, MERCHANT_FACTS } from "../../../support/merchant-facts.ts";

const ACT = { actor: "li.mei", reason: "the scheme's table of November" };

async function* toSource(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

const load = (fleet: TestFleet, text: string) => loadBins(fleet, toSource(text), ACT);
const classOf = (fleet: TestFleet, bin: string) => findCardClass(fleet.store, { kind: "card", bin });
const code = (name: string) => expect.objectContaining({ code: name });

describe("the table of BINs that comes with Tillsync", () => {
  it("has the mainland's banks, every row in the form that the rules expect", async () => {
    const table = await readBinTable();
    expect(table.length).toBeGreaterThan(1_500);
    expect(table.filter(({ bin, issuer }) => !/^\d{3,10}$/.test(bin) || issuer === "")).toEqual([]);
  });

  // Printed in the banks' own notices: a debit card of each of the large banks, and credit cards.
  it.each([
    ["622848", "debit"],
    ["621700", "debit"],
    ["622202", "debit"],
    ["621661", "debit"],
    ["622588", "debit"],
    ["621098", "debit"],
    ["628288", "credit"],
    ["622262", "debit"],
    ["411111", "unknown"],
  ])("says that %s is %s", async (bin, cardClass) => {
    expect(await classOf(await openTestFleet(), bin)).toBe(cardClass);
  });
});

describe("the operator's own table", () => {
  it("speaks first, and for what the other does not know", async () => {
    const fleet = await openTestFleet();
    const loaded = await load(
      fleet,
      "class,bin,issuer\ncredit,622848,某银行\ndebit,41111111,某银行\nprepaid,999,某银行\n",
    );
    expect(loaded).toEqual({ bins: 3, digest: expect.objectContaining({ length: 32 }) });
    expect(await classOf(fleet, "622848")).toBe("credit");
    expect(await classOf(fleet, "411111")).toBe("mixed");
    expect(await classOf(fleet, "41111111")).toBe("debit");
    expect(await classOf(fleet, "999123")).toBe("prepaid");
    expect(await classOf(fleet, "621700")).toBe("debit");
    expect(await readLedgerKinds(fleet)).toEqual(["bins.loaded"]);
    expect(await showBin(fleet.store, "622848")).toMatchObject({
      ...{ cardClass: "credit", own: 3 },
      rows: [
        { bin: "622848", table: "own" },
        { bin: "622848", table: "built-in", cardClass: "debit" },
      ],
    });
  });

  it("is replaced as a whole, by an empty one, too", async () => {
    const fleet = await openTestFleet();
    await load(fleet, "bin,issuer,class\n622848,某银行,credit\n");
    expect(await load(fleet, "bin,issuer,class\n")).toMatchObject({ bins: 0 });
    expect(await classOf(fleet, "622848")).toBe("debit");
  });

  it.each([
    ["", "CSV_COLUMN_MISSING"],
    ["bin,issuer\n622848,某银行\n", "CSV_COLUMN_MISSING"],
    ["bin,issuer,class,cvv\n", "CSV_MALFORMED"],
    ["bin,issuer,class\n62,某银行,debit\n", "CSV_MALFORMED"],
    ["bin,issuer,class\n62284804025,某银行,debit\n", "CSV_MALFORMED"],
    ["bin,issuer,class\n622848,6228480402564890018,debit\n", "CSV_MALFORMED"],
    ["bin,issuer,class\n622848,某银行,gold\n", "CSV_MALFORMED"],
    ["bin,issuer,class\n622848,某银行\n", "CSV_MALFORMED"],
    ["bin,issuer,class\n622848,某银行,debit\n622848,某银行,credit\n", "CSV_ROW_DUPLICATE"],
    [
      `bin,issuer,class\n${Array.from({ length: MAX_BINS + 1 }, (_, n) => `${1_000_000 + n},某银行,debit\n`).join("")}`,
      "CSV_TOO_LARGE",
    ],
  ])("is not replaced by a bad file (%#)", async (text, name) => {
    const fleet = await openTestFleet();
    await load(fleet, "bin,issuer,class\n622848,某银行,credit\n");
    await expect(load(fleet, text)).rejects.toThrow(code(name));
    expect(await classOf(fleet, "622848")).toBe("credit");
  });

  it("is asked for 6 or 8 digits and never for a card number", async () => {
    const { store } = await openTestFleet();
    await expect(showBin(store, "6228480402564890018")).rejects.toThrow(code("FIELD_INVALID"));
  });
});

describe("a settlement account", () => {
  it("is judged with the tables at hand", async () => {
    const { store } = await openTestFleet();
    const judge = async (settlement: typeof CARD) =>
      (await judgeSettlement(store, MERCHANT_FACTS, settlement, START)).map(({ code: name, severity }) => [
        name,
        severity,
      ]);
    expect(await judge(CARD)).toEqual([]);
    expect(await judge(ACCOUNT)).toEqual([]);
    expect(await judge({ ...CARD, bin: "628288" })).toEqual([["CREDIT_CARD", "refused"]]);
    expect(await judge({ ...CARD, bin: "411111" })).toEqual([["BIN_UNKNOWN", "warning"]]);
    expect(await judge({ ...CARD, bin: "62" })).toEqual([
      ["BIN_UNKNOWN", "warning"],
      ["FIELD_INVALID", "refused"],
    ]);
  });
});
