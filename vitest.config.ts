import { defineConfig } from "vitest/config";

const FULL = { branches: 100, functions: 100, lines: 100, statements: 100 };

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/canary-run.ts", "test/support/build.ts", "test/support/shared-keys.ts"],
    setupFiles: ["test/support/canary-watch.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // As test/support/patience.ts has it: what must happen is waited for long, because others may have the machine.
    expect: { poll: { timeout: 20_000 } },
    coverage: {
      provider: "v8",
      include: [
        "proto/*.ts",
        "proto/identifiers/*.ts",
        "certs/**/*.ts",
        "broker/**/*.ts",
        "agent/**/*.ts",
        "src/**/*.ts",
        "sim/**/*.ts",
      ],
      reporter: ["text-summary", "json-summary"],
      // Pure decisions are tested to the last branch; what is left is covered by tests over real sockets and processes,
      // which this figure does not see.
      thresholds: {
        "proto/*.ts": FULL,
        "proto/identifiers/**": FULL,
        "certs/signatures.ts": FULL,
        "certs/trust/**": FULL,
        "agent/gate.ts": FULL,
        "agent/machine/**": FULL,
        "agent/iso8583/**": FULL,
        "broker/policy.ts": FULL,
        "src/domain/**": FULL,
      },
    },
  },
});
