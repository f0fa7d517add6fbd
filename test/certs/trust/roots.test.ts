import type { KeyObject } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createApproverKey } from "../../../certs/keys.ts";
import { MAX_ROOTS, openRoot, verifyNextRoot, verifyRoots } from "../../../certs/trust/roots.ts";
import { OWN } from "../../../certs/trust/rules.ts";
import { createRoot, KEYS, resign, SIGNERS } from "../../support/trust.ts";

const { maker, checker, stranger, spare } = KEYS;
const ROOT_1 = createRoot(1, SIGNERS, SIGNERS.root);
const ROOT_2 = createRoot(2, SIGNERS, SIGNERS.root);
const ROOT_3 = createRoot(3, SIGNERS, SIGNERS.root);

function withCode(code: string) {
  return expect.objectContaining({ code });
}

describe("a walk along roots", () => {
  it("takes each next version, and tells which were new", () => {
    expect(verifyRoots(ROOT_1, [ROOT_2, ROOT_3])).toMatchObject({ root: ROOT_3, taken: [ROOT_2, ROOT_3] });
    expect(verifyRoots(ROOT_2, [ROOT_1, ROOT_2, ROOT_3])).toMatchObject({ root: ROOT_3, taken: [ROOT_3] });
    expect(verifyRoots(ROOT_3, [ROOT_1, ROOT_2])).toMatchObject({ root: ROOT_3, taken: [] });
    expect(verifyRoots(ROOT_1, [])).toMatchObject({ root: ROOT_1, metadata: { version: 1 } });
  });

  it("does not leap, step aside, or begin at what is no root", () => {
    const sibling = createRoot(1, { ...SIGNERS, timestamp: [spare] }, SIGNERS.root);
    expect(() => verifyRoots(ROOT_1, [ROOT_3])).toThrow(withCode("TRUST_INVALID"));
    expect(() => verifyRoots(ROOT_1, [ROOT_3, ROOT_2])).toThrow(withCode("TRUST_INVALID"));
    expect(() => verifyRoots(ROOT_1, [sibling])).toThrow(withCode("TRUST_INVALID"));
    expect(() => verifyRoots(createRoot(1, SIGNERS, [maker]), [])).toThrow(withCode("TRUST_UNSIGNED"));
    expect(() => verifyRoots(Buffer.from("{}"), [])).toThrow(withCode("TRUST_INVALID"));
  });

  it("is bounded", () => {
    expect(verifyRoots(ROOT_1, Array(MAX_ROOTS).fill(ROOT_1)).taken).toEqual([]);
    expect(() => verifyRoots(ROOT_1, Array(MAX_ROOTS + 1).fill(ROOT_1))).toThrow(withCode("TRUST_INVALID"));
  });

  it("tells the roles whose keys or threshold any of its steps changed", () => {
    const other = createRoot(2, { ...SIGNERS, timestamp: [spare] }, SIGNERS.root);
    expect([...verifyRoots(ROOT_1, [ROOT_2, ROOT_3]).changed]).toEqual([]);
    expect([...verifyRoots(ROOT_1, [other]).changed]).toEqual(["timestamp"]);
    // There and back again: what the keys in between signed must not count.
    expect([...verifyRoots(ROOT_1, [other, ROOT_3]).changed]).toEqual(["timestamp"]);
    const looser = createRoot(2, SIGNERS, SIGNERS.root, { targets: 1 });
    expect([...verifyRoots(ROOT_1, [looser]).changed]).toEqual(["targets"]);
    const turned = createRoot(2, { ...SIGNERS, snapshot: [checker, maker] }, SIGNERS.root);
    expect([...verifyRoots(ROOT_1, [turned]).changed]).toEqual([]);
  });

  it("tells the roles for which the former holders can sign no more", () => {
    const [one, two, three] = [createApproverKey(), createApproverKey(), createApproverKey()];
    const first = createRoot(1, { ...SIGNERS, targets: [one, two, three] }, SIGNERS.root, { targets: 2 });
    const replace = (targets: readonly KeyObject[], threshold: number) => {
      const next = createRoot(2, { ...SIGNERS, targets }, SIGNERS.root, { targets: threshold });
      return [...verifyRoots(first, [next]).replaced];
    };
    expect(replace([one, two, spare], 2)).toEqual([]);
    expect(replace([one, spare, maker], 2)).toEqual(["targets"]);
    expect(replace([one, two, three, spare], 4)).toEqual(["targets"]);
  });

  it.each(["root", "timestamp", "snapshot", "targets"] as const)(
    "refuses a root under which nobody could sign %s",
    (role) => {
      const root = createRoot(2, SIGNERS, [maker, checker], { [role]: 3 });
      expect(() => verifyRoots(ROOT_1, [root])).toThrow(withCode("TRUST_INVALID"));
    },
  );
});

describe("a rotation", () => {
  const [old, young] = [
    [maker, checker],
    [stranger, spare],
  ] as const;
  const before = openRoot(ROOT_1, OWN);
  const subsets = [0, 1, 2, 3].flatMap((of) => [0, 1, 2, 3].map((and) => [of, and] as const));

  it.each(subsets)(
    "signed by set %i of the old keys and set %i of the new ones holds where both are whole",
    (of, and) => {
      const pick = (keys: typeof old, mask: number) => keys.filter((_, at) => (mask >> at) & 1);
      const root = createRoot(2, { ...SIGNERS, root: young }, [...pick(old, of), ...pick(young, and)]);
      if (of === 3 && and === 3) expect(verifyNextRoot(before, root).metadata.version).toBe(2);
      else expect(() => verifyNextRoot(before, root)).toThrow(withCode("TRUST_UNSIGNED"));
    },
  );

  it("does not lower its threshold by the new one alone", () => {
    const root = createRoot(2, SIGNERS, [maker], { root: 1 });
    expect(() => verifyNextRoot(before, root)).toThrow(withCode("TRUST_UNSIGNED"));
  });
});

describe("consistent snapshots", () => {
  it("are what the root says, and not there where it says nothing", () => {
    const change = (consistent_snapshot: unknown) => resign(ROOT_1, SIGNERS.root, { consistent_snapshot });
    expect(openRoot(change(true), OWN).isConsistent).toBe(true);
    const { consistent_snapshot: _, ...rest } = JSON.parse(Buffer.from(ROOT_1).toString()).signed;
    expect(openRoot(resign(Buffer.from(JSON.stringify({ signed: rest })), SIGNERS.root, {}), OWN).isConsistent).toBe(
      false,
    );
    expect(() => openRoot(change("yes"), OWN)).toThrow(withCode("TRUST_INVALID"));
  });
});
