import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { signRelease } from "../../../certs/release.ts";
import { toFingerprint } from "../../../certs/sign/render/fingerprint.ts";
import { verifyApproval } from "../../../certs/signatures.ts";
import { toHex } from "../../../proto/bytes.ts";
import { toLeafHash, toTree } from "../../../proto/tree.ts";
import { parseTusn } from "../../../proto/tusn.ts";
import { SAMPLE_PROFILE, toNextProfile } from "../../support/release.ts";
import {
  createCompany,
  expectRefused,
  PASSPHRASE,
  pinTrust,
  type RunOptions,
  runSign,
  type SigningPerson,
} from "../../support/sign.ts";
import {
  createReceivers,
  NEW_CARD,
  type ReleaseSample,
  toHandedFile,
  toNewCard,
  toSampleFile,
} from "../../support/sign-sample.ts";

const NOW = Math.floor(Date.now() / 1_000);
const DAY_S = 86_400;
const LAST4 = NEW_CARD.slice(-4);

const company = createCompany(NOW);
const { maker, checker, secondMaker, auditor, stranger, policy } = company;
const terminals = createReceivers();
const card = toNewCard();
const CHANGE: ReleaseSample = { terminals, profile: card.profile, purpose: "binding", now: NOW };
const RENAMED = toNextProfile(SAMPLE_PROFILE, { merchant: { shortName: "小张" } });

const handed = toHandedFile(join(company.folder, "change.release"));
const { path, read, put } = handed;

beforeAll(() => pinTrust(company, maker, checker, secondMaker, auditor, stranger));
afterAll(() => company.remove());
beforeEach(() => put(toSampleFile(CHANGE)));

function sign(person: SigningPerson, argv: readonly string[], options: RunOptions = {}) {
  return runSign(["sign", path, ...person.as, ...argv], { now: NOW, ...options });
}

function refuse(
  code: string,
  person: SigningPerson,
  argv: readonly string[] = ["--yes", "--last4", LAST4],
  options: RunOptions = {},
): Promise<string> {
  return expectRefused(code, handed, () => sign(person, argv, options));
}

describe("two people, each with a program, a key and a root of their own", () => {
  it("approve a change of settlement", async () => {
    expect((await sign(maker, ["--yes"])).code).toBe(0);
    expect((await runSign(["verify", path, "--home", maker.home], { now: NOW })).code).toBe(1);
    expect((await sign(checker, ["--yes", "--last4", LAST4])).code).toBe(0);
    const { statement, signatures } = read();
    expect(verifyApproval(policy, "binding", statement, signatures).map(({ id }) => id)).toEqual([
      "li.mei",
      "wang.jun",
    ]);
    const verified = await runSign(["verify", path, "--home", checker.home, "--json"], { now: NOW });
    expect([verified.code, JSON.parse(verified.stdout)]).toMatchObject([
      0,
      { isApproved: true, signedBy: ["li.mei", "wang.jun"], missing: [] },
    ]);
  });

  it("leave everything but the signatures as it was", async () => {
    const before = read();
    await sign(maker, ["--yes"]);
    expect({ ...read(), signatures: [] }).toEqual(before);
  });

  it("may write the signed file beside the one they were given", async () => {
    const [before, out] = [readFileSync(path), join(company.folder, "signed.release")];
    expect((await sign(maker, ["--yes", "--out", out])).code).toBe(0);
    expect(readFileSync(path)).toEqual(before);
    expect(toHandedFile(out).read().signatures).toHaveLength(1);
  });

  it("may sign at the same time: neither loses his signature", async () => {
    const [word = ""] = toFingerprint(read().statement).split(" ");
    const meanwhile = () => put(signRelease(read(), checker.key));
    expect((await sign(maker, [], { answers: [word], asked: meanwhile })).code).toBe(0);
    const { statement, signatures } = read();
    expect(verifyApproval(policy, "binding", statement, signatures)).toHaveLength(2);
  });
});

