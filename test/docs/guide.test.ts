import { writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { chdir, cwd } from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listFiles, readText } from "../support/architecture/repository.ts";
import { callTillsync } from "../support/called-cli.ts";
import { discard, makeScratch } from "../support/scratch.ts";
import { runSign } from "../support/sign.ts";
import { findAnchors, findPageLinks, splitPage, toCommandLines, toWords } from "./pages.ts";

// The operators' guide says what is true: every command in it is one that the programs know, and every link leads somewhere.

const GUIDE = "docs/guide/";
const WRONG_USAGE = 2;
const TRIED = /^tillsync(-sign)? /;

/** Programs that stand in the guide's commands and are not tried, and why. */
const UNTRIED: Readonly<Record<string, string>> = {
  "tillsync-agent": "runs on a terminal until it is told to end",
  npm: "installs and builds the repository",
};

/**
 * With what a command that is known may end here, beside success and a file that is not there: there is no service, nobody
 * at the terminal, and nothing can be made where the data folder would be.
 */
const HERE: readonly (readonly [code: string, message: RegExp])[] = [
  ["DATA_FOLDER_INVALID", /./],
  ["NOT_FOUND", /what=pinned root/],
  ["CONFIG_INVALID", /expected=--passphrase-file, or a terminal/],
  // `restore`, `init` and `serve`.
  ["CONFIG_INVALID", /exists=.*\/file\/data, expected=nothing there/],
  ["INTERNAL", /^runs as a process only$/],
];

const pages = listFiles().filter((path) => path.startsWith(GUIDE) && path.endsWith(".md"));
const linked = listFiles().filter((path) => path === "README.md" || (path.startsWith("docs/") && path.endsWith(".md")));

const before = cwd();
let scratch: string;
/** A data folder that is not there and that nothing can make: what is above it is a file. */
let nowhere: string;

beforeAll(() => {
  scratch = makeScratch("guide");
  writeFileSync(join(scratch, "file"), "");
  nowhere = join(scratch, "file", "data");
  // Some commands write what they make to where they are started.
  chdir(scratch);
});
afterAll(() => {
  chdir(before);
  discard(scratch);
});

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

interface Taken {
  readonly code: number;
  readonly refusal: Refusal;
}

/** How the program that the words begin with takes them: its exit status, and what it refused. */
async function tryCommand([program, ...words]: readonly string[]): Promise<Taken> {
  // Whatever folder a page names: no command may ever touch one that is there.
  const args = words.map((word, at) => (words[at - 1] === "--data" ? nowhere : word));
  const run = program === "tillsync" ? callTillsync(nowhere, "--json", ...args) : runSign([...args, "--json"]);
  const { code, stderr } = await run;
  return { code, refusal: toRefusal(stderr.trim().split("\n").at(-1) ?? "") };
}

function toRefusal(line: string): Refusal {
  const none = { code: "", message: line, fields: {} };
  if (!line.startsWith("{")) return none;
  const { error = none } = JSON.parse(line) as { readonly error?: Refusal };
  return error;
}

function isKnown({ code, refusal }: Taken, words: readonly string[]): boolean {
  if (code === WRONG_USAGE) return false;
  if (code === 0) return true;
  const files = words.flatMap((word) => [word, word.split(":").at(-1) ?? ""]);
  const isAbsent = Object.values(refusal.fields).some((value) => files.includes(String(value)));
  return isAbsent || HERE.some(([known, message]) => known === refusal.code && message.test(refusal.message));
}

function listCommands(path: string): readonly string[] {
  return splitPage(readText(path)).blocks.flatMap((block) => {
    const lines = toCommandLines(block);
    const commands = block.language === "sh" ? lines : lines.filter((line) => TRIED.test(line));
    return commands.map((line) => line.replace(/^npx /, ""));
  });
}

