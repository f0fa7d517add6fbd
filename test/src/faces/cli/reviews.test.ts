import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { toErrorCode } from "../../../../proto/errors.ts";
import { openAcquirers } from "../../../../src/app/acquirers/open.ts";
import { readAcquirerSettings } from "../../../../src/app/acquirers/settings.ts";
import { openOrderRunner } from "../../../../src/app/changes/service.ts";
import type { Context } from "../../../../src/app/context.ts";
import { importFleet } from "../../../../src/app/import/import-fleet.ts";
import { Intake } from "../../../../src/app/intake/intake.ts";
import type { Backend, CliPorts } from "../../../../src/faces/cli/ports.ts";
import { addReviewCommands } from "../../../../src/faces/cli/review-commands.ts";
import { MERCHANT as AT, NEW_NUMBER, OLD_NUMBER, openSettling } from "../../../support/acquirers.ts";
import { openChangeDesk } from "../../../support/changes.ts";
import { commitAll } from "../../../support/committed.ts";
import { OTHER_FLEET_FIELDS } from "../../../support/fleet-fields.ts";
import {
  MERCHANT,
  makeFolder,
  readLedgerKinds,
  release,
  type TestFleet,
  toFleetRow,
} from "../../../support/fleet-store.ts";
import type { TestTerminal } from "../../../support/test-terminal.ts";

const DAY_S = 86_400;
const BOM = "\ufeff";

/** The commands over a fleet of this very process and a data folder, and what they print. */
function openCommands(fleet: TestFleet, folder: string) {
  const printed = { out: "", err: "" };
  const out = (text: string) => {
    printed.out += text;
  };
  const err = (text: string) => {
    printed.err += text;
  };
  const openBackend = async () =>
    ({ context: fleet, folder: { path: folder }, close: async () => {} }) as unknown as Backend;
  const ports = { out, err, openBackend } as unknown as CliPorts;
  const open = (context: Context, path: string) => {
    const settings = readAcquirerSettings(path);
    const acquirers = openAcquirers(context, settings, { attemptMs: 1_000 });
    return { settings, acquirers, runner: openOrderRunner(context, acquirers) };
  };
  return async (...args: readonly string[]) => {
    Object.assign(printed, { out: "", err: "" });
    const program = new Command("tillsync").exitOverride().option("--data <folder>").option("--json");
    addReviewCommands(program, ports, open);
    const all = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(all)];
    for (const command of all(program)) command.exitOverride().configureOutput({ writeOut: out, writeErr: err });
    await program.parseAsync(["reviews", ...args], { from: "user" });
    return { ...printed };
  };
}

async function openFleetCommands() {
  const desk = await openChangeDesk(2);
  await importFleet(desk.fleet, [toFleetRow(OTHER_FLEET_FIELDS)]);
  return { ...desk, run: openCommands(desk.fleet, desk.folder) };
}

const code = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: unknown) => (error instanceof CommanderError ? "usage" : toErrorCode(error)),
  );

async function greet(fleet: TestFleet, terminal: TestTerminal): Promise<void> {
  const trust = () => ({ timestampVersion: 1, rootVersion: 1 });
  const intake = new Intake(fleet, { trust, received: () => {}, proven: () => {}, greeted: () => {} });
  await intake.receive({ tusn: terminal.tusn, kind: "hello", payload: terminal.hello() });
  await intake.close();
}

