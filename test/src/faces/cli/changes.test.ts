import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { beforeEach, describe, expect, it } from "vitest";
import type { Person } from "../../../../certs/trust/policy.ts";
import { toUtf8 } from "../../../../proto/bytes.ts";
import { toErrorCode } from "../../../../proto/errors.ts";
import { toBindingJson } from "../../../../proto/settlement.ts";
import { approveChange } from "../../../../src/app/changes/approve.ts";
import { readRecord } from "../../../../src/app/records/read.ts";
import { DEFAULT_PACK } from "../../../../src/domain/changes/pack.ts";
import { PACK_FORMAT } from "../../../../src/domain/changes/parse-pack.ts";
import { addChangeCommands } from "../../../../src/faces/cli/change-commands.ts";
import { addPolicyCommands } from "../../../../src/faces/cli/policy-commands.ts";
import type { Backend, CliPorts } from "../../../../src/faces/cli/ports.ts";
import { type ChangeDesk, openChangeDesk, PDF, toSettlement } from "../../../support/changes.ts";
import { MERCHANT } from "../../../support/fleet-store.ts";

const CARD = "6228480402564890018";
const WHY = ["--reason-code", "renamed", "--reason", "a new sign"] as const;

let work: ChangeDesk;
let printed: { out: string; err: string };
let run: (...args: readonly string[]) => Promise<{ readonly out: string; readonly err: string }>;

beforeEach(async () => {
  work = await openChangeDesk(2);
  const { fleet, folder } = work;
  printed = { out: "", err: "" };
  const ports = {
    out: (text: string) => {
      printed.out += text;
    },
    err: (text: string) => {
      printed.err += text;
    },
    openBackend: async () =>
      ({ context: fleet, folder: { path: folder }, trust: fleet.trust, close: async () => {} }) as unknown as Backend,
  } as unknown as CliPorts;
  run = async (...args) => {
    printed = { out: "", err: "" };
    const program = new Command("tillsync").exitOverride().option("--data <folder>").option("--json");
    addChangeCommands(program, ports);
    addPolicyCommands(program, ports);
    const all = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(all)];
    for (const command of all(program)) {
      command.exitOverride().configureOutput({ writeOut: ports.out, writeErr: ports.err });
    }
    await program.parseAsync([...args], { from: "user" });
    return { ...printed };
  };
});

const code = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: unknown) => (error instanceof CommanderError ? "usage" : toErrorCode(error)),
  );

function write(name: string, content: Uint8Array | string): string {
  const path = join(work.folder, name);
  writeFileSync(path, content);
  return path;
}

async function create(...args: readonly string[]): Promise<string> {
  const { out } = await run("--json", "changes", "create", "--merchant", MERCHANT, ...WHY, ...args);
  return JSON.parse(out).id;
}

