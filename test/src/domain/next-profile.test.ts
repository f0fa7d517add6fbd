import { describe, expect, it } from "vitest";
import { toFirstProfile, toNextProfile } from "../../../src/domain/next-profile.ts";
import { SAMPLE_PROFILE } from "../../support/release.ts";

const { merchant, binding, acquiring, parameters } = SAMPLE_PROFILE;
const { acquirer, terminalNo, ...route } = acquiring;
const RECORDS = { merchant, binding, acquirer, terminalNo };
const DEFAULTS = { acquiring: route, parameters };

describe("toNextProfile", () => {
  it("counts up and changes what the patch names, nothing else", () => {
    const newBinding = { ...binding, last4: "1234" };
    expect(toNextProfile(SAMPLE_PROFILE, {})).toEqual({ ...SAMPLE_PROFILE, number: 2 });
    expect(toNextProfile(SAMPLE_PROFILE, { merchant: { name: "新" }, binding: newBinding })).toEqual({
      ...SAMPLE_PROFILE,
      number: 2,
      merchant: { ...merchant, name: "新" },
      binding: newBinding,
    });
    expect(toNextProfile(SAMPLE_PROFILE, { acquiring: { port: 7 }, parameters: { attempts: 9 } })).toEqual({
      ...SAMPLE_PROFILE,
      number: 2,
      acquiring: { ...acquiring, port: 7 },
      parameters: { ...parameters, attempts: 9 },
    });
  });

  it("never moves a terminal to another merchant", () => {
    const patch = { merchant: { number: "822290058120009", name: "新" } };
    expect(toNextProfile(SAMPLE_PROFILE, patch).merchant).toEqual({ ...merchant, name: "新" });
  });
});

describe("toFirstProfile", () => {
  it("is made of the records and the defaults", () => {
    expect(toFirstProfile(RECORDS, DEFAULTS, {})).toEqual(SAMPLE_PROFILE);
  });

  it("takes the patch over both", () => {
    const profile = toFirstProfile(RECORDS, DEFAULTS, { acquiring: { terminalNo: "WRONG001" } });
    expect(profile).toEqual({ ...SAMPLE_PROFILE, acquiring: { ...acquiring, terminalNo: "WRONG001" } });
  });
});
