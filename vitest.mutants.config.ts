import { defineConfig } from "vitest/config";

/** Deliberately broken builds, each of which the suite must catch: `npm run mutants`. */
export default defineConfig({
  test: {
    include: ["test/mutants/*.check.ts"],
    pool: "forks",
    maxWorkers: 1,
    testTimeout: 1_800_000,
    hookTimeout: 60_000,
    disableConsoleIntercept: true,
  },
});