describe("before a signature exists, the program refuses", () => {
  it("a key that the policy does not name", async () => {
    await refuse("SIGNER_NOT_ALLOWED", stranger);
  });

  it("a person without any of the roles that the purpose demands", async () => {
    await refuse("SIGNER_NOT_ALLOWED", auditor);
    put(
      toSampleFile({
        ...CHANGE,
        profile: toNextProfile(SAMPLE_PROFILE, { parameters: { attempts: 3 } }),
        purpose: "parameters",
      }),
    );
    await refuse("SIGNER_NOT_ALLOWED", checker);
  });

  it("a person who has signed already", async () => {
    put(signRelease(read(), maker.key));
    await refuse("SIGNER_NOT_ALLOWED", maker);
  });

  it("a second maker where a checker is wanting", async () => {
    put(signRelease(read(), maker.key));
    await refuse("SIGNER_NOT_ALLOWED", secondMaker);
  });

  it("a directive that is not the one under the statement", async () => {
    const other = toSampleFile({ ...CHANGE, profile: toNewCard("6222021234567890128").profile });
    put({ ...read(), directives: other.directives });
    await refuse("NOT_IN_RELEASE", maker);
  });

  it("a base that is not the one that the directive names", async () => {
    const { bases, ...file } = read();
    put({ ...file, bases: [bases[0] as Uint8Array, new Uint8Array(0)] });
    await refuse("RELEASE_INVALID", maker);
  });

  it("a reason that is not the one under the statement", async () => {
    put({ ...read(), reason: "another reason" });
    await refuse("RELEASE_INVALID", maker);
  });

  it("a purpose that hides what changes", async () => {
    put(toSampleFile({ ...CHANGE, purpose: "parameters", statement: { merchant: "" } }));
    await refuse("PURPOSE_TOO_NARROW", maker);
  });

  it("another merchant than the statement tells", async () => {
    put(toSampleFile({ ...CHANGE, statement: { merchant: "822290058120002" } }));
    await refuse("WRONG_MERCHANT", maker);
  });

  it("what has expired, and what was made in the future", async () => {
    await refuse("EXPIRED", maker, ["--yes", "--accept-stale"], { now: NOW + 2 * DAY_S });
    put(toSampleFile({ ...CHANGE, now: NOW + DAY_S }));
    await refuse("NOT_YET_VALID", maker);
  });

  it("more than the policy's caps allow, by its own policy and not by the file", async () => {
    const strict = createCompany(NOW, { caps: { ...policy.caps, directivesPerBindingRelease: 1 } });
    await pinTrust(strict, strict.maker);
    await refuse("CAP_EXCEEDED", strict.maker);
    strict.remove();
  });

  it("every approval where the policy suspends them", async () => {
    const suspended = createCompany(NOW, { types: [] });
    await pinTrust(suspended, suspended.maker);
    await refuse("TYPE_NOT_ALLOWED", suspended.maker);
    suspended.remove();
  });

  it("to write in the place of another file, such as a key", async () => {
    const before = readFileSync(maker.keyFile);
    await refuse("CONFIG_INVALID", maker, ["--yes", "--out", maker.keyFile]);
    expect(readFileSync(maker.keyFile)).toEqual(before);
  });

  it("to sign without a pinned root, or without a policy under it", async () => {
    const fresh = createCompany(NOW);
    await refuse("NOT_FOUND", fresh.maker);
    await runSign(["trust", "init", join(fresh.trustFolder, "root.json"), "--home", fresh.maker.home]);
    await refuse("NOT_FOUND", fresh.maker);
    fresh.remove();
  });

  it("to sign with a key file that others may read", async () => {
    chmodSync(maker.keyFile, 0o640);
    await refuse("KEY_INVALID", maker);
    chmodSync(maker.keyFile, 0o600);
  });

  it("a file that is too large to be a release, or none", async () => {
    writeFileSync(path, "not a release");
    await refuse("BYTES_NOT_CANONICAL", maker);
    writeFileSync(path, Buffer.alloc(67_108_865));
    await refuse("BYTES_TOO_LARGE", maker);
  });
});

describe("trust that is stale", () => {
  const STALE = NOW + DAY_S + 60;

  beforeEach(() => put(toSampleFile({ ...CHANGE, now: STALE })));

  it("is refused", async () => {
    await refuse("TRUST_STALE", maker, ["--yes"], { now: STALE });
    await refuse("TRUST_STALE", maker, ["--yes"], { now: NOW + DAY_S });
  });

  it("is taken where the person insists, and told loudly", async () => {
    const result = await sign(maker, ["--yes", "--accept-stale"], { now: STALE });
    expect(result.code).toBe(0);
    expect(result.stderr).toMatch(/WARNING.*stale/);
  });

  it("is refused in any case after 30 days", async () => {
    const late = NOW + 31 * DAY_S + 1;
    put(toSampleFile({ ...CHANGE, now: late }));
    await refuse("TRUST_STALE", maker, ["--yes", "--accept-stale"], { now: late });
    expect((await sign(maker, ["--yes", "--accept-stale"], { now: late - 2 })).code).toBe(0);
  });
});

