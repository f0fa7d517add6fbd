// Bundles the programs that ship alone into one file each, which runs with Node and nothing else: `node
// dist/agent/build.js`, after the compiler.
import { chmodSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const EXECUTABLE = 0o755;

const PROGRAMS = [
  { entry: "./main.js", file: "tillsync-agent.cjs" },
  { entry: "../certs/sign/main.js", file: "tillsync-sign.cjs" },
  { entry: "../certs/tuf/main.js", file: "tillsync-tuf.cjs" },
] as const;

for (const { entry, file } of PROGRAMS) {
  const outfile = fileURLToPath(new URL(`../${file}`, import.meta.url));
  await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    sourcemap: false,
    banner: { js: "#!/usr/bin/env node" },
    logLevel: "warning",
  });
  chmodSync(outfile, EXECUTABLE);
}