describe("the operators' guide", () => {
  it("has commands on every page that tells what to do", () => {
    expect(pages.length).toBeGreaterThan(10);
    const without = pages.filter((path) => listCommands(path).length === 0);
    expect(without).toEqual([`${GUIDE}README.md`]);
  });

  it.each(pages)("%s gives commands that the programs know", { timeout: 60_000 }, async (path) => {
    const commands = listCommands(path).filter((line) => !(String(toWords(line)[0]) in UNTRIED));
    const unknown: unknown[] = commands.filter((line) => !TRIED.test(line));
    for (const line of commands.filter((one) => TRIED.test(one))) {
      const words = toWords(line);
      const taken = await tryCommand(words);
      if (!isKnown(taken, words)) unknown.push({ line, ...taken });
    }
    expect(unknown).toEqual([]);
  });

  it("would be found out with a command that there is not, or with an option or value that it does not take", async () => {
    for (const line of [
      "tillsync changes begin --merchant 822391058121070",
      "tillsync changes show C0123456789abcdef --all",
      "tillsync changes create --merchant 822391058121070 --kind rename --reason-code renamed --reason x",
      "tillsync changes create --merchant 822391058121070 --kind merchant --set merchant.owner=x \\\n  --reason-code renamed --reason x",
      "tillsync-sign approve --key me.key --service https://desk.example:8884 --ca ca.pem",
      "tillsync-sign sign some.release --key me.key --last4 12345",
      "tillsync-sign countersign some.release",
    ]) {
      const [whole = ""] = toCommandLines({ language: "sh", lines: line.split("\n") });
      expect(isKnown(await tryCommand(toWords(whole)), toWords(whole)), line).toBe(false);
    }
  });

  it("names no program as untried that it does not use", () => {
    const used = new Set(pages.flatMap((path) => listCommands(path).map((line) => toWords(line)[0])));
    expect(Object.keys(UNTRIED).filter((program) => !used.has(program))).toEqual([]);
  });
});

describe("a command line of a page", () => {
  it("is read as a shell reads it", () => {
    const page =
      "1. one\n   ```sh\n   # a comment\n   tillsync a 'b c' \\\n       --d=\"e f\" g   # h\n\n   x > y\n   ```\n```\nz\n```\nrest";
    const { blocks, prose } = splitPage(page);
    expect(blocks.map(({ language }) => language)).toEqual(["sh", ""]);
    const lines = blocks.flatMap(toCommandLines);
    expect(lines.map(toWords)).toEqual([["tillsync", "a", "b c", "--d=e f", "g"], ["x"], ["z"]]);
    expect(prose).toEqual(["1. one", "rest"]);
    expect(() => toWords("tillsync a \\")).toThrow("nothing follows");
  });
});

describe("links of the documentation", () => {
  it("lead to files that are there, and to headings of theirs", () => {
    const files = listFiles();
    const dead = linked.flatMap((path) =>
      findPageLinks(readText(path)).flatMap(({ file, fragment }) => {
        const target = file === "" ? path : posix.normalize(posix.join(posix.dirname(path), file)).replace(/\/$/, "");
        if (!files.some((one) => one === target || one.startsWith(`${target}/`))) return [`${path}: ${file}`];
        const isThere = fragment === "" || findAnchors(readText(target)).includes(fragment);
        return isThere ? [] : [`${path}: ${file}#${fragment}`];
      }),
    );
    expect(dead).toEqual([]);
  });

  it("are read as GitHub reads them", () => {
    const page =
      "# A `b`: c & 换机\n## Twice\n```sh\n# no heading\n```\n## Twice\n[x](y.md#twice-1) [z](https://a.b#c) [w](#q)";
    expect(findAnchors(page)).toEqual(["a-b-c--换机", "twice", "twice-1"]);
    expect(findPageLinks(page)).toEqual([
      { file: "y.md", fragment: "twice-1" },
      { file: "", fragment: "q" },
    ]);
  });
});
