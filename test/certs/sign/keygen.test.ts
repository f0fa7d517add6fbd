import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseEncryptedPem } from "../../../certs/keys/encrypted-key.ts";
import { parseApproverKey, toPublicKey } from "../../../certs/keys.ts";
import { createCompany, PASSPHRASE, runSign, toRefusal } from "../../support/sign.ts";

const company = createCompany(1_800_000_000);
const { folder, maker } = company;
let made = 0;

afterAll(() => company.remove());

function toNewPath(): string {
  made += 1;
  return join(folder, `new-${made}.key`);
}

function keygen(out: string, ...argv: readonly string[]) {
  return runSign(["keygen", "--out", out, "--passphrase-file", maker.passphraseFile, ...argv]);
}

function toMode(path: string): number {
  return statSync(path).mode & 0o777;
}

describe("keygen", () => {
  it("makes a private key for its owner only, and a public one to hand in", async () => {
    const path = toNewPath();
    const { code, stdout } = await keygen(path, "--person", "li.mei", "--json");
    const { public: hex, id } = JSON.parse(stdout);
    expect([code, toMode(path)]).toEqual([0, 0o600]);
    expect(readFileSync(`${path}.pub`, "utf8")).toBe(`${hex} ${id} li.mei\n`);
    expect(parseApproverKey(hex).id).toBe(id);
    expect(toPublicKey(parseEncryptedPem(readFileSync(path, "utf8"), PASSPHRASE)).id).toBe(id);
  });

  it("never takes the place of a file", async () => {
    const [first, second] = [toNewPath(), toNewPath()];
    await keygen(first);
    writeFileSync(`${second}.pub`, "another's");
    const before = readFileSync(first);
    expect(toRefusal(await keygen(first))).toBe("CONFIG_INVALID");
    expect(toRefusal(await keygen(second))).toBe("CONFIG_INVALID");
    expect(readFileSync(first)).toEqual(before);
    expect(existsSync(second)).toBe(false);
  });

  it("asks for the passphrase twice, unseen", async () => {
    const path = toNewPath();
    const hidden: boolean[] = [];
    const answers = ["twelve chars and more", "twelve chars and more"];
    const asked = (_: string, isHidden: boolean) => hidden.push(isHidden);
    expect((await runSign(["keygen", "--out", path], { answers, asked })).code).toBe(0);
    expect(hidden).toEqual([true, true]);
    expect(() => parseEncryptedPem(readFileSync(path, "utf8"), "twelve chars and more")).not.toThrow();
  });

  it("makes nothing where the two differ, or the passphrase is short", async () => {
    const path = toNewPath();
    const differing = await runSign(["keygen", "--out", path], {
      answers: ["twelve chars and more", "twelve chars or more"],
    });
    const short = await runSign(["keygen", "--out", path], { answers: ["eleven char"] });
    expect([toRefusal(differing), toRefusal(short)]).toEqual(["NOT_CONFIRMED", "CONFIG_INVALID"]);
    expect(differing.stderr + short.stderr).not.toMatch(/chars|eleven/);
    expect(existsSync(path)).toBe(false);
  });

  it("makes nothing where nobody is there to ask", async () => {
    const path = toNewPath();
    expect(toRefusal(await runSign(["keygen", "--out", path]))).toBe("CONFIG_INVALID");
    expect(existsSync(path)).toBe(false);
  });

  it("makes nothing where the folder is not there", async () => {
    expect(toRefusal(await keygen(join(folder, "nowhere", "me.key")))).toBe("CONFIG_INVALID");
  });

  it("refuses a passphrase file that others may read, that has two lines, or that is a folder", async () => {
    const [path, file] = [toNewPath(), join(folder, "other-passphrase")];
    const attempt = (passphraseFile: string) =>
      runSign(["keygen", "--out", path, "--passphrase-file", passphraseFile]).then(toRefusal);
    writeFileSync(file, "twelve chars and more\nand another line\n", { mode: 0o600 });
    expect(await attempt(file)).toBe("CONFIG_INVALID");
    writeFileSync(file, "twelve chars and more\n");
    for (const mode of [0o604, 0o640, 0o620, 0o666]) {
      chmodSync(file, mode);
      expect(await attempt(file)).toBe("CONFIG_INVALID");
    }
    expect(await attempt(folder)).toBe("CONFIG_INVALID");
    expect(await attempt(join(folder, "nothing"))).toBe("CONFIG_INVALID");
    expect(existsSync(path)).toBe(false);
  });

  it("does not take a name that is no person's", async () => {
    const path = toNewPath();
    expect((await keygen(path, "--person", "Li Mei")).code).toBe(2);
    expect(existsSync(path)).toBe(false);
  });
});