describe("tillsync reviews", () => {
  it("shows what is not in order by merchant, with the next step under each row", async () => {
    const { run } = await openFleetCommands();
    const { out, err } = await run("list");
    expect(err).toBe("");
    const [first = "", second = ""] = out.split("\n\n");
    expect([first.split("\n")[0], second.split("\n")[0]]).toEqual([MERCHANT, OTHER_FLEET_FIELDS.merchant_no]);
    expect(first).toContain("NOTE    licence_unknown");
    expect(first).toContain("-> put on record until when the licence is good");
    expect(first).toContain(`tillsync changes create --merchant ${MERCHANT} --kind merchant`);
    expect(first).toContain("acquirer_unasked 48220000");
    // Enrolled, and not heard of yet; what is not enrolled yet is no line of the other merchant.
    expect(first.match(/terminal_silent 00000304N7NL0190000/g)).toHaveLength(2);
    expect(second).not.toContain("terminal_silent");
  });

  it("lists in pages that go on behind the last row, and counts", async () => {
    const { run } = await openFleetCommands();
    const all = JSON.parse((await run("list", "--json")).out) as object[];
    expect(all).toHaveLength(6);
    const found: object[] = [];
    let after: readonly string[] = [];
    for (let page = 0; page < all.length; page += 1) {
      const { out, err } = await run("list", "--json", "--limit", "1", ...after);
      found.push(...JSON.parse(out));
      if (err === "") break;
      after = ["--after", JSON.parse(err).more.after];
    }
    expect(found).toEqual(all);
    expect((await run("list", "--limit", "5")).err).toContain(
      `--after '${OTHER_FLEET_FIELDS.merchant_no}::licence_unknown:'`,
    );
    expect(JSON.parse((await run("summary", "--json")).out)).toEqual([
      { kind: "licence_unknown", urgent: 0, soon: 0, note: 2 },
      { kind: "acquirer_unasked", urgent: 0, soon: 0, note: 2 },
      { kind: "terminal_silent", urgent: 0, soon: 0, note: 2 },
    ]);
    expect((await run("summary")).out).toMatch(/licence_unknown +0 +0 +2/);
  });

  it("lists one merchant, one severity, or some kinds alone", async () => {
    const { run } = await openFleetCommands();
    const kinds = async (...args: readonly string[]) =>
      (JSON.parse((await run("list", "--json", ...args)).out) as { kind: string }[]).map(({ kind }) => kind);
    expect(await kinds("--merchant", OTHER_FLEET_FIELDS.merchant_no)).toEqual(["licence_unknown", "acquirer_unasked"]);
    expect(await kinds("--kind", "terminal_silent", "--kind", "licence_unknown", "--merchant", MERCHANT)).toEqual([
      ...["licence_unknown", "terminal_silent", "terminal_silent"],
    ]);
    expect((await run("list", "--severity", "urgent")).out).toBe("Everything that was looked at is in order.\n");
    expect((await run("summary", "--severity", "urgent")).out).toContain("in order");
    expect(await code(run("list", "--kind", "everything"))).toBe("usage");
    expect(await code(run("list", "--severity", "grave"))).toBe("usage");
    expect(await code(run("list", "--after", "there"))).toBe("CURSOR_INVALID");
    expect(await code(run("list", "--merchant", "822391058129999"))).toBe("NOT_FOUND");
  });

  it("writes all of it as CSV, to a file of its own or to standard output", async () => {
    const { run, fleet } = await openFleetCommands();
    await fleet.store
      .updateTable("bindings")
      .set({ validUntil: fleet.at - 1, isPrimary: 1 })
      .execute();
    const file = join(makeFolder(), "reviews.csv");
    expect((await run("list", "--csv", file)).out).toContain(`8 rows are in ${file}`);
    const text = readFileSync(file, "utf8");
    expect(text.startsWith(`${BOM}merchant,tusn,kind,subject,severity,at,desired,`)).toBe(true);
    expect(text.split("\r\n")).toHaveLength(1 + 8 + 1);
    expect(text).toContain("account_expired,1,urgent,2027-01-15T07:59:59Z,622848******0018");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await code(run("list", "--csv", file))).toBe("CONFIG_INVALID");
    expect(await code(run("list", "--csv", file, "--force"))).toBe("done");
    expect(await code(run("list", "--csv", join(file, "below")))).toBe("CONFIG_INVALID");
    expect((await run("list", "--csv", "-")).out).toBe(text);
  });

  it("notes who looked through a merchant's data, for good, and counts the next review from then on", async () => {
    const { run, fleet } = await openFleetCommands();
    fleet.at += 400 * DAY_S;
    const due = async () => (await run("list", "--merchant", MERCHANT, "--kind", "review_overdue", "--json")).out;
    expect(JSON.parse(await due())).toMatchObject([{ severity: "soon", at: fleet.at - 35 * DAY_S, next: "review" }]);
    const args = [
      "done",
      MERCHANT,
      "--note",
      "licence and account seen, 6228480402564890018",
      "--by",
      "li.mei",
    ] as const;
    expect((await run(...args)).out).toContain(`${MERCHANT} is reviewed, by li.mei`);
    expect(JSON.parse(await due())).toEqual([]);
    const { out } = await run("history", MERCHANT);
    expect(out).toContain("li.mei  licence and account seen, 622848*********0018");
    expect((await readLedgerKinds(fleet)).at(-1)).toBe("merchant.reviewed");
    await run("done", MERCHANT, "--note", "again");
    expect((await run("history", MERCHANT, "--limit", "1")).err).toContain("--before '2'");
    expect(JSON.parse((await run("history", MERCHANT, "--before", "2", "--json")).out)).toMatchObject([{ id: 1 }]);
    expect((await run("history", OTHER_FLEET_FIELDS.merchant_no)).out).toContain("Nobody has noted");
    expect(await code(run("done", "822391058129999", "--note", "x"))).toBe("NOT_FOUND");
    expect(await code(run("done", MERCHANT, "--note", "cvv 123"))).toBe("SENSITIVE_DATA");
    for (const statement of [fleet.store.deleteFrom("reviews"), fleet.store.updateTable("reviews").set({ note: "" })]) {
      await expect(statement.execute()).rejects.toThrow(expect.objectContaining({ code: "STORE_FAILED" }));
    }
  });

  it("tells a terminal that reports another profile than it committed, and one whose update failed", async () => {
    const { run, fleet, terminals } = await openFleetCommands();
    const [honest, other] = terminals as [TestTerminal, TestTerminal];
    await release(fleet, { merchant: MERCHANT });
    await commitAll(fleet, terminals);
    const rows = async () =>
      (JSON.parse((await run("list", "--json", "--merchant", MERCHANT)).out) as Record<string, string>[]).filter(
        ({ kind }) => kind?.startsWith("terminal") || kind === "records_drift",
      );
    expect(await rows()).toEqual([]);
    fleet.at += 60;
    await release(fleet, { patch: { merchant: { shortName: "新茶楼" } }, merchant: MERCHANT });
    await commitAll(fleet, [honest]);
    await commitAll(fleet, [other], "rolled_back");
    expect(await rows()).toMatchObject([
      { tusn: other.tusn, kind: "terminal_behind", severity: "soon", reported: expect.stringContaining("rolled_back") },
      {
        tusn: other.tusn,
        kind: "records_drift",
        severity: "soon",
        desired: "shortName 新茶楼",
        reported: "shortName 闽江春茶楼",
      },
    ]);
    // What was committed is not what it holds: its storage was put back, or somebody has been at it.
    [honest.current, honest.previous] = [honest.previous, honest.current];
    await greet(fleet, honest);
    expect(await rows()).toMatchObject([
      { tusn: honest.tusn, kind: "terminal_drift", severity: "urgent", next: "look_at_terminal" },
      ...[{ tusn: other.tusn }, { tusn: other.tusn }],
    ]);
    honest.current = new Uint8Array(32).fill(7);
    await greet(fleet, honest);
    expect((await rows())[0]).toMatchObject({ tusn: honest.tusn, kind: "terminal_unknown_profile" });
  });
});

