import { isBuiltin } from "node:module";
import { describe, expect, it } from "vitest";
import { ERRORS } from "../proto/errors.ts";
import { bundle, OPTIONAL_MODULES } from "./support/architecture/bundle.ts";
import {
  findBadHabits,
  findCitedClauses,
  findDefinedClauses,
  findLinks,
  findStrings,
} from "./support/architecture/habits.ts";
import { type Import, parseImports, toImportedFile, toPackage } from "./support/architecture/imports.ts";
import { findLayoutFault } from "./support/architecture/layout.ts";
import { findImpurities, isPure } from "./support/architecture/purity.ts";
import { listFiles, PRODUCT_FOLDERS, readSources, readText } from "./support/architecture/repository.ts";

/** Run once, when the programs are made; what they need is no package that is needed at run time. */
const BUILD_SCRIPTS = ["agent/build.ts", "src/build.ts"];
const MAX_LINES = 400;
const MAX_MEDIAN_LINES = 130;
/** Written so that this file does not contain them. */
const WORKPLACE = ["", "work", ""].join("/");
const REGISTRY = new RegExp(["registry", "(npmjs|yarnpkg|npmmirror|nodejs|taobao)"].join("\\."));

const FOREIGN_TO_AGENT =
  /^(src|broker|sim|bench|test)\/|node_modules\/(node-forge|sqlite3|kysely|aedes|csv-parse|esbuild)\/|\.node$/;
const MAX_BUNDLE_BYTES = 3 * 1024 * 1024;

interface LockedPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const sources = readSources();
const product = readSources(PRODUCT_FOLDERS);

/** One line per fault: the file, then what `find` says. */
function collect(files: typeof sources, find: (path: string, text: string) => readonly string[]): readonly string[] {
  return files.flatMap(({ path, text }) => find(path, text).map((fault) => `${path}: ${fault}`));
}

function findLayoutFaults(file: string, source: string): readonly string[] {
  return parseImports(source).flatMap((one) => findLayoutFault(file, one) ?? []);
}

function toSpecifiers(imports: readonly Import[]): readonly string[] {
  return imports.map(({ specifier }) => specifier);
}

describe("imports", () => {
  it("follow the layout", () => {
    expect(collect(sources, findLayoutFaults)).toEqual([]);
  });

  it("name exactly the packages that package.json lists for use at run time", () => {
    const { dependencies } = JSON.parse(readText("package.json")) as { dependencies: Record<string, string> };
    const used = product
      .filter(({ path }) => !BUILD_SCRIPTS.includes(path))
      .flatMap(({ text }) => toSpecifiers(parseImports(text)))
      .filter((specifier) => !/^(\.|node:)/.test(specifier))
      .map(toPackage);
    expect([...new Set(used)].toSorted()).toEqual(Object.keys(dependencies).toSorted());
  });

  it("are found in every form", () => {
    const source = `
      import a, { type B, c as d } from "one"; import * as e from 'two'; import type { F } from "three"; import "four";
      export { g } from "five"; export * from "six"; export type { H } from "seven"; export * as ns from "eight";
      const i = await import("nine"); const j = require("ten"); type K = import("eleven").K; import(\`tw\${"elve"}\`);`;
    const imports = parseImports(source);
    expect(toSpecifiers(imports).slice(0, 11)).toEqual(
      "one two three four five six seven eight nine ten eleven".split(" "),
    );
    expect(toSpecifiers(imports).slice(11)).toEqual(["(computed)"]);
    expect(imports[0]?.names).toEqual(["default", "c"]);
    expect(imports[1]?.names).toEqual(["*"]);
    expect(imports.map(({ isType }) => isType)).toEqual(
      [2, 6].reduce((all, at) => all.with(at, true), Array(12).fill(false)),
    );
  });

  it("are not found in comments, texts, templates, regular expressions and members", () => {
    const source = `
      // import "a"
      /* export * from "b" */ const t = 'import "c"'; const r = /import "d"/; const p = \`import "e" \${x} from "f"\`;
      x.import("g"); const o = { import: "h" }; import.meta.url; export const y = { from: "i" }; export { z };`;
    expect(parseImports(source)).toEqual([]);
  });

  it("are found inside a template's expressions and after a division", () => {
    const source = `\`\${{ a: \`\${await import("a")}\` }}\`; b / import("b") / c`;
    expect(toSpecifiers(parseImports(source))).toEqual(["a", "b"]);
  });

  it("against the layout are told", () => {
    const faults: readonly (readonly [file: string, source: string])[] = [
      ["proto/tree.ts", 'import { x } from "../certs/keys.ts";'],
      ["certs/keys.ts", 'import { x } from "../agent/gate.ts";'],
      ["broker/policy.ts", 'import { x } from "../src/domain/fleet.ts";'],
      ["agent/gate.ts", 'import type { X } from "../src/domain/fleet.ts";'],
      ["agent/runner.ts", 'export { x } from "../broker/bus.ts";'],
      ["src/app/intake.ts", 'const x = await import("../../agent/gate.ts");'],
      ["src/main.ts", 'import { x } from "../agent/gate.ts";'],
      ["src/main.ts", 'import { x } from "../sim/acquirer/host.ts";'],
      ["src/domain/fleet.ts", 'import { x } from "../store/store.ts";'],
      ["src/store/store.ts", 'import { x } from "../app/intake.ts";'],
      ["src/app/intake.ts", 'import { x } from "../faces/cli/output.ts";'],
      ["src/app/intake.ts", 'import { x } from "../../broker/embedded.ts";'],
      ["src/app/intake.ts", 'import { x } from "../store/sqlite-dialect.ts";'],
      ["src/app/intake.ts", 'import { x } from "../../sim/demo/story.ts";'],
      ["sim/acquirer/host.ts", 'import { x } from "../../src/domain/fleet.ts";'],
      ["sim/acquirer/host.ts", 'import { x } from "../../test/support/x.ts";'],
      ["agent/runner.ts", 'import { x } from "./terminal/simulated.ts";'],
      ["agent/runner.ts", 'import { x } from "./store.js";'],
      ["agent/runner.ts", 'import { x } from "fs";'],
      ["agent/runner.ts", 'import { x } from "left-pad";'],
      ["agent/runner.ts", "await import(name);"],
      ["vitest.config.ts", 'import { x } from "./src/main.ts";'],
      ["src/app/import/rows.ts", 'import sqlite3 from "sqlite3";'],
      ["agent/identity.ts", 'import forge from "node-forge";'],
    ];
    for (const [file, source] of faults) expect(findLayoutFaults(file, source), `${file} ${source}`).toHaveLength(1);
  });

  it("within the layout are not", () => {
    const fine: readonly (readonly [file: string, source: string])[] = [
      ["agent/main.ts", 'import { x } from "./terminal/simulated.ts";'],
      ["src/main.ts", 'import { x } from "../broker/embedded.ts";'],
      ["src/main.ts", 'const x = await import("../sim/demo/story.ts");'],
      [
        "sim/demo/story.ts",
        'import { x } from "../../src/app/intake.ts"; import { y } from "../../broker/embedded.ts";',
      ],
      ["test/agent/gate.test.ts", 'import forge from "node-forge"; import { x } from "../../agent/gate.ts";'],
      ["proto/codec.ts", 'import protobuf from "protobufjs/minimal.js"; import { x } from "./gen/tillsync.js";'],
    ];
    for (const [file, source] of fine) expect(findLayoutFaults(file, source), file).toEqual([]);
  });
});

