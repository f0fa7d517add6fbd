import { Command, CommanderError } from "commander";
import { expect, it } from "vitest";
import { toErrorCode } from "../../../../proto/errors.ts";
import { addNoticeCommands } from "../../../../src/faces/cli/notice-commands.ts";
import type { Backend, CliPorts } from "../../../../src/faces/cli/ports.ts";
import { addNotices, findNotice } from "../../../../src/store/notices.ts";
import { transact } from "../../../../src/store/store.ts";
import { openChangeDesk } from "../../../support/changes.ts";
import { readLedgerKinds } from "../../../support/fleet-store.ts";

async function openCommands() {
  const { fleet, draft } = await openChangeDesk(1);
  const change = await draft({}, []);
  const row = { changeId: change, eventId: 1, event: "submit", channel: "email", audience: "staff" } as const;
  const fate = { attempts: 12, dueAt: null, deliveredAt: null, code: "NOTICE_FAILED", createdAt: fleet.at };
  await transact(fleet.store, (tx) =>
    addNotices(tx, [{ ...row, ...fate, recipient: "owner@shop.example", content: "{}" }]),
  );
  const run = async (...args: readonly string[]): Promise<string> => {
    let out = "";
    const ports = {
      out: (text: string) => {
        out += text;
      },
      err: () => {},
      openBackend: async () => ({ context: fleet, close: async () => {} }) as unknown as Backend,
    } as unknown as CliPorts;
    const program = new Command("tillsync").exitOverride().option("--data <folder>").option("--json");
    addNoticeCommands(program, ports);
    const all = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(all)];
    for (const command of all(program)) command.exitOverride().configureOutput({ writeErr: () => {} });
    try {
      await program.parseAsync([...args], { from: "user" });
      return out;
    } catch (error) {
      return error instanceof CommanderError ? "usage" : toErrorCode(error);
    }
  };
  return { fleet, change, run };
}

it("tillsync notices lists what was given up, with and without the word", async () => {
  const { change, run } = await openCommands();
  const listed = await run("notices");
  expect(listed).toContain("owner@shop.example");
  expect(await run("notices", "list")).toBe(listed);
  expect(await run("notices", "--limit", "1")).toBe(listed);
  expect(await run("notices", "list", "--change", change)).toBe(listed);
  expect(await run("notices", "list", "--change", "C0000000000000000")).toContain("none was given up");
  const [row] = JSON.parse(await run("--json", "notices"));
  expect(row).toMatchObject({ id: 1, changeId: change });
});

it("tillsync notices retry has one sent again, once, with a reason", async () => {
  const { fleet, run } = await openCommands();
  const why = ["--reason", "the mail server is well again", "--by", "wang.lei"];
  expect(await run("notices", "retry", "1")).toBe("usage");
  expect(await run("notices", "retry", "x", ...why)).toBe("usage");
  expect(await run("notices", "retry", "2", ...why)).toBe("NOT_FOUND");
  expect(await run("notices", "retry", "1", ...why)).toContain("notice 1");
  expect(await findNotice(fleet.store, 1)).toMatchObject({ attempts: 0, dueAt: fleet.at });
  expect(await run("notices", "retry", "1", ...why)).toBe("STATE_CONFLICT");
  expect(await run("notices")).toContain("none was given up");
  expect(await readLedgerKinds(fleet)).toContain("notice.retried");
});
