import { describe, expect, it } from "vitest";
import { readText } from "../support/architecture/repository.ts";
import { MUTANTS } from "./catalogue.ts";

// The broken builds themselves take minutes: `npm run mutants`. This keeps them from being lost unseen in between.

describe("the list of broken builds", () => {
  it("names each once", () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  });

  it.each(MUTANTS)("finds what it breaks: $name", ({ file, find, replace }) => {
    expect(readText(file).split(find)).toHaveLength(2);
    expect(replace).not.toBe(find);
  });

  it.each(MUTANTS)("names tests that are there: $name", ({ tests }) => {
    expect(tests.length).toBeGreaterThan(0);
    for (const file of tests) expect(readText(file)).not.toBe("");
  });
});
