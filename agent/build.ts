// Bundles the agent into one file that runs with Node alone: `node dist/agent/build.js`, after the compiler.
import { chmodSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const EXECUTABLE = 0o755;

const entry = fileURLToPath(new URL("./main.js", import.meta.url));
const outfile = fileURLToPath(new URL("../tillsync-agent.cjs", import.meta.url));

await build({
  entryPoints: [entry],
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