describe("pure files", () => {
  it("touch no clock, disk, network, random source, timer or process", () => {
    expect(
      collect(
        sources.filter(({ path }) => isPure(path)),
        findImpurities,
      ),
    ).toEqual([]);
  });

  it("are there, in every folder that decides", () => {
    const folders = ["proto/", "certs/", "broker/", "agent/", "agent/machine/", "agent/iso8583/", "src/domain/"];
    for (const folder of folders) {
      expect(sources.filter(({ path }) => path.startsWith(folder) && isPure(path)).length, folder).toBeGreaterThan(0);
    }
  });

  it("are told when they do", () => {
    const impure = [
      "const t = Date.now();",
      "const t = new Date();",
      "const t = new Date;",
      "const t = Date();",
      "const r = Math.random();",
      "setTimeout(() => go(), 1);",
      "const e = process.env;",
      "const e = { ...process.env };",
      "const g = { crypto };",
      "globalThis.x = 1;",
      'await fetch("x");',
      'console.log("x");',
      'import { readFileSync } from "node:fs";',
      'import { connect } from "node:net";',
      'import { randomBytes } from "node:crypto";',
      'import { hash, generateKeyPairSync } from "node:crypto";',
      'import * as crypto from "node:crypto";',
      'import { createApproverKey } from "../../certs/keys.ts";',
      'import { openStore } from "../store/store.ts";',
      'import { v4 } from "uuid";',
    ];
    for (const source of impure) expect(findImpurities("src/domain/x.ts", source), source).not.toEqual([]);
  });

  it("are not told for values, types and names that only look like it", () => {
    const pure = [
      "const t = new Date(seconds * 1000); const u = Date.parse(text); function f(now: Date): void {}",
      "const r = Math.floor(x.random); state.process(); const o = { process: 1, crypto: 2 };",
      'import type { Socket } from "node:net"; import { hash, type KeyObject } from "node:crypto";',
      'import { parseTusn } from "../../proto/tusn.ts"; // Date.now() stays outside',
    ];
    for (const source of pure) expect(findImpurities("src/domain/x.ts", source), source).toEqual([]);
  });
});

