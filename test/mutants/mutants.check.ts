import { afterAll, describe, expect, it } from "vitest";
import { MUTANTS } from "./catalogue.ts";
import { type Copy, openCopy } from "./copy.ts";
import type { Mutant } from "./mutant.ts";

// Builds that are broken on purpose. Each must make tests fail; one that does not shows a check that nothing tests.

/** As many as run at a time. */
const COPIES = 2;
const MAX_NAME = 44;

interface Outcome {
  readonly mutant: Mutant;
  readonly verdict: "caught" | "MISSED" | "NO VERDICT";
  readonly by: string;
  readonly seconds: number;
}

const copies: Copy[] = [];
afterAll(() => {
  for (const copy of copies) copy.remove();
});

function openOne(): Copy {
  const copy = openCopy();
  copies.push(copy);
  return copy;
}

async function judge(copy: Copy, mutant: Mutant): Promise<Outcome> {
  const started = Date.now();
  const toOutcome = (verdict: Outcome["verdict"], by: string): Outcome => {
    return { mutant, verdict, by, seconds: Math.round((Date.now() - started) / 1_000) };
  };
  try {
    copy.mutate(mutant.file, mutant.find, mutant.replace);
    const { failed, unreadable } = await copy.run(mutant.tests, mutant.only);
    if (unreadable.length > 0) return toOutcome("NO VERDICT", unreadable.join("; "));
    const [first] = failed;
    return first === undefined ? toOutcome("MISSED", "") : toOutcome("caught", `${failed.length}: ${first}`);
  } catch (error) {
    return toOutcome("NO VERDICT", String(error));
  } finally {
    copy.restore();
  }
}

/** Several lines of work over one queue. */
async function judgeAll(): Promise<readonly Outcome[]> {
  const waiting = [...MUTANTS];
  const outcomes: Outcome[] = [];
  const work = async (copy: Copy) => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      outcomes.push(await judge(copy, mutant));
    }
  };
  await Promise.all(Array.from({ length: COPIES }, () => work(openOne())));
  return MUTANTS.map((mutant) => outcomes.find((one) => one.mutant === mutant) as Outcome);
}

describe("deliberately broken builds", () => {
  it("have names of their own, and tests", () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
    expect(MUTANTS.filter(({ tests }) => tests.length === 0)).toEqual([]);
  });

  it("are made of a tree whose tests pass", async () => {
    const tests = [...new Set(MUTANTS.flatMap((mutant) => mutant.tests))];
    const { passed, failed, unreadable } = await openOne().run(tests);
    expect({ failed, unreadable }).toEqual({ failed: [], unreadable: [] });
    expect(passed).toBeGreaterThan(0);
  });

  it("are caught, all of them", async () => {
    const outcomes = await judgeAll();
    const lines = outcomes.map(({ mutant, verdict, by, seconds }) => {
      return `${verdict.padEnd(10)} ${mutant.name.padEnd(MAX_NAME)} ${String(seconds).padStart(3)} s  ${by.slice(0, 150)}`;
    });
    console.log(lines.join("\n"));
    expect(outcomes.filter(({ verdict }) => verdict !== "caught").map(({ mutant }) => mutant.name)).toEqual([]);
  });
});
