import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { importFleet } from "../../../../src/app/import/import-fleet.ts";
import { replaceBinding } from "../../../../src/app/records/bindings.ts";
import { changeRecord } from "../../../../src/app/records/change.ts";
import { readRecord, toPrimary } from "../../../../src/app/records/read.ts";
import { addBinCommands, addMerchantCommands } from "../../../../src/faces/cli/merchant-commands.ts";
import type { Backend, CliPorts } from "../../../../src/faces/cli/ports.ts";
import { transact } from "../../../../src/store/store.ts";
import { OTHER_FLEET_FIELDS } from "../../../support/fleet-fields.ts";
import { MERCHANT, makeFolder, openTestFleet, toFleetRow } from "../../../support/fleet-store.ts";
import { ACCOUNT, MERCHANT_FACTS } from "../../../support/merchant-facts.ts";

/** The commands over a fleet in memory of this very process, and what they print. */
async function openCommands() {
  const fleet = await openTestFleet();
  await importFleet(fleet, [toFleetRow(), toFleetRow(OTHER_FLEET_FIELDS)]);
  const printed = { out: "", err: "" };
  const ports = {
    out: (text: string) => {
      printed.out += text;
    },
    err: (text: string) => {
      printed.err += text;
    },
    openBackend: async () => ({ context: fleet, close: async () => {} }) as unknown as Backend,
  } as unknown as CliPorts;
  const run = async (...args: readonly string[]) => {
    Object.assign(printed, { out: "", err: "" });
    const program = new Command("tillsync").exitOverride().option("--data <folder>").option("--json");
    program.configureOutput({ writeOut: ports.out, writeErr: ports.err });
    addMerchantCommands(program, ports);
    addBinCommands(program, ports);
    await program.parseAsync([...args], { from: "user" });
    return { ...printed };
  };
  const change = () =>
    transact(fleet.store, async (tx) => {
      const act = { number: MERCHANT, actor: "li.mei", changeId: "C1" };
      const { id } = toPrimary(await readRecord(tx, MERCHANT));
      const patch = { principal: "林秀英", contacts: MERCHANT_FACTS.contacts };
      await changeRecord(tx, fleet.at, { ...act, version: 1, patch });
      await replaceBinding(tx, fleet.at, { ...act, version: 2, bindingId: id, settlement: ACCOUNT });
    });
  return { fleet, run, change };
}

describe("tillsync merchants", () => {
  it("lists merchants in pages, and tells how to go on", async () => {
    const { run } = await openCommands();
    const all = await run("merchants", "list");
    expect(all.out).toContain("福州闽江春茶文化有限公司");
    expect(all.out).toContain("622848******0018");
    expect(all.err).toBe("");
    const page = await run("merchants", "list", "--limit", "1");
    expect(page.err).toContain(`--after ${MERCHANT}`);
    expect((await run("merchants", "list", "--after", MERCHANT)).out).not.toContain(MERCHANT);
    expect(JSON.parse((await run("--json", "merchants", "list", "--owner-kind", "micro")).out)).toMatchObject([
      { number: OTHER_FLEET_FIELDS.merchant_no, ownerKind: "micro" },
    ]);
    expect((await run("merchants", "list", "--owner-kind", "sole_trader")).out).toContain("No such merchant");
  });

  it("shows one with contacts, accounts and version", async () => {
    const { run, change } = await openCommands();
    await change();
    const { out } = await run("merchants", "show", MERCHANT);
    for (const text of [
      "林秀英",
      "陈会计",
      "13805910001",
      "622848******0018",
      "******7788",
      "in force, primary",
      "ended",
    ]) {
      expect(out, text).toContain(text);
    }
    expect(out).toMatch(/version +3 of/);
    expect(JSON.parse((await run("--json", "merchants", "show", MERCHANT)).out)).not.toHaveProperty("commitment");
    await expect(run("merchants", "show", "822391058129999")).rejects.toThrow(
      expect.objectContaining({ code: "NOT_FOUND" }),
    );
  });

  it("shows what changed, masked", async () => {
    const { run, change } = await openCommands();
    expect((await run("merchants", "history", MERCHANT)).out).toContain("Nothing of this merchant has changed");
    await change();
    const { out } = await run("merchants", "history", MERCHANT);
    expect(out).toContain("version 3, settlement");
    expect(out).toMatch(/principal +- -> 林秀英/);
    expect(out).toContain("by li.mei (C1)");
    const page = await run("merchants", "history", MERCHANT, "--limit", "1");
    expect(page.err).toMatch(/--before \d+/);
    expect((await run("merchants", "history", MERCHANT, "--group", "contact")).out).not.toContain("principal");
  });
});

describe("tillsync bins", () => {
  it("loads the operator's own table and shows what a card is", async () => {
    const { run } = await openCommands();
    const file = join(makeFolder(), "bins.csv");
    writeFileSync(file, "bin,issuer,class\n622848,某银行,credit\n");
    expect((await run("bins", "show", "622848")).out).toContain("622848: debit");
    expect((await run("bins", "load", file, "--reason", "the scheme's table")).out).toContain("1 BINs");
    expect((await run("bins", "show", "622848")).out).toContain("622848: credit");
    expect((await run("bins", "show", "411111")).out).toContain("411111: unknown");
    const missing = run("bins", "load", `${file}.none`, "--reason", "x");
    await expect(missing).rejects.toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });
});