describe("every file", () => {
  it("is free of any, enum, default exports, import.meta and ignore comments", () => {
    expect(collect(sources, findBadHabits)).toEqual([]);
  });

  it("with one of them is told", () => {
    const bad = [
      "let a: any;",
      "const b = c as any;",
      "function d(e: Array<any>) {}",
      "enum F { G }",
      "const enum H { I }",
      "export default 1;",
      "export { j as default };",
      `// ${"biome"}-ignore lint: no`,
      `/* ${"v8"} ignore next */`,
      `// @ts-${"ignore"}`,
      'new URL("../x", import.meta.url);',
    ];
    for (const source of bad) expect(findBadHabits("src/app/x.ts", source), source).toHaveLength(1);
    expect(findBadHabits("x.config.ts", "export default 1;")).toEqual([]);
    expect(findBadHabits("src/main.ts", 'new URL("../x", import.meta.url);')).toEqual([]);
    expect(findBadHabits("src/app/x.ts", "createRequire(import.meta.url);")).toEqual([]);
    expect(findBadHabits("src/app/x.ts", "list.any(); const o = { any: 1 }; switch (a) { default: }")).toEqual([]);
  });

  it(`has at most ${MAX_LINES} lines, and most have far fewer`, () => {
    const lengths = sources.map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }));
    expect(lengths.filter(({ lines }) => lines > MAX_LINES)).toEqual([]);
    const sorted = lengths.map(({ lines }) => lines).toSorted((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(MAX_MEDIAN_LINES);
  });

  it("names neither a workplace nor a package registry", () => {
    const naming = listFiles().filter((path) => {
      const text = readText(path);
      return text.includes(WORKPLACE) || REGISTRY.test(text);
    });
    expect(naming).toEqual([]);
  });
});

describe("the agent's bundle", () => {
  it("holds nothing of the service, the broker or the simulators, and no package but what a terminal needs", async () => {
    const { inputs, external, bytes } = await bundle("agent/main.ts");
    expect(inputs).toContain("agent/gate.ts");
    expect(inputs.filter((path) => FOREIGN_TO_AGENT.test(path))).toEqual([]);
    const strange = external.filter((name) => !isBuiltin(name) && !OPTIONAL_MODULES.includes(name));
    expect(strange).toEqual([]);
    expect(bytes).toBeLessThanOrEqual(MAX_BUNDLE_BYTES);
  });

  it("would be caught with any of them", () => {
    for (const path of ["src/log.ts", "broker/bus.ts", "sim/keys.ts", "node_modules/node-forge/lib/rsa.js"]) {
      expect(FOREIGN_TO_AGENT.test(path), path).toBe(true);
    }
    expect(FOREIGN_TO_AGENT.test("node_modules/a/node_modules/sqlite3/lib/sqlite3.js")).toBe(true);
    expect(FOREIGN_TO_AGENT.test("node_modules/a/build/Release/a.node")).toBe(true);
    expect(FOREIGN_TO_AGENT.test("node_modules/mqtt/build/index.js")).toBe(false);
    expect(FOREIGN_TO_AGENT.test("agent/src/log.ts")).toBe(false);
  });
});

describe("the lock file", () => {
  it("tells versions and digests, and leaves it to the machine where packages come from", () => {
    const lock = readText("package-lock.json");
    expect(lock).toContain('"integrity"');
    expect(lock).not.toContain('"resolved"');
  });

  it("knows every optional package, those for other machines too: npm ci refuses it otherwise", () => {
    const { packages } = JSON.parse(readText("package-lock.json")) as { packages: Record<string, LockedPackage> };
    const installed = Object.keys(packages);
    const missing = Object.values(packages)
      .flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
      .filter((name) => !installed.some((path) => path.endsWith(`node_modules/${name}`)));
    expect(missing).toEqual([]);
  });
});

describe("documentation", () => {
  const defined = findDefinedClauses(readText("docs/protocol.md"));

  it("defines every clause that is cited, once", () => {
    expect(defined).toEqual([...new Set(defined)]);
    const schema = { path: "proto/schema/tillsync.proto", text: readText("proto/schema/tillsync.proto") };
    const undefinedOnes = collect([...sources, schema], (_, text) =>
      findCitedClauses(text).filter((clause) => !defined.includes(clause)),
    );
    expect(undefinedOnes).toEqual([]);
  });

  it("is cited in a form that this test reads", () => {
    expect(findCitedClauses("// see clause 4.2, clauses 5.1 and 6, MQTT clause 9.9 and (clauses 3.1.2)")).toEqual([
      "4.2",
      "5.1",
      "6",
    ]);
    expect(findDefinedClauses("## 4 Signing\n\n### 4.1 Directive\n\n**4.2** Statement.\n\n1. item")).toEqual([
      "4",
      "4.1",
      "4.2",
    ]);
  });

  it("links to files that are there", () => {
    const files = listFiles();
    const dead = files
      .filter((path) => path.endsWith(".md"))
      .flatMap((path) => findLinks(readText(path)).map((link) => ({ path, target: toImportedFile(path, `./${link}`) })))
      .filter(({ target = "" }) => !files.some((file) => file === target || file.startsWith(target)));
    expect(dead).toEqual([]);
    expect(findLinks("[a](b.md#c) [d](https://e.f) ![g](h/i.png)")).toEqual(["b.md", "h/i.png"]);
  });

  it("knows no error code that nothing uses", () => {
    const used = new Set(
      product.filter(({ path }) => path !== "proto/errors.ts").flatMap(({ text }) => [...findStrings(text)]),
    );
    expect(Object.keys(ERRORS).filter((code) => !used.has(code))).toEqual([]);
  });
});
