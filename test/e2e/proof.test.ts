import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { toHex } from "../../proto/bytes.ts";
import { toSimulatedSnKey } from "../../sim/keys.ts";
import { readDataFolder } from "../../src/app/data-folder.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import type { CliResult } from "../support/cli.ts";
import { runTillsync } from "../support/cli.ts";
import { openShop, type Shop } from "../support/shop.ts";

const PATIENCE = { timeout: 120_000 };
const WAIT = { timeout: 60_000, interval: 100 };
const CARD = "6228480402564890018";
const YEAR_S = 366 * 86_400;

let shop: Shop;
let store: Store;

/** Two agents that nobody has proven. The maker's list is right for the second one only. */
beforeAll(async () => {
  shop = await openShop(CARD, { isProven: false });
  store = await openStore(readDataFolder(shop.folders.data).database);
  const [clone, genuine] = shop.tusns;
  const list = join(shop.folders.maker, "sn-keys.csv");
  const lines = ["tusn,sn_key", `${clone},${"5a".repeat(16)}`, `${genuine},${toHex(toSimulatedSnKey(genuine))}`];
  writeFileSync(list, `${lines.join("\n")}\n`);
  expect(await shop.tillsync("keys", "rotate")).toMatchObject({ code: 0 });
  expect(await shop.tillsync("keys", "import", list)).toMatchObject({ code: 0 });
}, PATIENCE.timeout);

afterAll(async () => {
  await store?.destroy();
  await shop?.stop();
  shop?.remove();
});

function toCode({ stderr }: CliResult): string | undefined {
  return /[A-Z]+(_[A-Z]+)+/.exec(stderr)?.[0];
}

describe("a fleet that is asked to prove its TUSNs", () => {
  const file = () => join(shop.folders.desk, "first.release");
  const build = () =>
    shop.tillsync("release", "build", "--merchant", shop.merchant, "--reason", "first", "--out", file(), "--force");

  it("gets no settlement built before anybody has", PATIENCE, async () => {
    const result = await build();
    expect([result.code, toCode(result)]).toEqual([1, "TUSN_UNPROVEN"]);
  });

  it(
    "answers the service's challenges: the genuine terminal is proven, the other one found out",
    PATIENCE,
    async () => {
      const [clone, genuine] = shop.tusns;
      const proven = await runTillsync(shop.folders.data, "--json", "proof", "ask", genuine, "--wait", "60");
      expect([proven.code, JSON.parse(proven.stdout)]).toEqual([0, { tusn: genuine, verdict: "verified-crypto" }]);
      const wrong = await shop.tillsync("proof", "ask", clone, "--wait", "60");
      expect([wrong.code, toCode(wrong)]).toEqual([1, "PROOF_WRONG"]);
      const listed = JSON.parse((await shop.tillsync("proof", "list")).stdout);
      const byTusn = Object.fromEntries(listed.map((row: { tusn: string }) => [row.tusn, row]));
      expect(byTusn[genuine]).toMatchObject({ verdict: "verified-crypto", failures: 0, code: "", why: "schedule" });
      expect(byTusn[clone]).toMatchObject({ verdict: "format-only", failures: 1, code: "PROOF_WRONG" });
    },
  );

  it(
    "sends a settlement to the proven one only, after one more proof where its verdict has aged",
    PATIENCE,
    async () => {
      const [clone, genuine] = shop.tusns;
      const built = await build();
      expect(JSON.parse(built.stdout).skipped).toContainEqual({
        ...{ tusn: clone, reason: "tusn_unproven", verdict: "format-only" },
      });
      for (const person of ["wang.li", "chen.bo"]) {
        expect(await shop.sign("sign", file(), "--yes", ...shop.as(person), "--last4", CARD.slice(-4))).toMatchObject({
          code: 0,
        });
      }
      const { provenAt } = await store
        .selectFrom("terminals")
        .select("provenAt")
        .where("tusn", "=", genuine)
        .executeTakeFirstOrThrow();
      const old = (provenAt ?? 0) - YEAR_S;
      await store.updateTable("terminals").set({ provenAt: old }).where("tusn", "=", genuine).execute();
      expect(await shop.tillsync("release", "publish", file())).toMatchObject({ code: 0 });
      await vi.waitFor(async () => {
        const { stdout } = await shop.tillsync("deployments");
        expect(JSON.parse(stdout)).toMatchObject([{ tusn: genuine, state: "committed", code: "" }]);
      }, WAIT);
      const verdicts = await store.selectFrom("verdicts").select(["tusn", "verdict"]).execute();
      expect(verdicts).toEqual(Array(2).fill({ tusn: genuine, verdict: "verified-crypto" }));
    },
  );

  it("leaves neither factor nor cryptogram in what any process said", PATIENCE, async () => {
    const factors = await store.selectFrom("proofs").select("factor").execute();
    for (const { factor } of factors) if (factor !== "") expect(shop.said.join("")).not.toContain(factor);
    expect(shop.said.join("")).not.toMatch(/cryptogram"?[:=]"?[0-9A-F]{8}/);
  });
});
