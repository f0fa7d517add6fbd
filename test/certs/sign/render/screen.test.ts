import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { createApproverKey, toPublicKey } from "../../../../certs/keys.ts";
import { renderCeremony } from "../../../../certs/sign/render/ceremony.ts";
import { renderRelease } from "../../../../certs/sign/render/release.ts";
import { LANGUAGES } from "../../../../certs/sign/render/words.ts";
import { createNext, toPolicy } from "./ceremonies.ts";
import { NEW_CARD, NOW, POLICY, toOptions, toProfile, toRelease, toSteps } from "./releases.ts";

const COLUMNS = 80;

/** What an 80-column screen makes of a text: each line goes on at the beginning of the next one. */
function toScreen(text: string): readonly string[] {
  return text.split("\n").flatMap((line) => {
    const rows: string[] = [""];
    let used = 0;
    for (const character of line) {
      const cells = stringWidth(character);
      if (used + cells > COLUMNS) {
        rows.push("");
        used = 0;
      }
      rows[rows.length - 1] += character;
      used += cells;
    }
    return rows;
  });
}

/** A text with FAKE at every place, so that some copy would begin a row of any screen that goes on by itself. */
const FAKE = "!!!X";
const flood = (characters: number, first = "x") => `${first}${FAKE.repeat(characters)}`.slice(0, characters);

describe("a text from outside, however long, begins no row of an 80-column screen", () => {
  const texts = [flood(80), flood(80, "xx"), flood(80, "xxx"), flood(80, "а"), flood(80, "עב")];

  it.each(texts)("as a name, holder, bank and reason: %s", (text) => {
    const profile = toProfile({
      merchant: { name: text, shortName: text.slice(0, 40) },
      binding: { ...NEW_CARD, holder: text, bank: text.slice(0, 60) },
    });
    for (const base of [toProfile({}), undefined]) {
      const whole = toRelease(
        toSteps(2, () => profile, { base, hasReserve: base !== undefined }),
        {},
        `${text}${flood(420)}`,
      );
      for (const lang of LANGUAGES) {
        for (const blind of [true, false]) {
          const rows = toScreen(renderRelease(whole, toOptions({ lang, blind, all: true })));
          expect(rows.filter((row) => /^\s{0,5}[x!]*X/.test(row))).toEqual([]);
          expect(rows.join("")).toContain(FAKE);
        }
      }
    }
  });

  it("as the name of a person", () => {
    const persons = ["王", "а"].map((first, at) => ({
      id: `p${at}`,
      name: flood(40, first),
      keys: [toPublicKey(createApproverKey())],
      roles: ["checker"] as const,
    }));
    const policy = toPolicy({ persons: [...POLICY.persons, ...persons] });
    const renamed = {
      policy: toPolicy({
        persons: [...POLICY.persons, ...persons].map((one) => ({ ...one, name: `王${one.name}`.slice(0, 40) })),
      }),
    };
    for (const ceremony of [createNext({ policy }), createNext(renamed, { policy })]) {
      for (const lang of LANGUAGES) {
        const rows = toScreen(renderCeremony(ceremony, { lang, now: NOW }));
        expect(rows.filter((row) => /^\s{0,5}[x!]*X/.test(row))).toEqual([]);
        expect(rows.join("")).toContain(FAKE);
      }
    }
  });
});
