import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { withLock } from "../../../../src/app/trust/lock.ts";
import { bundleProgram } from "../../../support/bundled.ts";
import { makeFolder } from "../../../support/fleet-store.ts";

/** The id of a process that is over. */
function toDeadPid(): number {
  return spawnSync(process.execPath, ["-e", ""]).pid;
}

/** Takes the lock ten times, says when it is in and out, and ends as a power cut would when it is in once more. */
const HOLDER = `
  const [program, folder, log] = process.argv.slice(1);
  const { withLock } = await import(program);
  const { appendFileSync } = await import("node:fs");
  const { setTimeout } = await import("node:timers/promises");
  for (let time = 0; time <= 10; time += 1) {
    await withLock(folder, async () => {
      appendFileSync(log, "in\\n");
      await setTimeout(2);
      appendFileSync(log, time < 10 ? "out\\n" : "killed\\n");
      if (time === 10) process.kill(process.pid, "SIGKILL");
    });
  }`;

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

  /** By this clock a lock is old a second and a half after it was written. */
  const SOON_MS = 8_500;
  const soon = () => Date.now() + SOON_MS;
  const later = () => Date.now() + SOON_MS + 2_500;

  it("is taken over where it says nothing of who wrote it, once it is old and not before, by one of many", async () => {
    const remains: readonly ((path: string) => void)[] = [
      (path) => writeFileSync(path, ""),
      (path) => writeFileSync(path, Buffer.of(0xff, 0, 0xfe)),
      (path) => writeFileSync(path, `-1 ${hostname()} x\n`),
      (path) => writeFileSync(path, "1 elsewhere x\n"),
      (path) => symlinkSync("nowhere", path),
      // Nobody can read it, not even root.
      (path) => symlinkSync("lock", path),
    ];
    const takeOver = async (leave: (path: string) => void) => {
      const folder = makeFolder();
      leave(join(folder, "lock"));
      const counts = { inside: 0, most: 0, all: 0 };
      const work = async () => {
        counts.all += 1;
        counts.inside += 1;
        counts.most = Math.max(counts.most, counts.inside);
        await pause(2);
        counts.inside -= 1;
      };
      const tries = Array.from({ length: 8 }, () => withLock(folder, work, soon));
      await pause(500);
      expect(counts.all).toBe(0);
      await Promise.all(tries);
      return { ...counts, left: readdirSync(folder) };
    };
    const taken = await Promise.all(remains.map(takeOver));
    expect(taken).toEqual(remains.map(() => ({ inside: 0, most: 1, all: 8, left: [] })));
  });

  it("is waited for while one that may be in force was moved aside, and not while that one is old", async () => {
    const folder = makeFolder();
    const aside = join(folder, "lock.0123456789abcdef.stale");
    writeFileSync(aside, `${process.pid} ${hostname()} x\n`);
    let isIn = false;
    const waiting = withLock(folder, async () => {
      isIn = true;
    });
    await pause(100);
    expect(isIn).toBe(false);
    await withLock(folder, async () => undefined, later);
    await waiting;
    expect(readdirSync(folder)).toEqual([]);
  });

  it("has one holder at a time among processes that are killed while they hold it", async () => {
    const [folder, programs] = [makeFolder(), makeFolder()];
    const log = join(programs, "log");
    const program = await bundleProgram("src/app/trust/lock.ts", join(programs, "lock.mjs"));
    const args = ["--input-type=module", "-e", HOLDER, program, folder, log];
    const children = Array.from({ length: 6 }, () => spawn(process.execPath, args));
    await Promise.all(children.map((child) => once(child, "exit")));
    let inside = false;
    const ends = [];
    for (const word of readFileSync(log, "utf8").trim().split("\n")) {
      expect([word, inside]).toEqual([word, word !== "in"]);
      inside = word === "in";
      ends.push(word);
    }
    expect(ends.filter((word) => word === "killed")).toHaveLength(6);
    expect(ends.filter((word) => word === "out")).toHaveLength(60);
  }, 60_000);

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
