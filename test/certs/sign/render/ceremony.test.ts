import { describe, expect, it } from "vitest";
import type { Ceremony } from "../../../../certs/ceremony/ceremony.ts";
import type { TrustChange } from "../../../../certs/ceremony/create.ts";
import { signCeremony } from "../../../../certs/ceremony/sign.ts";
import { createApproverKey, toPublicKey } from "../../../../certs/keys.ts";
import { renderCeremony, toCeremonyJson } from "../../../../certs/sign/render/ceremony.ts";
import { toFingerprint } from "../../../../certs/sign/render/fingerprint.ts";
import { LANGUAGES } from "../../../../certs/sign/render/words.ts";
import type { Person } from "../../../../certs/trust/policy.ts";
import { createFirst, createNext, FIRST, HOLDERS, toPolicy } from "./ceremonies.ts";
import { NOW, POLICY } from "./releases.ts";

const LATER = NOW + 60;
const OPTIONS = { lang: "en", now: LATER } as const;
const [MAKER, CHECKER] = POLICY.persons as readonly [Person, Person];
const newPerson = (change: Partial<Person> = {}): Person => ({
  id: "zhao.min",
  name: "赵敏",
  keys: [toPublicKey(createApproverKey())],
  roles: ["checker"],
  ...change,
});

const jsonOf = (ceremony: Ceremony) => toCeremonyJson(ceremony, { now: LATER });
const warningsOf = (change: TrustChange, first: Partial<TrustChange> = {}) =>
  jsonOf(createNext(change, first)).warnings.map(({ kind }) => kind);
const withPersons = (...persons: readonly Person[]): TrustChange => ({ policy: toPolicy({ persons }) });

describe("a new trust", () => {
  const text = renderCeremony(createFirst(), OPTIONS);

  it("is told as new, with everybody, every threshold and every key", () => {
    expect(text).toMatch(/^NEW TRUST/);
    expect(text).toContain("+ added li.mei");
    expect(text).toContain(toFingerprint(MAKER.keys[0]?.raw ?? new Uint8Array(0)));
    for (const { raw } of [...HOLDERS.root.keys, HOLDERS.online]) expect(text).toContain(toFingerprint(raw));
    expect(text).not.toContain("WARNING");
  });

  it("warns even then of one person who makes and checks", () => {
    const policy = toPolicy({ persons: [{ ...MAKER, roles: ["maker", "checker", "parameters"] }, CHECKER] });
    const { warnings } = jsonOf(createFirst({ policy }));
    expect(warnings.map(({ kind, subject }) => [kind, subject])).toEqual([
      ["both-roles", { person: "li.mei", name: "李梅" }],
    ]);
  });
});

describe("a change of persons", () => {
  it("tells who comes, who goes, what changes, and who stays", () => {
    const kept = newPerson({ id: "sun.li", name: "孙丽" });
    const first = { policy: toPolicy({ persons: [MAKER, CHECKER, kept] }) };
    const change = withPersons({ ...MAKER, roles: ["maker"] }, kept, newPerson({ roles: ["checker", "parameters"] }));
    const { persons } = jsonOf(createNext(change, first));
    expect(persons.map(({ id, kind }) => [id, kind])).toEqual([
      ["li.mei", "changed"],
      ["sun.li", "same"],
      ["zhao.min", "added"],
      ["wang.jun", "removed"],
    ]);
    const text = renderCeremony(createNext(change, first), OPTIONS);
    expect(text).toMatch(/\* roles +maker \+ parameters +maker$/m);
    expect(text).toMatch(/- REMOVED wang\.jun/);
    expect(text).toMatch(/1 person as before:\n +sun\.li 孙丽: checker/);
  });

  it("is loud where somebody new may approve, or another key signs for somebody", () => {
    expect(warningsOf(withPersons(MAKER, CHECKER, newPerson()))).toEqual(["approver-added"]);
    expect(warningsOf(withPersons(MAKER, CHECKER, newPerson({ roles: ["log"] })))).toEqual([]);
    const rekeyed = { ...CHECKER, keys: [toPublicKey(createApproverKey())] };
    expect(warningsOf(withPersons(MAKER, rekeyed))).toEqual(["key-added"]);
    const { persons } = jsonOf(createNext(withPersons(MAKER, rekeyed)));
    expect(persons[1]?.keys).toMatchObject({
      added: [{ person: "wang.jun" }],
      removed: [{ person: "wang.jun" }],
      kept: [],
    });
  });

  it("is loud where a person gets maker and checker both", () => {
    expect(warningsOf(withPersons({ ...MAKER, roles: ["maker", "checker", "parameters"] }, CHECKER))).toEqual([
      "both-roles",
      "approver-added",
    ]);
  });

  it("is loud where too few persons with keys are left to sign", () => {
    expect(warningsOf(withPersons(MAKER))).toEqual(["cannot-sign", "cannot-sign"]);
    expect(warningsOf(withPersons(MAKER, { ...CHECKER, keys: [] }))).toEqual(["cannot-sign", "cannot-sign"]);
  });

  it("is loud where two persons look the same, or a name is not what it looks like", () => {
    expect(warningsOf(withPersons(MAKER, CHECKER, newPerson({ id: "1i.mei" })))).toEqual([
      "approver-added",
      "name-alike",
    ]);
    expect(warningsOf(withPersons(MAKER, CHECKER, newPerson({ name: "李梅" })))).toEqual([
      "approver-added",
      "name-alike",
    ]);
    const odd = createNext(withPersons(MAKER, CHECKER, newPerson({ name: "Аnna" })));
    expect(jsonOf(odd).warnings.map(({ kind }) => kind)).toEqual(["approver-added", "name-odd"]);
    expect(renderCeremony(odd, OPTIONS)).toContain("А<U+0410>nna");
  });
});