describe("a checker", () => {
  it("is shown nowhere the digits that he has to type", async () => {
    const { stdout, stderr } = await sign(checker, ["--yes"], { answers: [LAST4] });
    expect(stdout + stderr).toContain("SETTLEMENT");
    expect(stdout + stderr).not.toContain(LAST4);
    expect(stdout + stderr).not.toContain(toHex(card.profile.binding.commitment));
  });

  it("has three tries, and the third may be right", async () => {
    expect((await sign(checker, ["--yes"], { answers: ["0000", "12", LAST4] })).code).toBe(0);
    put(toSampleFile(CHANGE));
    await refuse("CARD_DIGITS_WRONG", checker, ["--yes"], { answers: ["0000", "0001", "0002", LAST4] });
  });

  it("has one try where the digits come as an option", async () => {
    await refuse("CARD_DIGITS_WRONG", checker, ["--yes", "--last4", "0000"]);
    await refuse("CARD_DIGITS_WRONG", checker, ["--yes", "--last4", LAST4, "--last4", LAST4]);
  });

  it("may not type the digits of the old card", async () => {
    await refuse("CARD_DIGITS_WRONG", checker, ["--yes", "--last4", SAMPLE_PROFILE.binding.last4]);
  });

  it("types the digits of every new card, each once", async () => {
    const [a, b] = terminals;
    const other = toNewCard("6222021234567896666");
    const [first, second] = [
      toSampleFile({ ...CHANGE, terminals: [a] }),
      toSampleFile({ ...CHANGE, terminals: [b], profile: other.profile }),
    ];
    const directives = [...first.directives, ...second.directives];
    const { root, size } = toTree(directives.map(toLeafHash));
    const both = toSampleFile({ ...CHANGE, statement: { root, size } });
    put({ ...both, directives });
    await refuse("CARD_DIGITS_WRONG", checker, ["--yes", "--last4", LAST4, "--last4", LAST4]);
    expect((await sign(checker, ["--yes"], { answers: [LAST4, "6666"] })).code).toBe(0);
  });

  it("types them in the order in which they are shown: those of the fewest terminals first", async () => {
    const [a, b] = terminals;
    const third = { ...b, tusn: parseTusn(`${b.tusn.slice(0, -1)}Z`) };
    const other = toNewCard("6222021234567896666");
    const parts = [
      toSampleFile({ ...CHANGE, terminals: [a, b] }),
      toSampleFile({ ...CHANGE, terminals: [third], profile: other.profile }),
    ];
    const [directives, bases] = [parts.flatMap((part) => part.directives), parts.flatMap((part) => part.bases)];
    const { root, size } = toTree(directives.map(toLeafHash));
    put({ ...toSampleFile({ ...CHANGE, statement: { root, size } }), directives, bases });
    await refuse("CARD_DIGITS_WRONG", checker, ["--yes", "--last4", LAST4, "--last4", "6666"]);
    expect((await sign(checker, ["--yes", "--last4", "6666", "--last4", LAST4])).code).toBe(0);
  });

  it("types none where no settlement changes", async () => {
    put(toSampleFile({ ...CHANGE, profile: RENAMED, purpose: "merchant" }));
    expect((await sign(checker, ["--yes"])).code).toBe(0);
  });

  it("is refused where nobody is there to ask", async () => {
    await refuse("NOT_CONFIRMED", checker, ["--yes"]);
  });
});

describe("a maker", () => {
  it("sees the digits and types none", async () => {
    const result = await sign(maker, ["--yes"]);
    expect([result.code, result.stdout.includes(LAST4)]).toEqual([0, true]);
  });

  it("confirms with the beginning of the fingerprint on the screen", async () => {
    const [word = ""] = toFingerprint(read().statement).split(" ");
    const result = await sign(maker, [], { answers: [word] });
    expect([result.code, result.stdout.includes(word), result.stderr.includes(word)]).toEqual([0, true, false]);
  });

  it.each(["", "yes", "y", "00000"])("who types %j instead has signed nothing", async (answer) => {
    await refuse("NOT_CONFIRMED", maker, [], { answers: [answer] });
  });

  it("is refused where nobody is there to confirm", async () => {
    await refuse("NOT_CONFIRMED", maker, []);
  });

  it("may mistype the passphrase twice", async () => {
    const as = ["--key", maker.keyFile, "--home", maker.home, "--yes"];
    const argv = ["sign", path, ...as];
    const answers = ["wrong passphrase", "another wrong one", PASSPHRASE];
    expect((await runSign(argv, { now: NOW, answers })).code).toBe(0);
    put(toSampleFile(CHANGE));
    const result = await runSign(argv, {
      now: NOW,
      answers: ["wrong passphrase", "another wrong one", "a third one", PASSPHRASE],
    });
    expect([result.code, read().signatures]).toEqual([1, []]);
    expect(result.stderr).toContain("PASSPHRASE_WRONG");
    expect(result.stderr).not.toMatch(/wrong passphrase|a third one/);
  });
});

describe("what was shown is what is signed", () => {
  it("though the file is exchanged while the person reads", async () => {
    const shown = read();
    const swap = () => put(toSampleFile({ ...CHANGE, profile: toNewCard("6222021234567896666").profile }));
    const [word = ""] = toFingerprint(shown.statement).split(" ");
    const result = await sign(maker, [], { answers: [word], asked: swap });
    expect(result.code).toBe(0);
    const { signatures, ...signed } = read();
    expect({ ...signed, signatures: [] }).toEqual(shown);
    expect(signatures).toHaveLength(1);
  });
});

describe("a file whose name would steer the screen", () => {
  it("is told with what cannot be seen", async () => {
    const odd = toHandedFile(join(company.folder, "a\u001b[2Jb.release"));
    odd.put(toSampleFile(CHANGE));
    const { code, stdout } = await runSign(["sign", odd.path, ...maker.as, "--yes"], { now: NOW });
    expect([code, stdout.includes("\u001b"), stdout.includes("a<U+001B>[2Jb")]).toEqual([0, false, true]);
  });
});