describe("tillsync changes", () => {
  it("takes a change of name from its draft to its end, and shows who did what", async () => {
    const id = await create("--kind", "merchant", "--set", "merchant.name=福州市鼓楼区新茶庄", "--by", "li.mei");
    expect((await run("changes", "preview", id)).out).toContain("refused: EVIDENCE_MISSING licence");
    await run("changes", "attach", id, write("licence.pdf", PDF), "--kind", "licence", "--by", "li.mei");
    const preview = (await run("changes", "preview", id)).out;
    expect(preview).toContain("-> 福州市鼓楼区新茶庄");
    expect(preview).toContain("2 reached, 0 not");
    expect(preview).toContain("nothing speaks against submitting it");
    expect((await run("changes", "submit", id, "--by", "li.mei")).out).toContain("is submitted");
    await work.sign(id);
    await work.runner.poll();
    await work.runner.poll();
    await work.report();
    const shown = (await run("changes", "show", id)).out;
    for (const words of ["done", "licence.pdf", "committed", "conclude", "li.mei"]) expect(shown).toContain(words);
    expect((await run("changes", "list", "--state", "done")).out).toContain(id);
    expect((await run("changes", "list", "--state", "draft")).out).toContain("no changes");
  });

  it("takes a settlement account from the file that tillsync-sign made, and never shows more than its ends", async () => {
    const binding = write("card.binding", toBindingJson(toSettlement()));
    const id = await create("--kind", "settlement.replace", "--binding", binding, "--valid-until", "2029-06-01");
    for (const args of [["show"], ["preview"], ["--json", "show"]]) {
      const words = args.includes("--json") ? ["--json", "changes", "show", id] : ["changes", ...args, id];
      const { out } = await run(...words);
      expect(out).toContain("******");
      expect(out).not.toContain(CARD);
    }
    expect(JSON.parse((await run("--json", "changes", "show", id)).out).content.settlement).toMatchObject({
      validUntil: Date.parse("2029-06-01T00:00:00Z") / 1_000,
    });
  });

  it("puts down until when a licence is good, by a checker's word and with no terminal concerned", async () => {
    const until = Date.parse("2031-02-28T00:00:00Z") / 1_000;
    const id = await create("--kind", "merchant", "--licence-valid-until", "2031-03-01");
    await run("changes", "amend", id, "--licence-valid-until", "2031-02-28");
    await run("changes", "attach", id, write("licence.pdf", PDF), "--kind", "licence");
    const preview = (await run("changes", "preview", id)).out;
    expect(preview).toMatch(/terminals +none concerned/);
    expect(preview).toMatch(/licenceValidUntil +- -> 2031-02-28 00:00:00Z/);
    expect((await run("changes", "show", id)).out).toMatch(/licenceValidUntil +2031-02-28 00:00:00Z/);
    await run("changes", "submit", id);
    const { fleet } = work;
    const { digest, releaseId } = await work.show(id);
    expect(releaseId).toBe("");
    const checker: Person = { id: "chen.bo", name: "陈波", roles: ["checker"], keys: [] };
    const body = toUtf8(JSON.stringify({ digest }));
    await approveChange(fleet, checker, id, { authorization: "", method: "POST", path: "/", body });
    await work.runner.poll();
    expect(await work.show(id)).toMatchObject({ state: "done" });
    expect(await readRecord(fleet.store, MERCHANT)).toMatchObject({ licenceValidUntil: until, version: 2 });
    const none = await create("--kind", "merchant", "--licence-valid-until", "none");
    expect((await work.show(none)).content).toMatchObject({ patch: { licenceValidUntil: null } });
  });

  it("sends back, amends, withdraws, and lists pages", async () => {
    const id = await create("--kind", "contact", "--contact", "finance,陈晨,13800138000,");
    await run("changes", "submit", id);
    await run("changes", "reject", id, "--comment", "no e-mail", "--by", "wang.jun");
    await run("changes", "amend", id, "--contact", "finance,陈晨,13800138000,chen@example.cn");
    expect(JSON.parse((await run("--json", "changes", "show", id)).out)).toMatchObject({
      state: "draft",
      content: { patch: { contacts: [{ email: "chen@example.cn" }] } },
    });
    expect((await run("changes", "withdraw", id, "--comment", "not needed")).out).toContain("is withdrawn");
    work.fleet.at += 1;
    const newer = await create("--kind", "contact", "--contact", "shop,王华,,wang@example.cn");
    const first = JSON.parse((await run("--json", "changes", "list", "--limit", "1")).out);
    expect(first).toMatchObject([{ id: newer }]);
    const rest = JSON.parse((await run("--json", "changes", "list", "--after", newer)).out);
    expect(rest).toMatchObject([{ id }]);
  });

  it("notes that a task was done, once", async () => {
    const id = await create("--kind", "settlement.replace", "--binding", write("b", toBindingJson(toSettlement())));
    expect(await code(run("changes", "task", id, "update_contact", "--note", "called"))).toBe("NOT_FOUND");
    expect(await code(run("changes", "task", id, "dance", "--note", "called"))).toBe("usage");
  });

  it.each<[string, readonly string[]]>([
    ["usage", ["--kind", "everything"]],
    ["usage", ["--kind", "contact", "--contact", "boss,陈晨,1,2"]],
    ["usage", ["--kind", "contact", "--contact", "owner,a,b,c,d"]],
    ["usage", ["--kind", "settlement.add", "--valid-until", "soon"]],
    ["usage", ["--kind", "merchant", "--licence-valid-until", "never"]],
    ["FIELD_MISSING", ["--kind", "merchant"]],
    ["CONFIG_INVALID", ["--kind", "merchant", "--set", "acquiring.host=elsewhere"]],
    ["USCC_INVALID", ["--kind", "merchant", "--set", "merchant.uscc=1"]],
    ["CONFIG_INVALID", ["--kind", "settlement.add", "--binding", "/nowhere"]],
    ["SENSITIVE_DATA", ["--kind", "merchant", "--principal", "cvv 123"]],
    ["FIELD_MISSING", ["--kind", "settlement.remove"]],
  ])("refuses with %s what %j asks for, and begins nothing", async (expected, args) => {
    expect(await code(create(...args))).toBe(expected);
    expect((await run("changes", "list")).out).toContain("no changes");
  });

  it("attaches nothing but what looks like PDF, JPEG or PNG", async () => {
    const id = await create("--kind", "contact", "--contact", "shop,王华,,wang@example.cn");
    const file = write("evil.pdf", "#!/bin/sh");
    expect(await code(run("changes", "attach", id, file, "--kind", "other"))).toBe("ATTACHMENT_INVALID");
  });
});

describe("tillsync policies", () => {
  it("shows what holds where none is loaded, loads a pack once, and names who did", async () => {
    expect((await run("policies", "list")).out).toContain("*/*@0 holds");
    const shown = JSON.parse((await run("--json", "policies", "show")).out);
    expect(shown.acquirer).toBe("*");
    const pack = write("pack.json", JSON.stringify({ format: PACK_FORMAT, ...DEFAULT_PACK, version: 3 }));
    for (let time = 0; time < 2; time += 1) {
      expect((await run("policies", "load", pack, "--by", "admin")).out).toContain("*/*@3 is in force");
    }
    expect(JSON.parse((await run("--json", "policies", "list")).out)).toMatchObject([
      { name: "*/*@3", loadedBy: "admin" },
    ]);
    expect(JSON.parse((await run("policies", "show", "*/*@3")).out).version).toBe(3);
    expect(await code(run("policies", "show", "*/*@4"))).toBe("NOT_FOUND");
  });

  it("goes back to no older version, and takes no other file under the same", async () => {
    const load = (version: number, change: object = {}) =>
      code(
        run(
          "policies",
          "load",
          write("p", JSON.stringify({ format: PACK_FORMAT, ...DEFAULT_PACK, version, ...change })),
        ),
      );
    expect(await load(3)).toBe("done");
    expect(await load(2)).toBe("STATE_CONFLICT");
    expect(await load(3, { reviewDays: 1 })).toBe("STATE_CONFLICT");
    expect(await load(4)).toBe("done");
    expect(await code(run("policies", "load", write("p", "{")))).toBe("PACK_INVALID");
  });
});