describe("tillsync reviews ask", () => {
  async function openAsking() {
    const settling = await openSettling("webhook");
    const { fleet, folder } = settling;
    const account = {
      merchant_no: AT,
      account_no: OLD_NUMBER,
      cnaps: "102100099996",
      bank: "工商银行",
      holder: "张伟",
    };
    await importFleet(fleet, [toFleetRow(account)]);
    await fleet.store.updateTable("terminals").set({ acquirer: "A1" }).execute();
    const run = openCommands(fleet, folder);
    const rows = async () => {
      const all = JSON.parse((await run("list", "--json")).out) as Record<string, string>[];
      return all.filter(({ kind }) => kind?.startsWith("acquirer"));
    };
    return { ...settling, run, rows };
  }

  it("finds an acquirer's record that drifts after the fact, and tells it masked", async () => {
    const { run, rows, sim, acquirer, order, fleet } = await openAsking();
    expect(await rows()).toMatchObject([{ kind: "acquirer_unasked", next: "ask_acquirer" }]);
    expect((await run("ask")).out).toMatch(new RegExp(`A1 +${AT} +answered`));
    expect(await rows()).toEqual([]);
    expect((await run("ask")).out).toContain("no merchant is due");

    // Somebody has it settle elsewhere, and not through this service.
    sim.apply({ type: "settle", decision: { state: "succeeded" } });
    await acquirer.request(order());
    expect((await run("ask", "--merchant", AT)).out).toContain("answered");
    const [row, ...more] = await rows();
    expect(more).toEqual([]);
    expect(row).toMatchObject({
      ...{ kind: "acquirer_drift", severity: "urgent", subject: "A1", next: "call_acquirer" },
      acquirer: expect.stringMatching(/0018.*: another account/),
      desired: "622202******5702 工商银行",
    });
    const stored = JSON.stringify(await fleet.store.selectFrom("acquirerRecords").selectAll().execute());
    for (const number of [NEW_NUMBER, OLD_NUMBER]) {
      expect(JSON.stringify(row)).not.toContain(number);
      expect(stored).not.toContain(number);
      expect(JSON.stringify(fleet.lines)).not.toContain(number);
    }
  });

  it("keeps the last answer of an acquirer that does not answer any more", async () => {
    const { run, rows, sim, fleet } = await openAsking();
    await run("ask", "--merchant", AT);
    await sim.close();
    const { out } = await run("ask", "--merchant", AT);
    expect(out).toContain("ACQUIRER_FAILED");
    expect(await rows()).toMatchObject([
      { kind: "acquirer_unreachable", severity: "note", acquirer: "ACQUIRER_FAILED" },
    ]);
    fleet.at += 3 * DAY_S;
    expect(await rows()).toMatchObject([{ kind: "acquirer_unreachable", severity: "soon" }]);
    expect(await fleet.store.selectFrom("acquirerRecords").selectAll().execute()).toMatchObject([
      { answeredAt: fleet.at - 3 * DAY_S, failures: 1, onRecord: expect.stringContaining("5702") },
    ]);
    expect(await code(run("ask", "--merchant", "822391058129999"))).toBe("NOT_FOUND");
  });
});
