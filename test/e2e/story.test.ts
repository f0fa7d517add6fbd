import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runTillsync } from "../support/cli.ts";
import { discard, makeScratch } from "../support/scratch.ts";

// The whole product as a newcomer starts it: service, broker, acquirer and agents as real processes.

const STORY_MS = 120_000;

let folder: string;
let data: string;
let ports: readonly number[];

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

function tellStory(...more: readonly string[]) {
  const [port, acquirerPort] = ports;
  const faces = ["--enrolment-port", "0", "--lookup-port", "0"];
  const own = ["--port", `${port}`, "--acquirer-port", `${acquirerPort}`];
  return runTillsync(data, "demo", "--once", "--json", ...own, ...faces, ...more);
}

function toLastLine(stdout: string): unknown {
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

beforeAll(async () => {
  folder = makeScratch("story");
  data = join(folder, "data");
  ports = [await findFreePort(), await findFreePort()];
});

afterAll(() => discard(folder));

describe("the story", () => {
  it("ends as told on a new data folder", { timeout: STORY_MS }, async () => {
    const { code, stdout, stderr } = await tellStory();
    expect(toLastLine(stdout), stderr).toEqual({
      terminals: 351,
      enrolled: 8,
      proven: 1,
      clonesCaught: 1,
      lookedUp: 1,
      committed: 20,
      rolledBack: 3,
      refused: 16,
      recovered: 1,
      offlineCaughtUp: 1,
      takenBack: 3,
      seconds: expect.any(Number),
    });
    expect(code).toBe(0);
  });

  it("ends as told again with fewer terminals on the same data folder, where they hold profiles already", {
    timeout: STORY_MS,
  }, async () => {
    const { code, stdout, stderr } = await tellStory("--agents", "5");
    expect(toLastLine(stdout), stderr).toMatchObject({
      enrolled: 0,
      proven: 1,
      clonesCaught: 1,
      lookedUp: 1,
      // The second settlement card within a day is refused.
      committed: 6,
      rolledBack: 1,
      refused: 10,
      recovered: 1,
      takenBack: 1,
    });
    expect(code).toBe(0);
  });

  it("leaves a ledger that verifies and tells every step", async () => {
    expect((await runTillsync(data, "ledger", "verify")).code).toBe(0);
    const shown = await runTillsync(data, "ledger", "show", "--json", "--limit", "10000");
    const kinds = new Set((JSON.parse(shown.stdout).entries as { kind: string }[]).map(({ kind }) => kind));
    for (const kind of [
      "fleet.imported",
      "terminal.enrolled",
      "terminal.verdict",
      "terminal.quarantined",
      "terminal.quarantine_released",
      "alarm.clone_suspected",
      "release.published",
      "report.committed",
      "report.rolled_back",
      "report.refused",
      "release.rollback_ordered",
    ]) {
      expect(kinds, kind).toContain(kind);
    }
  });

  it("leaves no card number behind in the papers of its approvers", () => {
    expect(existsSync(join(data, "papers"))).toBe(false);
  });

  it("tells the operator why a terminal rolled back", async () => {
    const { stdout } = await runTillsync(data, "deployments", "--state", "rolled_back", "--json");
    const rows = JSON.parse(stdout) as { code: string; detail: string }[];
    expect(rows).toHaveLength(4);
    for (const row of rows) expect(row).toMatchObject({ code: "TEST_FAILED", detail: expect.stringContaining("97") });
  });

  it("shows which port is in use where another program has it", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(ports[0], "127.0.0.1", resolve));
    const { code, stderr } = await tellStory();
    await new Promise((resolve) => server.close(resolve));
    expect(code).toBe(1);
    expect(JSON.parse(stderr.trim().split("\n").at(-1) ?? "").error.code).toBe("PORT_IN_USE");
  });
});
