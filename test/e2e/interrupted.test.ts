import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { TILLSYNC } from "../support/programs.ts";
import { discard, makeScratch } from "../support/scratch.ts";

const WAIT = { timeout: 30_000, interval: 50 };

const folder = makeScratch("interrupted");
/** Each story goes on in the folder that the one before was torn away from. */
const data = join(folder, "data");
afterAll(() => discard(folder));

/** Ids of running processes whose command line names the data folder. */
function findProcesses(): readonly string[] {
  return readdirSync("/proc").filter((id) => /^\d+$/.test(id) && readCommandLine(id).includes(data));
}

/** Those of them that stay: an approver's program comes and goes. */
function findStaying(): readonly string[] {
  return findProcesses().filter((id) => !readCommandLine(id).includes("tillsync-sign"));
}

function readCommandLine(id: string): string {
  try {
    return readFileSync(`/proc/${id}/cmdline`, "latin1");
  } catch {
    return "";
  }
}

describe("the demonstration", () => {
  it.each(["SIGTERM", "SIGINT", "SIGKILL"] as const)(
    "ended by %s in the middle leaves nothing running",
    async (signal) => {
      const args = [TILLSYNC, "demo", "--data", data, "--port", "0", "--acquirer-port", "0", "--agents", "3"];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      const exited = once(child, "exit");
      let told = "";
      child.stdout.on("data", (chunk) => {
        told += chunk;
      });
      await vi.waitFor(() => expect(told).toContain("\n2. "), WAIT);
      expect(findStaying().length).toBe(4);
      child.kill(signal);
      const [code] = await exited;
      if (signal !== "SIGKILL") expect(code).toBe(1);
      await vi.waitFor(() => expect(findProcesses()).toEqual([]), WAIT);
    },
  );
});
