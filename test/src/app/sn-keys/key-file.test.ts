import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { findKeyFile, readKeyFile, withNewKey, writeKeyFile } from "../../../../src/app/sn-keys/key-file.ts";
import { makeKeyFile } from "../../../support/sn-keys.ts";

let path: string;

beforeEach(() => {
  path = makeKeyFile();
  mkdirSync(dirname(path), { recursive: true });
});

const KEY = Buffer.alloc(32, 7).toString("base64");
const write = (text: string, mode = 0o600) => {
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
};

describe("the key file", () => {
  it("is read as it was written, and is nobody else's to read", async () => {
    const one = withNewKey(undefined, (size) => Buffer.alloc(size, 1));
    const two = withNewKey(one, (size) => Buffer.alloc(size, 2));
    await writeKeyFile(path, two);
    expect(await readKeyFile(path)).toEqual(two);
    expect(two).toMatchObject({ current: "0202020202020202" });
    expect([...two.keys.keys()]).toEqual(["0101010101010101", "0202020202020202"]);
    expect(existsSync(`${path}.new`)).toBe(false);
  });

  it("is refused where anybody else may read or write it", async () => {
    const text = JSON.stringify({ current: "a", keys: { a: KEY } });
    for (const mode of [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666, 0o777]) {
      write(text, mode);
      await expect(readKeyFile(path), mode.toString(8)).rejects.toMatchObject({ code: "KEY_FILE_INVALID" });
    }
    for (const mode of [0o600, 0o400]) {
      write(text, mode);
      expect((await readKeyFile(path)).current).toBe("a");
    }
  });

  it("is refused with anything in it but keys, and what it holds is not repeated", async () => {
    const keys = { a: KEY };
    const wrong = [
      "",
      KEY,
      "null",
      "[]",
      JSON.stringify({ current: "a" }),
      JSON.stringify({ current: "b", keys }),
      JSON.stringify({ current: "a", keys, more: 1 }),
      JSON.stringify({ current: "a", keys: [] }),
      JSON.stringify({ current: "a", keys: {} }),
      JSON.stringify({ current: "A", keys: { A: KEY } }),
      JSON.stringify({ current: "a", keys: { a: KEY.slice(4) } }),
      JSON.stringify({ current: "a", keys: { a: `${KEY} ` } }),
      JSON.stringify({ current: "a", keys: { a: 7 } }),
      JSON.stringify({ current: "a", keys: Object.fromEntries(Array.from("abcdefghi", (id) => [id, KEY])) }),
      `${JSON.stringify({ current: "a", keys })}${" ".repeat(4_096)}`,
    ];
    for (const text of wrong) {
      write(text);
      const error = await readKeyFile(path).catch((caught) => caught);
      expect(error, text.slice(0, 60)).toMatchObject({ code: "KEY_FILE_INVALID" });
      expect(error.cause).toBeUndefined();
      expect(String(error)).not.toContain(KEY.slice(0, 8));
    }
  });

  it("that is missing is found to be so, and is needed where it is needed", async () => {
    expect(await findKeyFile(path)).toBeUndefined();
    await expect(readKeyFile(path)).rejects.toMatchObject({ code: "KEY_FILE_INVALID" });
    mkdirSync(path);
    await expect(findKeyFile(path)).rejects.toMatchObject({ code: "KEY_FILE_INVALID" });
  });

  it("that cannot be written says so", async () => {
    const file = `${path}-file`;
    writeFileSync(file, "");
    const keyring = withNewKey(undefined, (size) => Buffer.alloc(size, 1));
    await expect(writeKeyFile(`${file}/keys.json`, keyring)).rejects.toMatchObject({ code: "DATA_FOLDER_INVALID" });
    expect(readFileSync(file, "utf8")).toBe("");
  });
});
