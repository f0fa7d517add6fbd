import { describe, expect, it } from "vitest";
import { isLuhn } from "../proto/luhn.ts";
import { readSources, readText } from "./support/architecture/repository.ts";
import { findOwnScratch, findUnlistedNumbers } from "./support/architecture/scratch.ts";
import { listCanaries } from "./support/canaries.ts";

const tests = readSources(["test"]);
const known = new Set(listCanaries().values());

function collect(find: (path: string, text: string) => readonly string[]): readonly string[] {
  return tests.flatMap(({ path, text }) => find(path, text).map((fault) => `${path}: ${fault}`));
}

describe("temporary folders of tests", () => {
  it("are made and removed in one place, which looks them through for card numbers", () => {
    expect(collect(findOwnScratch)).toEqual([]);
  });

  it("made or removed elsewhere are told", () => {
    const bad = [
      'const folder = mkdtempSync(join(folder, "x"));',
      'const folder = await fs.mkdtemp("x");',
      "const parent = tmpdir();",
      "rmSync(folder, { recursive: true, force: true });",
      "await rm(folder(1), { force, recursive: true });",
      "fs.rmSync(folder, { maxRetries: 2, recursive: true });",
    ];
    for (const source of bad) expect(findOwnScratch("test/x.test.ts", source), source).toHaveLength(1);
    const good = ["rmSync(file, { force: true });", "mkdirSync(folder, { recursive: true });", "// tmpdir()"];
    for (const source of good) expect(findOwnScratch("test/x.test.ts", source), source).toEqual([]);
    expect(findOwnScratch("test/support/scratch.ts", bad.join("\n"))).toEqual([]);
  });
});

describe("the search for card numbers", () => {
  it("is part of every run of the tests", () => {
    const config = readText("vitest.config.ts");
    expect(config).toMatch(/globalSetup: \["test\/support\/canary-run\.ts",/);
    expect(config).toMatch(/setupFiles: \["test\/support\/canary-watch\.ts"/);
  });

  it("knows every card number that stands in a test", () => {
    expect(collect((path, text) => findUnlistedNumbers(path, text, known))).toEqual([]);
  });

  it("would miss one that is not listed", () => {
    const body = "622848000000000777";
    const number = Array.from("0123456789", (digit) => body + digit).find(isLuhn) ?? "";
    expect(findUnlistedNumbers("test/x.test.ts", `const card = "${number}";`, known)).toEqual([
      "a card number that test/support/canaries.ts does not list, line 1",
    ]);
    expect(findUnlistedNumbers("test/x.test.ts", `const card = "${number.slice(1)}";`, known)).toEqual([]);
    expect(findUnlistedNumbers("test/x.test.ts", `const card = "${[...known][0]}";`, known)).toEqual([]);
  });
});
