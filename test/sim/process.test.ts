import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { MAX_OUTPUT_CHARACTERS, openSimulatorProcess, type ProcessOptions } from "../../sim/process.ts";
import { discard, makeScratch } from "../support/scratch.ts";

const SOON_MS = 15_000;

/** A simulator that does nothing but what is written here. */
function toOptions(program: string): ProcessOptions & { readonly shown: readonly string[] } {
  const folder = makeScratch("process");
  onTestFinished(() => discard(folder));
  const entry = join(folder, "main.mjs");
  writeFileSync(entry, program);
  const shown: string[] = [];
  return { name: "till", entry, shown, show: (text) => void shown.push(text), startMs: SOON_MS };
}

function toFault(what: string, written: string) {
  const cause = expect.objectContaining({ message: expect.stringContaining(written) });
  return expect.objectContaining({ code: "INTERNAL", fields: { process: "till", what }, cause });
}

describe("a simulator as a process", () => {
  it("may write other lines before the one with its port, which may come in pieces", async () => {
    const options = toOptions(`
      console.log('hello'); console.log('{"name":"till"}'); console.log('null');
      process.stdout.write('{"por'); setTimeout(() => process.stdout.write('t":80}\\n'), 20);
      process.on("disconnect", () => process.exit());`);
    const till = await openSimulatorProcess(options);
    expect(till.port).toBe(80);
    await till.close();
    await till.close();
    expect(options.shown).toEqual([]);
  });

  it("shows what it wrote last when it dies, within a bound, and rejects what it was asked", async () => {
    const options = toOptions(`
      console.log('{"port":1}');
      process.on("message", () => {
        console.log("x".repeat(${2 * MAX_OUTPUT_CHARACTERS}));
        throw new Error("out of paper");
      });`);
    const till = await openSimulatorProcess(options);
    await expect(till.command("print")).rejects.toThrow(toFault("ended with 1", "out of paper"));
    expect(options.shown).toEqual([expect.stringMatching(/^till ended with 1\n(?:.|\n)*out of paper/)]);
    expect(options.shown[0]?.length).toBeLessThan(MAX_OUTPUT_CHARACTERS + 100);
    await expect(till.command("print")).rejects.toThrow(toFault("ended with 1", "out of paper"));
    await till.close();
  });

  it("that ends before it listens is told with what it wrote last", async () => {
    const options = toOptions('console.error("no paper"); process.exit(3);');
    await expect(openSimulatorProcess(options)).rejects.toThrow(toFault("ended with 3", "no paper"));
    expect(options.shown).toEqual([]);
  });

  it("that never listens is killed", async () => {
    const options = toOptions('console.log("warming up"); setInterval(() => undefined, 1_000);');
    const starting = openSimulatorProcess({ ...options, startMs: 1_000 });
    await expect(starting).rejects.toThrow(toFault("did not start in time", ""));
  });

  it("that does not end when it is closed is killed", async () => {
    const options = toOptions(
      "console.log(JSON.stringify({ port: process.pid })); setInterval(() => undefined, 1_000);",
    );
    const till = await openSimulatorProcess({ ...options, stopMs: 100 });
    await till.close();
    expect(() => process.kill(till.pid, 0)).toThrow(expect.objectContaining({ code: "ESRCH" }));
    expect(options.shown).toEqual([]);
  });

  it("that somebody ends by a signal is no fault to show", async () => {
    const options = toOptions("console.log('{\"port\":1}'); setInterval(() => undefined, 1_000);");
    const till = await openSimulatorProcess(options);
    process.kill(till.pid, "SIGTERM");
    await expect(till.command("print")).rejects.toThrow(toFault("ended with SIGTERM", ""));
    expect(options.shown).toEqual([]);
  });
});
