import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { verifyReleaseFile } from "../../certs/release.ts";
import { toFingerprint } from "../../certs/sign/render/fingerprint.ts";
import { toSigners } from "../../certs/signatures.ts";
import { isEqual, toDigest, toHex, toUtf8 } from "../../proto/bytes.ts";
import type { ReleaseFile } from "../../proto/delivery.ts";
import { type Directive, parseDirective, toDirectiveBytes } from "../../proto/directive.ts";
import { type Profile, parseProfile, toProfileBytes } from "../../proto/profile.ts";
import { parseStatement, toStatementBytes } from "../../proto/statement.ts";
import { toLeafHash, toTree } from "../../proto/tree.ts";
import { SAMPLE_PROFILE } from "../support/release.ts";
import { createCompany, pinTrust, type RunOptions, runSign, type SigningPerson } from "../support/sign.ts";
import { createReceivers, NEW_CARD, toHandedFile, toNewCard, toSampleFile } from "../support/sign-sample.ts";

const NOW = Math.floor(Date.now() / 1_000);
const DAY_S = 86_400;
const LAST4 = NEW_CARD.slice(-4);

const company = createCompany(NOW);
const { maker, checker, policy } = company;
const terminals = createReceivers();
const handed = toHandedFile(join(company.folder, "change.release"));

/** Everything about a profile is another than before, each value once in the whole file. */
const CHANGED: Profile = {
  number: 2,
  merchant: {
    number: SAMPLE_PROFILE.merchant.number,
    name: "杭州市西湖区老王面馆",
    shortName: "老王面馆",
    licenceNo: "310115600985533",
    taxNo: "911100007109250324",
    uscc: "911100007109250324",
    mcc: "5411",
  },
  binding: {
    kind: "card",
    bank: "招商银行杭州分行",
    cnaps: "308584000013",
    holder: "王小明",
    bin: NEW_CARD.slice(0, 6),
    last4: LAST4,
    commitment: toDigest(toUtf8("another commitment")),
  },
  acquiring: {
    acquirer: "48290000",
    terminalNo: "77E07777",
    host: "acquirer.example",
    port: 7_443,
    tpdu: Buffer.from("6011223344", "hex"),
  },
  parameters: {
    amountFen: 97,
    connectMs: 1_911,
    answerMs: 1_922,
    attempts: 9,
    retryBaseMs: 1_933,
    reversalBaseMs: 1_944,
    deadlineS: 1_955,
  },
};

/** Others for what that has in common with the card that is signed here. */
const COMMON: Readonly<Record<string, string>> = {
  "merchant.number": "822290058120009",
  "binding.kind": "account",
  "binding.bin": "621700",
  "binding.last4": "9999",
};

beforeAll(() => pinTrust(company, maker, checker));
afterAll(() => company.remove());

function toFile(profile: Profile): ReleaseFile {
  return toSampleFile({ terminals, profile, purpose: "binding", now: NOW, needsNumber: true });
}

function sign(person: SigningPerson, argv: readonly string[], options: RunOptions = {}) {
  return runSign(["sign", handed.path, ...person.as, ...argv], { now: NOW, ...options });
}

/** Persons of the policy whose signature over a statement is in the file. */
function toIds({ statement, signatures }: ReleaseFile, of: Uint8Array = statement): readonly string[] {
  return toSigners(policy, of, signatures).map(({ id }) => id);
}

function toText(value: unknown): string {
  return value instanceof Uint8Array ? toHex(value) : String(value);
}

