import { readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Files, makeFolders, openFiles, removeDurably, writeDurably } from "../../../certs/tuf/files.ts";
import { MemoryFiles, PowerCut } from "../../support/memory-files.ts";
import { discard, makeScratch } from "../../support/scratch.ts";
import { toFiles } from "../../support/tuf-files.ts";

const MOST = 100;

function makeFolder(): string {
  const folder = makeScratch("files");
  onTestFinished(() => discard(folder));
  makeFolders(join(folder, "state"), ["roots"]);
  return join(folder, "state");
}

const ADAPTERS: Readonly<Record<string, () => Files>> = {
  "on disk": () => openFiles(makeFolder()),
  "in memory, as tests use them": () => toFiles(new MemoryFiles()),
};

describe.each(Object.keys(ADAPTERS))("files %s", (name) => {
  const open = () => (ADAPTERS[name] as () => Files)();
  const textOf = (files: Files, file: string) => {
    const bytes = files.read(file, MOST);
    return bytes === undefined ? undefined : Buffer.from(bytes).toString();
  };

  it("are read as they were written last, in folders too", () => {
    const files = open();
    for (const file of ["a.json", "roots/1.json"]) {
      expect(textOf(files, file)).toBeUndefined();
      writeDurably(files, file, Buffer.from("one"));
      writeDurably(files, file, Buffer.from("two"));
      expect(textOf(files, file)).toBe("two");
    }
  });

  it("are not read where they are larger than asked for", () => {
    const files = open();
    writeDurably(files, "a", Buffer.alloc(MOST + 1));
    expect(files.read("a", MOST)).toBeUndefined();
    expect(files.read("a", MOST + 1)).toHaveLength(MOST + 1);
  });

  it("are removed, whether they were there or not", () => {
    const files = open();
    writeDurably(files, "a", Buffer.from("one"));
    writeDurably(files, "b", Buffer.from("two"));
    removeDurably(files, "a");
    removeDurably(files, "a");
    expect([textOf(files, "a"), textOf(files, "b")]).toEqual([undefined, "two"]);
  });
});

describe("a folder on disk", () => {
  it("is its owner's alone, and keeps no draft", () => {
    const folder = makeFolder();
    writeDurably(openFiles(folder), "a", Buffer.from("one"));
    expect(readdirSync(folder).toSorted()).toEqual(["a", "roots"]);
    expect([folder, join(folder, "roots"), join(folder, "a")].map((path) => statSync(path).mode & 0o777)).toEqual([
      0o700, 0o700, 0o600,
    ]);
  });

  it("writes through nobody's link", () => {
    const folder = makeFolder();
    const other = join(folder, "..", "other");
    writeFileSync(other, "mine");
    const files = openFiles(folder);
    for (const name of ["a", "b"]) symlinkSync(other, join(folder, name));
    files.write("a", Buffer.from("one"));
    writeDurably(files, "b", Buffer.from("two"));
    expect([other, join(folder, "a"), join(folder, "b")].map((path) => readFileSync(path, "utf8"))).toEqual([
      "mine",
      "one",
      "two",
    ]);
  });

  it("loses drafts that a power cut left behind, and none that another process may be writing", () => {
    const folder = makeFolder();
    const drafts = ["a%new0123ab", "roots/1.json%new0123ab", "b%new0123ab"].map((name) => join(folder, name));
    for (const draft of drafts) writeFileSync(draft, "half");
    for (const draft of drafts.slice(0, 2)) utimesSync(draft, 1_000, 1_000);
    writeFileSync(join(folder, "c%new"), "no draft");
    utimesSync(join(folder, "c%new"), 1_000, 1_000);
    openFiles(folder);
    expect(readdirSync(folder, { recursive: true }).toSorted()).toEqual(["b%new0123ab", "c%new", "roots"]);
  });

  it("says so where it cannot be read", () => {
    const folder = makeFolder();
    expect(() => openFiles(folder).read("roots", 10_000)).toThrow(expect.objectContaining({ code: "EISDIR" }));
    expect(() => openFiles(join(folder, "a".repeat(300))).read("x", MOST)).toThrow(
      expect.objectContaining({ code: "ENAMETOOLONG" }),
    );
  });
});

describe("a durable write that the power cuts short", () => {
  it("leaves the old content or the new, whole", () => {
    for (let cutAt = 1; cutAt <= 4; cutAt += 1) {
      const disk = new MemoryFiles();
      writeDurably(toFiles(disk), "a", Buffer.from("one"));
      disk.cutAt = disk.operations + cutAt;
      expect(() => writeDurably(toFiles(disk), "a", Buffer.from("two"))).toThrow(PowerCut);
      for (const left of disk.afterPowerCut()) {
        expect(["one", "two"]).toContain(Buffer.from(toFiles(left).read("a", MOST) ?? []).toString());
      }
    }
  });
});