describe("a change of what the policy allows", () => {
  it("is loud where caps rise, and quiet where they fall", () => {
    const caps = (cardChangesPerDay: number) => ({
      policy: toPolicy({ caps: { ...POLICY.caps, cardChangesPerDay } }),
    });
    expect(warningsOf(caps(5))).toEqual(["cap-raised"]);
    expect(warningsOf(caps(1), caps(5))).toEqual([]);
    expect(renderCeremony(createNext(caps(1), caps(5)), OPTIONS)).toMatch(/\* settlement changes .* 5 +1$/m);
  });

  it("is loud where fewer people sign for a class", () => {
    const thresholds = { ...POLICY.thresholds, binding: ["maker", "checker", "parameters"] } as const;
    const persons = [MAKER, CHECKER, newPerson({ roles: ["parameters"] })];
    const strict = { policy: toPolicy({ persons, thresholds }) };
    const lax = { policy: toPolicy({ persons }) };
    expect(warningsOf(lax, strict)).toEqual(["roles-fewer"]);
    expect(warningsOf(strict, lax)).toEqual([]);
    expect(renderCeremony(createNext(lax, strict), OPTIONS)).toMatch(
      /\* SETTLEMENT.* maker \+ checker \+ parameters +maker \+ checker$/m,
    );
  });

  it("is loud where nothing may change any more", () => {
    expect(warningsOf({ policy: toPolicy({ types: [] }) })).toEqual(["frozen"]);
  });

  it("is loud where changes that were stopped take effect again", () => {
    expect(warningsOf({ policy: toPolicy({}) }, { policy: toPolicy({ types: [] }) })).toEqual(["unfrozen"]);
  });

  it("has other digits to read out for another reason: nobody signs that", () => {
    const ceremony = createNext({ policy: toPolicy({ types: [] }) });
    const other = { ...ceremony, reason: "年度演练" };
    const [one, two] = [ceremony, other].map((file) => toCeremonyJson(file, OPTIONS).fingerprint);
    expect(one).not.toBe(two);
  });
});

describe("a change of the root", () => {
  const third = toPublicKey(createApproverKey());
  const wide = { ...HOLDERS, root: { keys: [...HOLDERS.root.keys, third], threshold: 3 } };

  it("tells keys and thresholds old beside new, and is loud where a key is added or fewer sign", () => {
    const { holders, versions, warnings } = jsonOf(createNext({ holders: wide }));
    expect(holders.root).toMatchObject({
      threshold: { before: 2, after: 3 },
      keys: { added: [{ id: third.id }], removed: [] },
    });
    expect(versions).toMatchObject({ root: { before: 1, after: 2 }, policy: { before: 1, after: 1 } });
    expect(warnings.map(({ kind, subject }) => [kind, subject])).toEqual([["holder-added", { role: "root" }]]);
    const lowered = { ...HOLDERS, root: { ...wide.root, threshold: 2 } };
    expect(warningsOf({ holders: lowered })).toEqual(["holder-added"]);
  });

  it("is loud where the key that signs timestamps is another", () => {
    const { warnings } = jsonOf(createNext({ holders: { ...HOLDERS, online: third } }));
    expect(warnings.map(({ kind, subject }) => [kind, subject])).toEqual([["holder-added", { role: "timestamp" }]]);
  });
});

describe("the signatures", () => {
  it("so far are told for each file, by those who hold the present root and the next", () => {
    const change = createNext({ policy: toPolicy({ types: [] }) });
    const signed = signCeremony(change, FIRST, LATER);
    const toRows = (one: Ceremony) =>
      jsonOf(one).signatures.map(({ file, have, threshold }) => [file, have, threshold]);
    expect(toRows(change)).toEqual([
      ["targets", 0, 2],
      ["snapshot", 0, 2],
    ]);
    expect(toRows(signed)).toEqual([
      ["targets", 1, 2],
      ["snapshot", 1, 2],
    ]);
    expect(renderCeremony(signed, OPTIONS)).toContain(`[x] ${toFingerprint(toPublicKey(FIRST).raw)}`);
  });

  it("change nothing of the digits that are read out; another change does", () => {
    const change = createNext({ policy: toPolicy({ types: [] }) });
    expect(jsonOf(signCeremony(change, FIRST, LATER)).fingerprint).toBe(jsonOf(change).fingerprint);
    expect(jsonOf(createNext(withPersons(MAKER))).fingerprint).not.toBe(jsonOf(change).fingerprint);
  });
});

describe("what cannot be installed", () => {
  it("is not shown at all", () => {
    const { next, ...rest } = createNext({ policy: toPolicy({ types: [] }) });
    const tampered = { ...rest, next: { ...next, policy: Buffer.from("{}") } };
    expect(() => renderCeremony(tampered, OPTIONS)).toThrow(expect.objectContaining({ code: "TRUST_INVALID" }));
  });
});

describe("the text", () => {
  it.each(LANGUAGES)("is whole in %s, without control characters", (lang) => {
    for (const one of [createFirst(), createNext(withPersons(newPerson({ roles: ["maker", "checker"] })))]) {
      const text = renderCeremony(one, { ...OPTIONS, lang });
      expect(text).not.toMatch(/undefined|NaN|\[object|[^\n\P{C}]/u);
    }
  });
});
