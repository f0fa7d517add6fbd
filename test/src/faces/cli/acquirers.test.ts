import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { expect, it } from "vitest";
import { parseChangeFacts } from "../../../../certs/acquirer/lakala-body.ts";
import { toUtf8 } from "../../../../proto/bytes.ts";
import { openAcquirers } from "../../../../src/app/acquirers/open.ts";
import { placeOrder } from "../../../../src/app/acquirers/orders.ts";
import { OrderRunner } from "../../../../src/app/acquirers/runner.ts";
import { type AcquirerSettings, readAcquirerSettings } from "../../../../src/app/acquirers/settings.ts";
import { importFleet } from "../../../../src/app/import/import-fleet.ts";
import { addAcquirerCommands } from "../../../../src/faces/cli/acquirer-commands.ts";
import type { Backend, CliPorts } from "../../../../src/faces/cli/ports.ts";
import { transact } from "../../../../src/store/store.ts";
import { MERCHANT as AT_LAKALA, openSettling, type SchemeName } from "../../../support/acquirers.ts";
import { MERCHANT, toFleetRow } from "../../../support/fleet-store.ts";

const WHY = ["--reason", "as agreed", "--by"] as const;

async function openCommands(scheme: SchemeName = "webhook") {
  const settling = await openSettling(scheme);
  const { fleet, folder, settings } = settling;
  await importFleet(fleet, [toFleetRow()]);
  const manual = { adapter: "manual", code: "M1", channel: "hotline" } as const;
  const all: readonly AcquirerSettings[] = [settings, manual];
  let [text, exit] = ["", 0];
  const out = (more: string) => {
    text += more;
  };
  const ports = {
    ...{ out, err: out },
    openBackend: async () =>
      ({ context: fleet, folder: { path: folder }, close: async () => {} }) as unknown as Backend,
  } as unknown as CliPorts;
  const acquirers = openAcquirers(fleet, all, { attemptMs: 1_000 });
  const runner = new OrderRunner(fleet, { acquirers, changed: async () => undefined });
  const run = async (...args: readonly string[]) => {
    [text, exit] = ["", 0];
    const program = new Command("tillsync").exitOverride().option("--data <folder>").option("--json");
    addAcquirerCommands(
      program,
      ports,
      () => ({ settings: all, acquirers, runner }),
      (code) => {
        exit = code;
      },
    );
    await program.parseAsync([...args], { from: "user" });
    return { text, exit };
  };
  const place = async (acquirer: string) => {
    const { requestNo, wanted, before } = settling.order();
    await transact(fleet.store, (tx) =>
      placeOrder(tx, fleet.at, {
        ...{
          requestNo,
          change: "C-1",
          purpose: "change",
          acquirer,
          merchant: MERCHANT,
          wanted,
          before,
          sealed: undefined,
        },
      }),
    );
    return requestNo;
  };
  return { ...settling, run, place, runner };
}

it("tillsync acquirers shows what there is, whether it can be reached, and what is on record beside ours", async () => {
  const { run, sim, folder } = await openCommands();
  expect((await run("acquirers", "list")).text).toMatch(/A1 +webhook +http.*\n.*M1 +manual +hotline/s);
  expect(await run("acquirers", "check")).toMatchObject({ text: expect.stringMatching(/A1 +webhook +OK/), exit: 0 });
  const missing = await run("acquirers", "query", MERCHANT, "--acquirer", "A1");
  expect(missing.text).toMatch(/622848\*{6}0018/);
  expect(missing.text).toMatch(/as ours|DIFFERENT|NONE/);
  await expect(run("acquirers", "query", MERCHANT, "--acquirer", "X")).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(run("acquirers", "query", AT_LAKALA.replace(/.$/, "9"))).rejects.toMatchObject({ code: "NOT_FOUND" });
  await sim.close();
  expect(await run("acquirers", "check")).toMatchObject({ text: expect.stringContaining("ACQUIRER_FAILED"), exit: 1 });
  writeFileSync(join(folder, "acquirers.json"), "{}");
  expect(readAcquirerSettings(folder)).toEqual([]);
});

it("tillsync acquirers drives an order that a person has to decide", async () => {
  const { run, place, runner } = await openCommands();
  const no = await place("A1");
  // It was placed without what has to be sealed: nothing is sent, and it waits.
  await runner.poll();
  expect((await run("acquirers", "orders")).text).toMatch(new RegExp(`${no} .*requested +FIELD_INVALID`));
  await run("acquirers", "resume", no, ...WHY, "wang.lei");
  await run("acquirers", "give-up", no, ...WHY, "wang.lei");
  const [row] = JSON.parse((await run("--json", "acquirers", "orders")).text);
  expect(row).toMatchObject({ requestNo: no, state: "failed", code: "GIVEN_UP" });
  expect(row.sealed).toBeUndefined();
  await expect(run("acquirers", "confirm", no, ...WHY, "li.mei")).rejects.toMatchObject({ code: "STATE_CONFLICT" });
  await expect(run("acquirers", "checklist", no)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});

it("tillsync acquirers leads people through a checklist", async () => {
  const { run, place } = await openCommands();
  const no = await place("M1");
  expect((await run("acquirers", "checklist", no)).text).toContain("拨打95016");
  await run("acquirers", "tick", no, "call", ...WHY, "wang.lei");
  expect((await run("acquirers", "checklist", no)).text).toMatch(/\[x\] call[\s\S]*by wang\.lei[\s\S]*\[ \] prove/);
  await expect(run("acquirers", "checklist", "CHG00000000")).rejects.toMatchObject({ code: "NOT_FOUND" });
});

it("tillsync acquirers prints the facts that a whole request is sealed with", async () => {
  const { run } = await openCommands("lakala");
  const { text } = await run("acquirers", "facts", "A1", AT_LAKALA, "--request", "CHG00000001");
  expect(parseChangeFacts(toUtf8(text))).toMatchObject({ request: "CHG00000001", merchant: "82258405511" });
  await expect(run("acquirers", "facts", "M1", AT_LAKALA, "--request", "CHG00000001")).rejects.toMatchObject({
    code: "CONFIG_INVALID",
  });
});
