import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { writeDurably } from "../../../agent/slots/durable.ts";
import { type FileSystem, MAX_FILE_BYTES, makeFolders, openFileSystem } from "../../../agent/slots/file-system.ts";
import { openObjects } from "../../../agent/slots/objects.ts";
import { makeFolder } from "../../support/agent-process.ts";
import { MemoryFiles } from "../../support/memory-files.ts";

const made: { remove(): void }[] = [];
let folder = "";

beforeEach(() => {
  const one = makeFolder();
  made.push(one);
  folder = one.folder;
});

afterAll(() => {
  for (const { remove } of made) remove();
});

const ADAPTERS: Readonly<Record<string, () => FileSystem>> = {
  "on disk": () => {
    makeFolders(folder, ["objects"]);
    return openFileSystem(folder);
  },
  "in memory, as tests use it": () => new MemoryFiles(),
};

describe.each(Object.keys(ADAPTERS))("a file system %s", (name) => {
  const open = () => (ADAPTERS[name] as () => FileSystem)();
  const bytes = (text: string) => new Uint8Array(Buffer.from(text));
  const textOf = (files: FileSystem, file: string) => {
    const content = files.read(file);
    return content === undefined ? undefined : Buffer.from(content).toString();
  };

  it("reads what was written, and tells what is not there", () => {
    const files = open();
    expect(files.read("a")).toBeUndefined();
    files.write("a", bytes("one"));
    files.write("a", bytes("two"));
    files.sync("a");
    expect(textOf(files, "a")).toBe("two");
  });

  it("renames over an existing file", () => {
    const files = open();
    files.write("objects/a", bytes("one"));
    files.write("objects/b", bytes("two"));
    files.rename("objects/b", "objects/a");
    files.sync("objects");
    files.sync(".");
    expect(textOf(files, "objects/a")).toBe("two");
    expect(files.read("objects/b")).toBeUndefined();
    expect(() => files.rename("objects/b", "objects/a")).toThrow(Error);
  });

  it("keeps only the files named, in that folder", () => {
    const files = open();
    for (const file of ["a", "objects/a", "objects/b"]) files.write(file, bytes(file));
    files.keepOnly("objects", ["b", "c"]);
    expect(["a", "objects/a", "objects/b"].map((file) => textOf(files, file))).toEqual(["a", undefined, "objects/b"]);
  });

  it("holds objects under their digest and gives out no others", () => {
    const files = open();
    const objects = openObjects(files);
    const one = objects.put(bytes("one"));
    expect(objects.put(bytes("one"))).toBe(one);
    expect(Buffer.from(objects.get(one)).toString()).toBe("one");
    files.write(`objects/${one}`, bytes("two"));
    expect(() => objects.get(one)).toThrow(expect.objectContaining({ code: "SLOT_CORRUPT" }));
    objects.keepOnly([]);
    expect(() => objects.get(one)).toThrow(expect.objectContaining({ code: "SLOT_CORRUPT" }));
  });
});

describe("the folder on disk", () => {
  it("is its owner's alone", () => {
    makeFolders(join(folder, "state"), ["objects"]);
    writeDurably(openFileSystem(join(folder, "state")), ".", "x", new Uint8Array(1));
    expect(statSync(join(folder, "state/objects")).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, "state/x")).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, "state")).sort()).toEqual(["objects", "x"]);
  });

  it("gives a file that is far too large as empty", () => {
    writeFileSync(join(folder, "x"), new Uint8Array(MAX_FILE_BYTES + 1));
    expect(openFileSystem(folder).read("x")).toHaveLength(0);
  });

  it("tells what the system says where it cannot read or write", () => {
    const files = openFileSystem(join(folder, "nowhere"));
    const failed = expect.objectContaining({ code: "STATE_WRITE_FAILED" });
    expect(() => writeDurably(files, ".", "x", new Uint8Array(1))).toThrow(failed);
    expect(() => files.sync("x")).toThrow(Error);
    makeFolders(folder, ["x"]);
    expect(() => openFileSystem(folder).read("x")).toThrow(Error);
  });
});
