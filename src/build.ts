// Bundles the service's command line into a few files instead of hundreds of modules, so that it starts quickly: `node
// dist/src/build.js`, after the compiler (docs/adr/0021).
import { chmodSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const EXECUTABLE = 0o755;
const FOLDER = fileURLToPath(new URL("../tillsync", import.meta.url));
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

// Only now: a command that starts meanwhile finds all that it needs, of one build or the other.
const made = new Set(Object.keys(metafile.outputs).map((path) => resolve(path)));
for (const name of readdirSync(FOLDER)) {
  if (!made.has(join(FOLDER, name))) rmSync(join(FOLDER, name), { recursive: true });
}
