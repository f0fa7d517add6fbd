import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { DRAFT_MS, draftFile, removeDrafts, writeFileDurably } from "../../../src/app/durable-file.ts";
import { makeFolder } from "../../support/fleet-store.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = makeFolder();
  path = join(folder, "file");
});

const read = () => readFileSync(path, "utf8");
const invalid = { code: "DATA_FOLDER_INVALID", fields: { file: "file" } };

describe("a file that is written durably", () => {
  it("takes the place of the one before, with its mode, and nothing lies beside it", async () => {
    await writeFileDurably(path, "one", 0o600);
    await writeFileDurably(path, Buffer.from("two"), 0o640);
    expect([read(), statSync(path).mode & 0o777, readdirSync(folder)]).toEqual(["two", 0o640, ["file"]]);
  });

  it("is one of those that were written at once, and whole, whoever was last", async () => {
    const texts = Array.from({ length: 16 }, (_, n) => String.fromCharCode(65 + n).repeat(100_000 + n));
    await Promise.all(texts.map((text) => writeFileDurably(path, text, 0o600)));
    expect([texts.includes(read()), readdirSync(folder)]).toEqual([true, ["file"]]);
  });

  it("leaves no draft where it cannot be put in its place", async () => {
    mkdirSync(join(path, "in the way"), { recursive: true });
    await expect(writeFileDurably(path, "one", 0o600)).rejects.toMatchObject(invalid);
    expect(readdirSync(folder)).toEqual(["file"]);
    for (const place of [join(folder, "none"), join(path, "file", "deeper"), join(folder, "n".repeat(300))]) {
      await expect(writeFileDurably(join(place, "file"), "one", 0o600)).rejects.toMatchObject(invalid);
    }
  });
});

describe("a draft", () => {
  it("is no file until it is kept, and none where it is dropped", async () => {
    await writeFileDurably(path, "one", 0o600);
    const [kept, dropped] = [await draftFile(path, "two", 0o600), await draftFile(path, "three", 0o600)];
    expect([read(), readdirSync(folder).filter((name) => !/\.new$/.test(name))]).toEqual(["one", ["file"]]);
    await dropped.drop();
    await kept.keep();
    await kept.drop();
    expect([read(), readdirSync(folder)]).toEqual(["two", ["file"]]);
  });

  it("that a power cut left is removed once nobody can be writing it any more, and nothing else is", async () => {
    mkdirSync(join(folder, "deeper"));
    await draftFile(path, "young", 0o600);
    const [young] = readdirSync(folder).filter((name) => name.endsWith(".new"));
    const old = (Date.now() - DRAFT_MS - 1_000) / 1_000;
    const others = ["settings.new", `file.${"0".repeat(16)}`, "file.0123.new"];
    for (const name of [...others, `file.${"0".repeat(16)}.new`, `deeper/file.${"a".repeat(16)}.new`]) {
      writeFileSync(join(folder, name), "left");
      utimesSync(join(folder, name), old, old);
    }
    await removeDrafts(folder);
    expect(readdirSync(folder).toSorted()).toEqual([...others, "deeper", young].toSorted());
    expect(readdirSync(join(folder, "deeper"))).toEqual([]);
    await removeDrafts(join(folder, "none"));
  });

  it("that cannot be removed is left alone, as is what only has such a name, and the others are removed", async () => {
    const draft = `file.${"0".repeat(16)}.new`;
    const old = (Date.now() - DRAFT_MS - 1_000) / 1_000;
    const leave = (...names: readonly string[]) => {
      const file = join(folder, ...names);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, "left");
      utimesSync(file, old, old);
      return file;
    };
    const named = `a.${"1".repeat(16)}.new`;
    const kept = [leave(named, "settings"), leave("fixed", draft)];
    const gone = [leave(draft), leave(named, draft), leave("open", draft)];
    utimesSync(join(folder, named), old, old);
    // As on a disk that takes no more, or where the file is another account's.
    const remove = async (file: string) => {
      if (kept.includes(file)) throw Object.assign(new Error("not permitted"), { code: "EPERM" });
      rmSync(file);
    };
    await removeDrafts(folder, remove);
    expect([...kept, ...gone].filter((file) => existsSync(file))).toEqual(kept);
  });
});
