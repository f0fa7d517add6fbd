import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { discard, makeScratch } from "../support/scratch.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CONFIG = "vitest.mutated.config.mjs";
const RESULTS = "results.json";
const MAX_RUN_MS = 240_000;

/** What a run of some test files showed. */
export interface Run {
  readonly passed: number;
  /** Names of tests that failed. */
  readonly failed: readonly string[];
  /** Files that could not be read, or whose tests could not begin: no verdict about anything. */
  readonly unreadable: readonly string[];
}

/** A copy of the working tree in which anything may be broken. */
export interface Copy {
  /** Replaces the one occurrence of `find` in a file until `restore`. Throws where there is none, or more than one. */
  mutate(file: string, find: string, replace: string): void;
  restore(): void;
  /** Of `only`: tests whose full name begins so. */
  run(files: readonly string[], only?: string): Promise<Run>;
  remove(): void;
}

export function openCopy(): Copy {
  const folder = makeScratch("mutant");
  for (const file of listFiles()) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file));
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  // Nothing is built here: a mutant is caught by tests that read its source.
  writeFileSync(
    join(folder, CONFIG),
    'export default { test: { include: ["test/**/*.test.ts"], testTimeout: 120000 } };\n',
  );
  const originals = new Map<string, string>();
  return {
    mutate: (file, find, replace) => {
      const path = join(folder, file);
      const source = readFileSync(path, "utf8");
      const parts = source.split(find);
      if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${find}`);
      originals.set(path, originals.get(path) ?? source);
      writeFileSync(path, parts.join(replace));
    },
    restore: () => {
      for (const [path, source] of originals) writeFileSync(path, source);
      originals.clear();
    },
    run: (files, only) => run(folder, files, only),
    remove: () => discard(folder),
  };
}

/** Every file that is, or should be, committed. */
function listFiles(): readonly string[] {
  const args = [
    "-c",
    "safe.directory=*",
    "ls-files",
    "-z",
    "--cached",
    "--others",
    "--exclude-standard",
    "--deduplicate",
  ];
  const listed = execFileSync("git", args, { cwd: ROOT, encoding: "utf8", maxBuffer: 16_777_216 });
  const deleted = execFileSync("git", ["-c", "safe.directory=*", "ls-files", "-z", "--deleted"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  const gone = new Set(deleted.split("\0"));
  return listed.split("\0").filter((file) => file !== "" && !gone.has(file));
}

interface Results {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

async function run(folder: string, files: readonly string[], only = ""): Promise<Run> {
  const output = join(folder, RESULTS);
  rmSync(output, { force: true });
  const args = [
    "run",
    "--config",
    CONFIG,
    "--reporter=json",
    `--outputFile=${output}`,
    "--no-coverage",
    "-t",
    only,
    ...files,
  ];
  const child = spawn(execPath, [join("node_modules", "vitest", "vitest.mjs"), ...args], {
    cwd: folder,
    stdio: "ignore",
    timeout: MAX_RUN_MS,
  });
  await once(child, "close");
  const { testResults } = JSON.parse(readFileSync(output, "utf8")) as Results;
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const told = new Set(testResults.map(({ name }) => name.slice(folder.length + 1)));
  return {
    passed: tests.filter(({ status }) => status === "passed").length,
    failed: tests.filter(({ status }) => status === "failed").map(({ fullName }) => fullName),
    unreadable: [
      ...files.filter((file) => ![...told].some((name) => name.endsWith(file))),
      ...testResults.filter(isUnreadable).map(({ name, message }) => `${name.slice(folder.length + 1)} ${message}`),
    ],
  };
}

function isUnreadable({ status, assertionResults }: Results["testResults"][number]): boolean {
  return status === "failed" && !assertionResults.some((test) => test.status === "failed");
}
