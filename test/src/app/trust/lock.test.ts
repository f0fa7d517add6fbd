import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { withLock } from "../../../../src/app/trust/lock.ts";
import { makeFolder } from "../../../support/fleet-store.ts";

/** The id of a process that is over. */
function toDeadPid(): number {
  return spawnSync(process.execPath, ["-e", ""]).pid;
}

describe("withLock", () => {
  it("lets one in at a time, in any number", async () => {
    const folder = makeFolder();
    let inside = 0;
    let most = 0;
    const work = async (n: number) => {
      inside += 1;
      most = Math.max(most, inside);
      await pause(1);
      inside -= 1;
      return n;
    };
    const numbers = Array.from({ length: 12 }, (_, n) => n);
    expect(await Promise.all(numbers.map((n) => withLock(folder, () => work(n))))).toEqual(numbers);
    expect(most).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is let go when the work fails", async () => {
    const folder = makeFolder();
    const failing = withLock(folder, () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    expect(await withLock(folder, async () => "in")).toBe("in");
  });

  it("is taken over from a process that is gone, by one of many who try", async () => {
    const folder = makeFolder();
    writeFileSync(join(folder, "lock"), `${toDeadPid()} ${hostname()} x\n`);
    let inside = 0;
    const tries = Array.from({ length: 8 }, () =>
      withLock(folder, async () => {
        expect(inside).toBe(0);
        inside += 1;
        await pause(2);
        inside -= 1;
      }),
    );
    await Promise.all(tries);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("that another took over meanwhile is left to the other", async () => {
    const folder = makeFolder();
    await withLock(folder, async () => writeFileSync(join(folder, "lock"), "another's"));
    expect(readdirSync(folder)).toEqual(["lock"]);
  });

  it("is waited for while its process lives", async () => {
    const folder = makeFolder();
    const path = join(folder, "lock");
    writeFileSync(path, `${process.pid} ${hostname()} x\n`);
    let isIn = false;
    const waiting = withLock(folder, async () => {
      isIn = true;
    });
    await pause(100);
    expect(isIn).toBe(false);
    rmSync(path);
    await waiting;
    expect(isIn).toBe(true);
  });

  it("says so where there is no folder to lock", async () => {
    const folder = join(makeFolder(), "nowhere");
    const invalid = expect.objectContaining({ code: "DATA_FOLDER_INVALID" });
    await expect(withLock(folder, async () => undefined)).rejects.toThrow(invalid);
    expect(existsSync(folder)).toBe(false);
  });
});
