// Bundles the service's command line into a few files instead of hundreds of modules, so that it starts quickly: `node
// dist/src/build.js`, after the compiler (docs/adr/0021).
import { chmodSync, copyFileSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const EXECUTABLE = 0o755;
const FOLDER = fileURLToPath(new URL("../tillsync", import.meta.url));
/** By the names that they get beside the programs: the font of PDFs, and its licence, which goes where the font goes. */
const FONT = fileURLToPath(new URL("../../src/faces/pdf/font", import.meta.url));
const COPIES: Readonly<Record<string, string>> = {
  "NotoSansSC-Regular.ttf.gz": join(FONT, "NotoSansSC-Regular.ttf.gz"),
  "NotoSansSC-OFL.txt": join(FONT, "OFL.txt"),
};
/** CommonJS packages ask for Node's own modules with `require`, which an ES module has not. */
const REQUIRE = `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`;

const { metafile } = await build({
  entryPoints: [fileURLToPath(new URL("./main.js", import.meta.url))],
  outdir: FOLDER,
  bundle: true,
  // What a command imports when it runs stays in files of its own.
  splitting: true,
  platform: "node",
  format: "esm",
  target: "node20",
  // Native.
  external: ["sqlite3"],
  sourcemap: false,
  banner: { js: REQUIRE },
  metafile: true,
  logLevel: "warning",
});
chmodSync(join(FOLDER, "main.js"), EXECUTABLE);
for (const [name, from] of Object.entries(COPIES)) copyFileSync(from, join(FOLDER, name));

// Only now: a command that starts meanwhile finds all that it needs, of one build or the other.
const bundled = Object.keys(metafile.outputs).map((path) => resolve(path));
const made = new Set([...bundled, ...Object.keys(COPIES).map((name) => join(FOLDER, name))]);
for (const name of readdirSync(FOLDER)) {
  if (!made.has(join(FOLDER, name))) rmSync(join(FOLDER, name), { recursive: true });
}
