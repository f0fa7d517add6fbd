import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readOpening } from "../../../certs/sign/opening.ts";
import { parseBindingJson, toCommitment } from "../../../proto/settlement.ts";
import { createCompany, runSign, toRefusal } from "../../support/sign.ts";
import { NEW_CARD } from "../../support/sign-sample.ts";

const company = createCompany(1_800_000_000);
const SETTLEMENT = { kind: "card", bank: "中国农业银行", cnaps: "103100000026", holder: "张伟", accountNo: NEW_CARD };
let made = 0;

afterAll(() => company.remove());

async function bind(settlement: object | string) {
  made += 1;
  const [file, out] = [join(company.folder, `settlement-${made}.json`), join(company.folder, `binding-${made}.json`)];
  writeFileSync(file, typeof settlement === "string" ? settlement : JSON.stringify(settlement));
  return {
    file,
    out,
    opening: `${out}.opening.json`,
    result: await runSign(["binding", "--settlement", file, "--out", out]),
  };
}

describe("a settlement", () => {
  it("is split into a binding without the number, and what opens it", async () => {
    const { out, opening, result } = await bind(SETTLEMENT);
    expect(result.code).toBe(0);
    const binding = parseBindingJson(readFileSync(out));
    const { number, salt } = readOpening(opening);
    expect(binding).toMatchObject({ bin: NEW_CARD.slice(0, 6), last4: NEW_CARD.slice(-4), holder: "张伟" });
    expect([number, Buffer.from(toCommitment(number, salt))]).toEqual([NEW_CARD, Buffer.from(binding.commitment)]);
    expect(statSync(opening).mode & 0o777).toBe(0o600);
    expect(readFileSync(out, "utf8") + result.stdout + result.stderr).not.toContain(NEW_CARD);
  });

  it("has another commitment every time", async () => {
    const [a, b] = [await bind(SETTLEMENT), await bind(SETTLEMENT)];
    const [first, second] = [a, b].map(({ out }) => parseBindingJson(readFileSync(out)).commitment);
    expect(first).not.toEqual(second);
  });

  it("never takes the place of a file", async () => {
    const { file, out, opening } = await bind(SETTLEMENT);
    const before = [readFileSync(out), readFileSync(opening)];
    expect(toRefusal(await runSign(["binding", "--settlement", file, "--out", out]))).toBe("CONFIG_INVALID");
    expect([readFileSync(out), readFileSync(opening)]).toEqual(before);
  });

  it.each([
    ["SENSITIVE_DATA", { ...SETTLEMENT, cvv2: "123" }],
    ["SENSITIVE_DATA", { ...SETTLEMENT, pin: "123456" }],
    ["SENSITIVE_DATA", { ...SETTLEMENT, track2: "x" }],
    ["FIELD_INVALID", { ...SETTLEMENT, remark: "x" }],
    ["FIELD_MISSING", { ...SETTLEMENT, holder: undefined }],
    ["FIELD_INVALID", { ...SETTLEMENT, accountNo: Number(NEW_CARD) }],
    ["CARD_NUMBER_INVALID", { ...SETTLEMENT, accountNo: "6228481234567890129" }],
    ["CNAPS_INVALID", { ...SETTLEMENT, cnaps: "103100000027" }],
    ["NAME_INVALID", { ...SETTLEMENT, holder: "张\u202e伟" }],
    ["FIELD_INVALID", "{"],
    ["FIELD_INVALID", JSON.stringify(SETTLEMENT).replace("{", '{"kind":"account",')],
    ["BYTES_TOO_LARGE", { ...SETTLEMENT, holder: "x".repeat(5_000) }],
  ])("that is refused with %s leaves nothing behind and is not repeated", async (code, settlement) => {
    const { out, opening, result } = await bind(settlement as object | string);
    expect(toRefusal(result)).toBe(code);
    expect([existsSync(out), existsSync(opening)]).toEqual([false, false]);
    expect(result.stdout + result.stderr).not.toMatch(/\d{6}|张/);
  });
});
