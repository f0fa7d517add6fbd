import { execFileSync } from "node:child_process";

/** Tests of whole processes run what is built, so it is built first; vitest calls this once before all tests. */
export function setup(): void {
  execFileSync("npm", ["run", "-s", "build"], { stdio: "inherit" });
}
