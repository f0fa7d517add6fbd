import { defineConfig } from "vitest/config";

/** The red team alone, at full length: `npm run attack`. */
export default defineConfig({
  test: {
    include: ["test/attack/red-team*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 3_600_000,
    hookTimeout: 120_000,
    disableConsoleIntercept: true,
  },
});
