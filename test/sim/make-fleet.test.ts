import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { isLuhn } from "../../proto/luhn.ts";
import { toRedacted } from "../../proto/redaction.ts";
import { toTusnParts } from "../../proto/tusn.ts";
import { PUBLIC_SAMPLES } from "../../sim/demo/fleet/models.ts";
import { parseFleet } from "../../src/app/import/parse-fleet.ts";
import type { FleetRow } from "../../src/domain/fleet.ts";
import { discard, makeScratch } from "../support/scratch.ts";

const FLEET = new URL("../../sim/data/fleet.csv", import.meta.url);
const MAKE_FLEET = fileURLToPath(new URL("../../sim/make-fleet.ts", import.meta.url));

describe("the sample fleet", () => {
  let rows: readonly FleetRow[] = [];
  beforeAll(async () => {
    const file = await parseFleet(createReadStream(FLEET));
    expect(file.faults).toEqual([]);
    rows = file.rows;
  });

  function toMerchants(): ReadonlyMap<string, readonly FleetRow[]> {
    const merchants = new Map<string, FleetRow[]>();
    for (const row of rows) merchants.set(row.merchant.number, [...(merchants.get(row.merchant.number) ?? []), row]);
    return merchants;
  }

  it("is what its program prints, and imports without a fault", async () => {
    const folder = makeScratch("make-fleet");
    try {
      const outfile = join(folder, "make-fleet.mjs");
      await build({ entryPoints: [MAKE_FLEET], outfile, bundle: true, platform: "node", format: "esm" });
      const { stdout } = await promisify(execFile)(process.execPath, [outfile]);
      expect(stdout).toBe(await readFile(FLEET, "utf8"));
    } finally {
      discard(folder);
    }
  });

  it("has at least 200 merchants and 300 terminals", () => {
    expect(toMerchants().size).toBeGreaterThanOrEqual(200);
    expect(rows.length).toBeGreaterThanOrEqual(300);
    const counts = new Set([...toMerchants().values()].map((terminals) => terminals.length));
    expect([...counts].toSorted()).toEqual([1, 2, 3, 4]);
  });

  it("holds the public sample TUSNs and mixed makers and device types", () => {
    const tusns = rows.map((row) => row.terminal.tusn);
    for (const [tusn] of PUBLIC_SAMPLES) expect(tusns).toContain(tusn);
    const parts = tusns.map(toTusnParts);
    expect([...new Set(parts.map(({ maker }) => maker))].toSorted()).toEqual(
      "000003 000006 000009 000026 000029 000057".split(" "),
    );
    expect(new Set(parts.map(({ deviceType }) => deviceType)).size).toBeGreaterThanOrEqual(6);
    expect([...new Set(tusns.map((tusn) => tusn.length))].toSorted()).toEqual([16, 18, 20, 26]);
  });

  it("has enterprises, sole traders and micro-merchants, cards and corporate accounts", () => {
    const kinds = new Set(rows.map((row) => `${row.merchant.uscc.slice(0, 2)} ${row.account.kind}`));
    expect([...kinds].toSorted()).toEqual([" card", "91 account", "91 card", "92 account", "92 card"]);
    expect(new Set(rows.map((row) => row.merchant.licenceNo.length))).toEqual(new Set([15, 18]));
  });

  it("keeps region and trade of a merchant the same in all its numbers", () => {
    const regionOf = new Map<string, string>();
    for (const { merchant, account } of rows) {
      const { number, uscc, licenceNo } = merchant;
      const district = uscc === "" ? licenceNo.slice(0, 6) : uscc.slice(2, 8);
      const region = number.slice(3, 7);
      expect(regionOf.get(district) ?? region).toBe(region);
      regionOf.set(district, region);
      expect(account.cnaps.slice(3, 7)).toBe(region);
      expect(number.slice(7, 11)).toBe(merchant.mcc);
      if (licenceNo.length === 15) expect(licenceNo.slice(0, 6)).toBe(district);
    }
    expect(regionOf.size).toBeGreaterThan(20);
  });

  it("opens with merchants that a story can be told of", () => {
    const [first = [], second = [], third = [], fourth = []] = toMerchants().values();
    expect([first, second, third, fourth].map((terminals) => terminals.length)).toEqual([4, 3, 4, 3]);
    expect([first, second, third, fourth].map((terminals) => terminals[0]?.account.kind)).toEqual([
      "card",
      "card",
      "account",
      "account",
    ]);
  });

  it("has no merchant number, TUSN or corporate account that redaction would take for a card number", () => {
    for (const { merchant, terminal, account } of rows) {
      expect(toRedacted(`${merchant.number} ${terminal.tusn}`)).toBe(`${merchant.number} ${terminal.tusn}`);
      expect(isLuhn(account.accountNo)).toBe(account.kind === "card");
    }
  });
});