describe("row 14: a release that shows one thing and is another", () => {
  const { profile } = toNewCard();
  let original: ReleaseFile;

  beforeEach(() => {
    original = toFile(profile);
    handed.put(original);
  });

  /** Every single value of a directive, put to another, with its bytes written anew. */
  function toOtherDirectives(directive: Directive): readonly (readonly [string, Directive])[] {
    const changes: { readonly [K in keyof Directive]: Directive[K] } = {
      tusn: terminals[1].tusn,
      deviceKey: toDigest(toUtf8("another device")),
      sequence: 3,
      baseDigest: toDigest(toUtf8("another base")),
      profile: toProfileBytes(CHANGED),
      notBefore: directive.notBefore + 1,
      notAfter: directive.notAfter + 1,
      onFail: "suspend",
      salt: new Uint8Array(16),
      restores: toDigest(directive.profile),
    };
    return Object.entries(changes).map(([name, value]) => [name, { ...directive, [name]: value }] as const);
  }

  /** Every single value of every group of the profile that it brings. */
  function toOtherProfiles(directive: Directive): readonly (readonly [string, Directive])[] {
    const whole = parseProfile(directive.profile);
    const groups = ["merchant", "binding", "acquiring", "parameters"] as const;
    return groups.flatMap((group) =>
      Object.keys(whole[group]).map((field) => {
        const value = COMMON[`${group}.${field}`] ?? (CHANGED[group] as unknown as Record<string, unknown>)[field];
        const other = { ...whole, [group]: { ...whole[group], [field]: value } };
        return [`${group}.${field}`, { ...directive, profile: toProfileBytes(other) }] as const;
      }),
    );
  }

  it("gets no signature with any field of any directive other than the tree that is signed", async () => {
    const [first, second] = original.directives as [Uint8Array, Uint8Array];
    const directive = parseDirective(first);
    const others = [...toOtherDirectives(directive), ...toOtherProfiles(directive)];
    for (const [name, other] of others) {
      expect(isEqual(toDirectiveBytes(other), first), name).toBe(false);
      handed.put({ ...original, directives: [toDirectiveBytes(other), second] });
      const before = handed.digest();
      const { code, stderr } = await sign(maker, ["--yes"]);
      expect([code, stderr.match(/[A-Z_]{6,}/)?.[0]], name).toEqual([1, "NOT_IN_RELEASE"]);
      expect(handed.digest(), name).toBe(before);
    }
  });

  it("gets none with another order, number, base, reason, recipient or sealed number than fits", async () => {
    const [a, b] = original.directives as [Uint8Array, Uint8Array];
    const [base] = original.bases as [Uint8Array];
    const none = new Uint8Array(0);
    const forged: readonly (readonly [string, Partial<ReleaseFile>, string])[] = [
      ["order", { directives: [b, a] }, "NOT_IN_RELEASE"],
      ["one less", { directives: [a], bases: [base], recipients: [] }, "NOT_IN_RELEASE"],
      ["one twice", { directives: [a, b, b], bases: [base, base, base] }, "NOT_IN_RELEASE"],
      ["no base", { bases: [none, none] }, "RELEASE_INVALID"],
      ["another base", { bases: [toProfileBytes(CHANGED), base] }, "RELEASE_INVALID"],
      ["another reason", { reason: "the merchant asked for it" }, "RELEASE_INVALID"],
      ["no number sealed", {}, "SEAL_MISSING"],
    ];
    for (const [name, change, expected] of forged) {
      handed.put({ ...original, ...change });
      const before = handed.digest();
      const { code, stderr } = await sign(maker, ["--yes"]);
      expect([code, stderr.match(/[A-Z_]{6,}/)?.[0]], name).toEqual([1, expected]);
      expect(handed.digest(), name).toBe(before);
    }
  });

  it("gets a signature for what was shown, where the file is changed while the person thinks", async () => {
    const shown = toSampleFile({ terminals, profile, purpose: "binding", now: NOW });
    const swapped = toSampleFile({ terminals, profile: CHANGED, purpose: "binding", now: NOW });
    handed.put(shown);
    const [word = ""] = toFingerprint(shown.statement).split(" ");
    const asked = () => handed.put(swapped);
    const { code } = await sign(maker, [], { answers: [word], asked });
    expect(code).toBe(0);
    const signed = handed.read();
    expect(isEqual(signed.statement, shown.statement)).toBe(true);
    expect(toIds(signed)).toEqual(["li.mei"]);
    expect(toIds(signed, swapped.statement)).toEqual([]);
    expect(verifyReleaseFile(signed).leaves.map((leaf) => leaf.profile)).toEqual([profile, profile]);
  });

  it("gets none from a person who was told another fingerprint", async () => {
    const swapped = toSampleFile({ terminals, profile: CHANGED, purpose: "binding", now: NOW });
    const [word = ""] = toFingerprint(swapped.statement).split(" ");
    handed.put(toSampleFile({ terminals, profile, purpose: "binding", now: NOW }));
    const before = handed.digest();
    expect((await sign(maker, [], { answers: [word] })).code).toBe(1);
    expect(handed.digest()).toBe(before);
  });

  it("gets none from a checker whose merchant told him another card", async () => {
    handed.put(toSampleFile({ terminals, profile, purpose: "binding", now: NOW }));
    const before = handed.digest();
    for (const digits of ["0018", "0000", LAST4.split("").reverse().join("")]) {
      expect((await sign(checker, ["--yes", "--last4", digits])).code).toBe(1);
    }
    const typed = await sign(checker, [], { answers: ["0018", "0019", "0020"] });
    expect([typed.code, typed.stderr.includes("CARD_DIGITS_WRONG")]).toEqual([1, true]);
    expect(handed.digest()).toBe(before);
  });

  it("gets none for a statement that asks for less than what it changes, or holds back who pays whom", async () => {
    const { directives } = toSampleFile({ terminals, profile, purpose: "binding", now: NOW });
    const tree = toTree(directives.map(toLeafHash));
    for (const change of [
      { purpose: "parameters" as const, merchant: "" },
      { purpose: "merchant" as const, merchant: "" },
      { merchant: "822290058120002" },
      { expires: NOW - 1, created: NOW - DAY_S },
      { created: NOW + DAY_S, expires: NOW + 2 * DAY_S },
    ]) {
      const file = toSampleFile({ terminals, profile, purpose: "binding", now: NOW });
      const statement = { ...parseStatement(file.statement), root: tree.root, size: tree.size, ...change };
      handed.put({ ...file, directives, statement: toStatementBytes(statement) });
      const before = handed.digest();
      const { code, stderr } = await sign(maker, ["--yes"]);
      expect(code, JSON.stringify(change)).toBe(1);
      expect(stderr).toMatch(/^(PURPOSE_TOO_NARROW|WRONG_MERCHANT|EXPIRED|NOT_YET_VALID|FIELD_INVALID): /m);
      expect(handed.digest()).toBe(before);
    }
  });
});

