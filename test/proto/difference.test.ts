import { describe, expect, it } from "vitest";
import { isCovered, toDifferenceClass, toDifferences } from "../../proto/difference.ts";
import type { Profile } from "../../proto/profile.ts";

const profile: Profile = {
  number: 1,
  merchant: {
    number: "822584053110001",
    name: "茶庄",
    shortName: "茶",
    licenceNo: "",
    taxNo: "",
    uscc: "",
    mcc: "5411",
  },
  binding: {
    kind: "card",
    bank: "工商银行",
    cnaps: "102100099996",
    holder: "王丽",
    bin: "622848",
    last4: "0018",
    commitment: new Uint8Array(32),
  },
  acquiring: { acquirer: "48210000", terminalNo: "58D01115", host: "host", port: 1, tpdu: new Uint8Array(5) },
  parameters: {
    amountFen: 1,
    connectMs: 1,
    answerMs: 1,
    attempts: 1,
    retryBaseMs: 1,
    reversalBaseMs: 1,
    deadlineS: 1,
  },
};

describe("the class of a difference", () => {
  it("is binding where any field of the binding differs", () => {
    for (const [field, value] of Object.entries(profile.binding)) {
      const changed = value instanceof Uint8Array ? Uint8Array.of(1) : `${value}x`;
      const after = { ...profile, binding: { ...profile.binding, [field]: changed } };
      expect(toDifferenceClass(profile, after)).toBe("binding");
    }
  });

  it("is merchant where merchant data or the route to the acquirer differs", () => {
    const renamed = { ...profile, merchant: { ...profile.merchant, name: "茉莉茶庄" } };
    const rerouted = { ...profile, acquiring: { ...profile.acquiring, host: "elsewhere" } };
    expect(toDifferenceClass(profile, renamed)).toBe("merchant");
    expect(toDifferenceClass(profile, rerouted)).toBe("merchant");
  });

  it("is parameters where only limits of the test differ, or only the number of the profile", () => {
    const slower = { ...profile, parameters: { ...profile.parameters, attempts: 2 } };
    expect(toDifferenceClass(profile, slower)).toBe("parameters");
    expect(toDifferenceClass(profile, { ...profile, number: 2 })).toBe("parameters");
  });

  it("is binding for a first profile", () => {
    expect(toDifferenceClass(undefined, profile)).toBe("binding");
  });

  it("is covered by a release signed for it or for a graver one", () => {
    expect(isCovered("binding", "parameters")).toBe(true);
    expect(isCovered("merchant", "merchant")).toBe(true);
    expect(isCovered("merchant", "binding")).toBe(false);
    expect(isCovered("parameters", "merchant")).toBe(false);
  });
});

describe("the list of differences", () => {
  it("names each field with before and after, binding first, bytes in hexadecimal", () => {
    const after = {
      ...profile,
      merchant: { ...profile.merchant, name: "茉莉" },
      binding: { ...profile.binding, commitment: Uint8Array.of(255) },
    };
    expect(toDifferences(profile, after)).toEqual([
      { group: "binding", field: "commitment", before: "00".repeat(32), after: "ff" },
      { group: "merchant", field: "name", before: "茶庄", after: "茉莉" },
    ]);
  });

  it("holds every field of a first profile, with nothing before", () => {
    const differences = toDifferences(undefined, profile);
    expect(differences).toHaveLength(26);
    expect(differences.every((difference) => difference.before === "")).toBe(true);
  });
});
