import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { beforeEach, describe, expect, it } from "vitest";
import { verifyTrust } from "../../../../certs/trust/verify.ts";
import { toErrorCode } from "../../../../proto/errors.ts";
import { parseTrustBundle } from "../../../../proto/trust-bundle.ts";
import { withdrawChange } from "../../../../src/app/changes/draft.ts";
import type { Backend, CliPorts } from "../../../../src/faces/cli/ports.ts";
import { addReceiptCommands } from "../../../../src/faces/cli/receipt-commands.ts";
import { MERCHANT } from "../../../support/fleet-store.ts";
import { readFont } from "../../../support/font.ts";
import { openReceiptDesk, type ReceiptDesk } from "../../../support/receipts.ts";

let work: ReceiptDesk;
let id: string;

beforeEach(async () => {
  work = await openReceiptDesk();
  id = await work.submit();
  await work.sign(id);
  for (let visit = 0; visit < 2; visit += 1) await work.runner.poll();
  await work.report();
});

/** What a command prints; the code where it fails. */
async function run(...args: readonly string[]): Promise<string> {
  let out = "";
  const ports = {
    out: (text: string) => {
      out += text;
    },
    err: () => {},
    font: readFont,
    openBackend: async () => ({ context: work.fleet, close: async () => {} }) as unknown as Backend,
  } as unknown as CliPorts;
  const program = new Command("tillsync").exitOverride().option("--data <folder>").option("--json");
  addReceiptCommands(program, ports);
  const all = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(all)];
  for (const command of all(program)) command.exitOverride().configureOutput({ writeErr: () => {} });
  try {
    await program.parseAsync([...args], { from: "user" });
    return out;
  } catch (error) {
    return error instanceof CommanderError ? "usage" : toErrorCode(error);
  }
}

describe("tillsync receipts", () => {
  it("says that the service has yet to make one, then shows it in both languages", async () => {
    expect(await run("receipts", "list")).toContain("waiting");
    expect(await run("receipts", "show", id)).toBe("STATE_CONFLICT");
    const { digest } = await work.receipt(id);
    expect(await run("receipts", "list", "--merchant", MERCHANT)).toMatch(new RegExp(`${id} .*done .*made`));
    expect(await run("receipts", "list", "--merchant", "822391058121071")).toContain("no receipts");
    const shown = await run("receipts", "show", id);
    for (const text of ["DONE", "福州市鼓楼区新茶庄", digest, "committed", "passed"]) expect(shown).toContain(text);
    expect(await run("receipts", "show", id, "--lang", "zh")).toContain("已完成");
    const { receipt } = JSON.parse(await run("--json", "receipts", "show", id));
    expect(receipt).toMatchObject({ change: id, outcome: "done" });
  });

  it("writes the signed file and the PDF with that very file inside, for their owner to read", async () => {
    const { file, digest } = await work.receipt(id);
    const [signed, printed] = [join(work.folder, "a.json"), join(work.folder, "a.pdf")];
    const files = join(work.folder, "a.trust");
    expect(await run("receipts", "export", id, "--out", signed, "--trust", files)).toContain(digest);
    expect(verifyTrust(work.held.files.root, parseTrustBundle(readFileSync(files))).policy.version).toBe(1);
    expect(readFileSync(signed)).toEqual(Buffer.from(file));
    expect(statSync(signed).mode & 0o777).toBe(0o600);
    expect(work.verify(readFileSync(signed)).isProven).toBe(true);
    await run("receipts", "export", id, "--out", printed);
    expect(readFileSync(printed).subarray(0, 5).toString()).toBe("%PDF-");
    const again = join(work.folder, "b.pdf");
    await run("receipts", "export", id, "--out", again);
    expect(readFileSync(again).equals(readFileSync(printed))).toBe(true);
    await run("receipts", "export", id, "--out", again, "--lang", "en", "--force");
    expect(readFileSync(again).equals(readFileSync(printed))).toBe(false);
  });

  it("writes over nothing, and into no other kind of file", async () => {
    await work.receipt(id);
    const path = join(work.folder, "mine.json");
    writeFileSync(path, "mine");
    expect(await run("receipts", "export", id, "--out", path)).toBe("CONFIG_INVALID");
    expect(readFileSync(path, "utf8")).toBe("mine");
    expect(await run("receipts", "export", id, "--out", join(work.folder, "a.docx"))).toBe("CONFIG_INVALID");
    expect(await run("receipts", "export", id, "--out", join(work.folder, "none", "a.json"))).toBe("CONFIG_INVALID");
    expect(await run("receipts", "export", id)).toBe("usage");
  });

  it("keeps the receipt of each ending, and tells of one that is not there", async () => {
    const first = await work.receipt(id);
    const other = await work.submit({ content: { patch: { shortName: "新茶庄" } } });
    await withdrawChange(work.fleet, other, "not yet", "li.mei");
    const second = await work.receipt(other);
    const rows = JSON.parse(await run("--json", "receipts", "list"));
    expect(rows.map((row: { id: number }) => row.id)).toEqual([second.id, first.id]);
    expect(JSON.parse(await run("--json", "receipts", "list", "--before", String(second.id)))).toHaveLength(1);
    expect(await run("receipts", "show", id, "--number", String(second.id))).toBe("NOT_FOUND");
    expect(await run("receipts", "show", "C0000000000000000")).toBe("NOT_FOUND");
  });
});
