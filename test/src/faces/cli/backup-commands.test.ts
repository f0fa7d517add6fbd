import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { toErrorCode } from "../../../../proto/errors.ts";
import { openBackend } from "../../../../src/faces/cli/backend.ts";
import { addBackupCommands } from "../../../../src/faces/cli/backup-commands.ts";
import { openLog } from "../../../../src/log.ts";
import { makeDataFolder } from "../../../support/data-folder.ts";
import { makeFolder } from "../../../support/fleet-store.ts";

/** The commands alone, over real data folders; what they print, or the code of what they throw. */
async function openCommands() {
  const home = makeFolder();
  await makeDataFolder(join(home, "data"));
  const call = async (data: string, ...args: readonly string[]): Promise<string> => {
    let out = "";
    const absent = () => Promise.reject(new Error("not here"));
    const openAcquirers = () => {
      throw new Error("not here");
    };
    const ports = {
      out: (text: string) => {
        out += text;
      },
      ...{
        err: () => {},
        errorsPage: "",
        init: absent,
        serve: absent,
        demo: absent,
        font: () => new Uint8Array(),
        openAcquirers,
      },
      openBackend: (folder: string) =>
        openBackend(folder, () => Math.floor(Date.now() / 1_000), openLog("error", { write: () => {} })),
    };
    const program = new Command("tillsync")
      .option("--data <folder>", "", join(home, data))
      .option("--json")
      .exitOverride();
    addBackupCommands(program, ports, "1.2.3");
    try {
      await program.parseAsync(args, { from: "user" });
      return out;
    } catch (error) {
      return toErrorCode(error);
    }
  };
  return { home, call, path: (name: string) => join(home, name) };
}

describe("tillsync backup and restore", () => {
  it("make a key, back up, verify, restore, and tell who is missing and what to look after", async () => {
    const { call, path } = await openCommands();
    const recipient = (await call("data", "backup", "keygen", "--out", path("backup.key"))).trim();
    expect(recipient).toMatch(/^age1[0-9a-z]{58}$/);
    expect(statSync(path("backup.key")).mode & 0o777).toBe(0o600);
    writeFileSync(path("recipients"), `# ours\n${recipient}\n`);

    const to = path("one.backup");
    const made = JSON.parse(
      await call("data", "--json", "backup", "--to", to, "--recipients-file", path("recipients")),
    );
    expect(made).toMatchObject({ tillsync: "1.2.3", ledger: { size: 0 }, bytes: statSync(to).size, outside: [] });
    const source = [to, "--identity", path("backup.key")];
    expect(await call("data", "backup", "verify", ...source, "--sha256", made.digest, "--scratch", path("."))).toMatch(
      /^sound: made .* by Tillsync 1\.2\.3\n/,
    );
    expect(await call("data", "backup", "verify", ...source, "--sha256", "0".repeat(64))).toBe("BACKUP_INVALID");

    expect(await call("new", "restore", ...source)).toBe("CONFIG_INVALID");
    const told = await call("new", "restore", ...source, "--reason", "disk lost", "--by", "wang.li", "--close-waiting");
    expect(told).toContain("0 terminals get nothing until they have said hello");
    for (const looked of ["certificates", "accounts", "quarantines", "ceremonies", "directives", "orders", "tokens"]) {
      expect(told).toContain(looked);
    }
    expect(await call("new", "restore", "status")).toMatch(/unsettled\s+0 terminals/);
    expect(await call("data", "restore", "status")).toBe("This service was never restored from a backup.\n");
    expect(await call("data", "restore", ...source, "--reason", "disk lost")).toBe("CONFIG_INVALID");
  });

  it("refuse what is missing, what is there already, and keys that are none", async () => {
    const { call, path } = await openCommands();
    const recipient = (await call("data", "backup", "keygen", "--out", path("backup.key"))).trim();
    const before = readFileSync(path("backup.key"));
    expect(await call("data", "backup", "keygen", "--out", path("backup.key"))).toBe("CONFIG_INVALID");
    expect(readFileSync(path("backup.key"))).toEqual(before);
    expect(await call("data", "backup", "--recipient", recipient)).toBe("CONFIG_INVALID");
    expect(await call("data", "backup", "--to", path("b"))).toBe("KEY_INVALID");
    expect(await call("data", "backup", "--to", path("b"), "--recipient", "age1")).toBe("KEY_INVALID");
    expect(await call("data", "backup", "--to", path("no/b"), "--recipient", recipient)).toBe("CONFIG_INVALID");
    expect(await call("data", "backup", "verify", path("b"))).toBe("CONFIG_INVALID");
    expect(await call("data", "backup", "verify", path("b"), "--identity", path("backup.key"))).toBe("CONFIG_INVALID");
    expect(await call("data", "backup", "verify", path("b"), "--identity", path("none"))).toBe("CONFIG_INVALID");
    expect(existsSync(path("b"))).toBe(false);
  });

  it("adopt no file that is no release", async () => {
    const { call, path } = await openCommands();
    writeFileSync(path("lost.release"), "no release");
    const adopt = ["restore", "adopt", path("lost.release")];
    expect(await call("data", ...adopt)).toBe("CONFIG_INVALID");
    expect(await call("data", ...adopt, "--reason", "lost")).toMatch(
      /^(BYTES_NOT_CANONICAL|FIELD_MISSING|FIELD_INVALID)$/,
    );
  });
});
