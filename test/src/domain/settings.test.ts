import { describe, expect, it } from "vitest";
import { parseSettings, SETTING_NAMES, toMerchantSetting } from "../../../src/domain/settings.ts";
import { refusalOf } from "../../support/refusal.ts";

describe("settings", () => {
  it("are read by group, with numbers as numbers", () => {
    expect(
      parseSettings([
        "merchant.name=茉莉=茶庄",
        "merchant.short_name=茉莉",
        "merchant.licence_no=310115600985533",
        "merchant.tax_no=91350100M000100Y43",
        "merchant.uscc=91350100M000100Y43",
        "merchant.mcc=5411",
        "acquiring.terminal_no=58D01115",
        "acquiring.acquirer=48210000",
        "acquiring.host=host.example",
        "acquiring.port=9000",
        "parameters.attempts=3",
      ]),
    ).toEqual({
      merchant: {
        name: "茉莉=茶庄",
        shortName: "茉莉",
        licenceNo: "310115600985533",
        taxNo: "91350100M000100Y43",
        uscc: "91350100M000100Y43",
        mcc: "5411",
      },
      acquiring: { terminalNo: "58D01115", acquirer: "48210000", host: "host.example", port: 9000 },
      parameters: { attempts: 3 },
    });
  });

  it("take a merged licence number, which is the USCC", () => {
    const settings = parseSettings(["merchant.licence_no=91350100M000100Y43"]);
    expect(settings.merchant.licenceNo).toBe("91350100M000100Y43");
  });

  it("with an unknown name, a repeated one, or no value's form are refused", () => {
    for (const texts of [
      [""],
      ["name=x"],
      ["binding.last4=0018"],
      ["merchant.number=1"],
      ["merchant.toString=1"],
      ["constructor.name=1"],
      ["merchant.name"],
      ["merchant.mcc=5411", "merchant.mcc=5812"],
      ["parameters.attempts=three"],
      ["acquiring.port=-1"],
      ["acquiring.host=6228480402564890018"],
    ]) {
      expect(() => parseSettings(texts), texts.join()).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    }
  });

  it("with a value that breaks its identifier's rule carry that rule's code", () => {
    for (const [text, code] of [
      ["merchant.name=", "NAME_INVALID"],
      ["merchant.uscc=91350100M000100Y44", "USCC_INVALID"],
      ["merchant.licence_no=310115600985534", "LICENCE_INVALID"],
      ["merchant.tax_no=1", "TAX_NUMBER_INVALID"],
      ["merchant.mcc=1", "MCC_INVALID"],
      ["acquiring.terminal_no=1", "TERMINAL_NUMBER_INVALID"],
    ] as const) {
      expect(() => parseSettings([text])).toThrow(expect.objectContaining({ code }));
    }
  });

  it("have names that help can list", () => {
    expect(SETTING_NAMES).toContain("merchant.licence_no");
    expect([toMerchantSetting("name"), toMerchantSetting("licenceNo")]).toEqual([
      "merchant.name",
      "merchant.licence_no",
    ]);
    expect(() => toMerchantSetting("number")).toThrow("INTERNAL");
    expect(SETTING_NAMES.some((name) => name.startsWith("binding"))).toBe(false);
  });

  it("refuses what must never be kept before it tells anything of the others", () => {
    const texts = ["merchant.colour=red", "merchant.name=CVV 123"];
    expect(refusalOf(() => parseSettings(texts))).toEqual({ code: "SENSITIVE_DATA" });
  });
});