describe("row 14: what a person is shown", () => {
  const file = toSampleFile({ terminals: [terminals[0]], profile: CHANGED, purpose: "binding", now: NOW });
  const directive = parseDirective(file.directives[0] as Uint8Array);
  const statement = parseStatement(file.statement);

  async function read(...argv: readonly string[]): Promise<string> {
    handed.put(file);
    const { code, stdout } = await runSign(["show", handed.path, "--home", maker.home, ...argv], { now: NOW });
    expect(code).toBe(0);
    return stdout;
  }

  it("is every field that differs, old beside new, in either language, and in JSON", async () => {
    for (const argv of [["--lang", "en"], ["--lang", "zh"], ["--json"]]) {
      const screen = await read("--reveal", ...argv);
      const missing: string[] = [];
      for (const group of ["merchant", "binding", "acquiring", "parameters"] as const) {
        for (const [field, value] of Object.entries(CHANGED[group])) {
          const before = (SAMPLE_PROFILE[group] as unknown as Record<string, unknown>)[field];
          if (toText(before) === toText(value)) continue;
          // A commitment tells a person nothing: its first digits do, as those of any digest.
          const [old, now] = [before, value].map((one) =>
            one instanceof Uint8Array ? toText(one).slice(0, 8) : toText(one),
          );
          const plain = screen.replaceAll(/(?<=\d)[, ](?=\d)/g, "").toLowerCase();
          for (const text of [old, now]) {
            if (!plain.includes(String(text).toLowerCase()))
              missing.push(`${argv.join(" ")} ${group}.${field} ${text}`);
          }
        }
      }
      expect(missing).toEqual([]);
      for (const fact of [directive.tusn, statement.merchant, toHex(statement.releaseId).slice(0, 8)]) {
        expect(screen, argv.join(" ")).toContain(fact);
      }
    }
  });

  it("tells a checker nothing of the new digits, in no form", async () => {
    const screen = await read();
    expect(screen).not.toContain(LAST4);
    const json = await read("--json");
    expect(json).not.toContain(LAST4);
    handed.put(file);
    const asked: string[] = [];
    const { code, stdout, stderr } = await sign(checker, [], {
      answers: [LAST4, toFingerprint(file.statement).split(" ")[0] ?? ""],
      asked: (question) => asked.push(question),
    });
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain(LAST4);
    expect(asked).toHaveLength(2);
    expect(toIds(handed.read())).toEqual(["wang.jun"]);
  });
});
