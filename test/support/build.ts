import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { TILLSYNC } from "./programs.ts";
import { discard, makeScratch } from "./scratch.ts";

/**
 * Tests of whole processes run what is built, so it is built first; then `tillsync init` makes the data folder that most
 * of them begin with. vitest calls this once before all tests, and what it returns after them.
 */
export function setup(project: TestProject): () => void {
  execFileSync("npm", ["run", "-s", "build"], { stdio: "inherit" });
  const parent = makeScratch("init");
  const dataFolder = join(parent, "data");
  execFileSync(process.execPath, [TILLSYNC, "--data", dataFolder, "init"], { stdio: ["ignore", "ignore", "inherit"] });
  project.provide("dataFolder", dataFolder);
  return () => discard(parent);
}
