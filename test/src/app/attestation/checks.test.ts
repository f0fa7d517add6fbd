import { describe, expect, it } from "vitest";
import { checkNumbers, toPublicAnswer } from "../../../../src/app/attestation/checks.ts";
import { MAX_NUMBER_LINES, readNumbers } from "../../../../src/app/attestation/number-lines.ts";
import { toCheckRow } from "../../../../src/faces/cli/verify-text.ts";
import { openAttested, toCode } from "../../../support/attestation.ts";
import { TUSN_0 } from "../../../support/fleet-store.ts";

async function* toSource(...chunks: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

async function read(...chunks: readonly string[]): Promise<readonly (readonly [number, string])[]> {
  const numbers: (readonly [number, string])[] = [];
  for await (const { line, text } of readNumbers(toSource(...chunks))) numbers.push([line, text]);
  return numbers;
}

describe("numbers to check", () => {
  it("come one a line, from whatever editor", async () => {
    expect(await read("\ufeff0001\r\n\n  \n00", "02\n0003")).toEqual([
      [1, "0001"],
      [4, "0002"],
      [5, "0003"],
    ]);
  });

  it.each([
    ["shop,TUSN,x\na,0001,y\n\nb,0002\nc\n"],
    ['"tusn"\n0001\n\n"0002"\n""\n'],
    ['place;tusn\n"a;b";0001\n\n"say ""x""";0002\nd\n'],
    ["a\ttusn\nx\t0001\n\ny\t0002\nz\n"],
  ])("come from the column tusn of %j", async (csv) => {
    expect(await read(csv)).toEqual([
      [2, "0001"],
      [4, "0002"],
      [5, ""],
    ]);
  });

  it("are no more than the bound, the heading aside, and none too long", async () => {
    const count = async (lines: number) => {
      let numbers = 0;
      for await (const _ of readNumbers(toSource("tusn\n", "1\n".repeat(lines)), 1_000)) numbers += 1;
      return numbers;
    };
    expect(await count(1_000)).toBe(1_000);
    expect(await toCode(count(1_001))).toBe("CSV_TOO_LARGE");
    expect(await toCode(read("1".repeat(5_000)))).toBe("CSV_TOO_LARGE");
    expect(MAX_NUMBER_LINES).toBe(1_000_000);
  });

  it("cost one look-up a thousand of them, and say of each what is known", async () => {
    const { fleet } = await openAttested();
    await fleet.store
      .insertInto("legacyTerminals")
      .values({
        ...{ serial: "SN123456789", maker: "x", model: "x", certificateNo: "", place: "x", terminalNo: "58D01115" },
        ...{ acquirer: "48220000", replacedBy: "" },
        merchantNumber: (await fleet.store.selectFrom("merchants").select("number").executeTakeFirstOrThrow()).number,
      })
      .execute();
    const texts = [` ${TUSN_0} `, "00000304N7NL01999999", "SN123456789", "SN999999999", "6228480402564890018", ""];
    const checks = await checkNumbers(fleet, texts);
    expect(checks.map(({ answer, number }) => [answer, number])).toEqual([
      ["genuine", TUSN_0],
      ["unknown", "00000304N7NL01999999"],
      ["legacy", "SN123456789"],
      ["unknown", "SN999999999"],
      ["malformed", ""],
      ["malformed", ""],
    ]);
    expect(await checkNumbers(fleet, Array(2_500).fill(TUSN_0))).toHaveLength(2_500);
  }, 120_000);

  it("of old stock are found as they were printed, and told only as a maker would print them", async () => {
    const { fleet } = await openAttested();
    const { number: merchantNumber } = await fleet.store
      .selectFrom("merchants")
      .select("number")
      .executeTakeFirstOrThrow();
    const device = {
      maker: "x",
      model: "x",
      certificateNo: "",
      place: "x",
      terminalNo: "58D01115",
      acquirer: "48220000",
    };
    await fleet.store
      .insertInto("legacyTerminals")
      .values([
        { ...device, serial: "0000gratia00003", replacedBy: "", merchantNumber },
        { ...device, serial: "-1-2", terminalNo: "58D01116", replacedBy: "", merchantNumber },
      ])
      .execute();
    const hostile = ['"SN123456789', "'SN12345678", "\u202eSN123456789", "AB(12)345", "SN:ABC12345"];
    const checks = await checkNumbers(fleet, ["0000gratia00003", "0000gratia00004", "-1-2", "-1-2-3", ...hostile]);
    expect(checks.map(({ answer, number }) => [answer, number])).toEqual([
      ["legacy", "0000gratia00003"],
      ["malformed", ""],
      ["legacy", "-1-2"],
      ["malformed", ""],
      ...hostile.map(() => ["unknown", ""]),
    ]);
    for (const check of checks) expect(toCheckRow(7, check)).toMatch(/^7,([0-9A-Za-z][^,"]*)?,[a-z]+,/);
  });

  it("are told to the public in five words", () => {
    const all = ["genuine", "not_proven", "refuted", "quarantined", "suspended", "out_of_service"] as const;
    expect([...all, "legacy", "unknown", "malformed"].map((answer) => toPublicAnswer(answer as "legacy"))).toEqual([
      ...["genuine", "not_proven", "not_genuine", "not_proven", "not_proven", "not_proven", "not_proven"],
      ...["unknown", "malformed"],
    ]);
  });
});
