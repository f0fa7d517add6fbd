import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createApproverKey, toPublicKey } from "../../certs/keys.ts";
import { CLOCK_SLACK_S, signRelease, verifyRelease, verifyReleaseFile } from "../../certs/release.ts";
import { ALLOWED, DEFAULT_CAPS, type Policy } from "../../certs/trust/policy.ts";
import { toDeviceKey } from "../../certs/x509/identity.ts";
import { toDigest, toHex, toUtf8 } from "../../proto/bytes.ts";
import type { ReleaseFile } from "../../proto/delivery.ts";
import { type Directive, toDirectiveBytes } from "../../proto/directive.ts";
import { type Profile, toProfileBytes } from "../../proto/profile.ts";
import { type Statement, toStatementBytes } from "../../proto/statement.ts";
import { toLeafHash, toTree } from "../../proto/tree.ts";
import { parseTusn } from "../../proto/tusn.ts";
import { directive, profile, statement, tusn } from "../support/messages.ts";

const maker = createApproverKey();
const checker = createApproverKey();
const deviceKey = toDeviceKey(generateKeyPairSync("rsa", { modulusLength: 2_048 }).publicKey);
const base = toProfileBytes(profile);
const other = parseTusn("00000304N7NL00072365");
const third = parseTusn("00005702280117638929");
const TUSNS = [tusn, other];
const evil = { ...profile, number: 2, binding: { ...profile.binding, bin: "622202", last4: "6666" } };

const REASON = "test";
const renamed = { ...profile, number: 2, merchant: { ...profile.merchant, name: "茉莉" } };

interface LeafRequest {
  readonly next: Profile;
  readonly base?: Profile;
  readonly change?: Partial<Directive>;
}

function toFile(leaves: readonly LeafRequest[], change: Partial<Statement> = {}): ReleaseFile {
  const bases = leaves.map(({ base: held = profile }) => toProfileBytes(held));
  const directives = leaves.map((leaf, index) =>
    toDirectiveBytes({
      ...directive,
      deviceKey,
      tusn: TUSNS[index] ?? tusn,
      baseDigest: toDigest(bases[index] ?? base),
      profile: toProfileBytes(leaf.next),
      ...leaf.change,
    }),
  );
  const tree = toTree(directives.map(toLeafHash));
  const reason = toDigest(toUtf8(REASON));
  return {
    statement: toStatementBytes({ ...statement, root: tree.root, size: tree.size, reason, ...change }),
    signatures: [],
    directives,
    bases,
    reason: REASON,
    recipients: [],
    sealed: [],
  };
}

/** A change for one terminal and the way back from it. */
function toChangeAndBack(back: Partial<Directive> = {}): readonly LeafRequest[] {
  const restores = { sequence: directive.sequence + 1, restores: toDigest(base), tusn, ...back };
  return [{ next: renamed }, { next: profile, base: renamed, change: restores }];
}

describe("a release that is signed", () => {
  it("carries one signature per key, however often it is signed", () => {
    const signed = [maker, checker, maker].reduce(signRelease, toFile([{ next: renamed }]));
    const ids = signed.signatures.map(({ keyId }) => toHex(keyId));
    expect(ids.toSorted()).toEqual([toPublicKey(maker).id, toPublicKey(checker).id].toSorted());
  });

  it("shows in its leaves what the statement is about", () => {
    const { leaves, statement: stated } = verifyReleaseFile(toFile([{ next: renamed }, { next: evil }]));
    expect(stated.size).toBe(2);
    expect(leaves.map((leaf) => [leaf.profile.merchant.name, leaf.profile.binding.last4])).toEqual([
      ["茉莉", "0018"],
      [profile.merchant.name, "6666"],
    ]);
    expect(leaves[0]?.base?.merchant).toEqual(profile.merchant);
  });
});

describe("nobody signs", () => {
  const refused = (code: string) => expect.objectContaining({ code });

  it("a statement that is about other directives than the file shows", () => {
    const harmless = toFile([{ next: renamed }]);
    const swapped = { ...harmless, statement: toFile([{ next: evil }]).statement };
    expect(() => signRelease(swapped, maker)).toThrow(refused("NOT_IN_RELEASE"));
    const padded = { ...toFile([{ next: renamed }]), statement: toFile([{ next: renamed }, { next: evil }]).statement };
    expect(() => signRelease(padded, maker)).toThrow(refused("NOT_IN_RELEASE"));
  });

  it("a difference from another profile than the one the directive replaces", () => {
    const file = toFile([{ next: evil }]);
    expect(() => signRelease({ ...file, bases: [toProfileBytes(evil)] }, maker)).toThrow(refused("RELEASE_INVALID"));
    expect(() => signRelease({ ...file, bases: [new Uint8Array(0)] }, maker)).toThrow(refused("RELEASE_INVALID"));
  });

  it("another reason than the statement is about", () => {
    const file = { ...toFile([{ next: renamed }]), reason: "because" };
    expect(() => signRelease(file, maker)).toThrow(refused("RELEASE_INVALID"));
  });

  it("a way back that is not the way back from its change", () => {
    for (const worse of [
      { restores: new Uint8Array(0) },
      { sequence: directive.sequence + 2 },
      { baseDigest: toDigest(base) },
      { restores: toDigest(toProfileBytes(evil)), profile: toProfileBytes(evil) },
    ]) {
      expect(() => verifyReleaseFile(toFile(toChangeAndBack(worse)))).toThrow(refused("RELEASE_INVALID"));
    }
    const [change, back] = toChangeAndBack() as [LeafRequest, LeafRequest];
    expect(() => verifyReleaseFile(toFile([change, back, back]))).toThrow(refused("RELEASE_INVALID"));
  });

  it("two directives for one terminal, or what carries a key's signature twice", () => {
    const twice = toFile([{ next: renamed }, { next: evil, change: { tusn } }]);
    expect(() => signRelease(twice, maker)).toThrow(refused("RELEASE_INVALID"));
    const signed = signRelease(toFile([{ next: renamed }]), maker);
    const doubled = { ...signed, signatures: [...signed.signatures, ...signed.signatures] };
    expect(() => verifyReleaseFile(doubled)).toThrow(refused("RELEASE_INVALID"));
  });
});

describe("a way back", () => {
  it("is approved together with its change, and told apart from it", () => {
    const { leaves } = verifyReleaseFile(toFile([...toChangeAndBack(), { next: renamed, change: { tusn: other } }]));
    expect(leaves.map(({ index, isReserve }) => [index, isReserve])).toEqual([
      [0, false],
      [1, true],
      [2, false],
    ]);
  });
});

describe("a release that terminals would refuse is refused before", () => {
  const policy: Policy = {
    version: 1,
    persons: [],
    thresholds: { binding: ["maker", "checker"], merchant: ["maker", "checker"], parameters: ["parameters"] },
    caps: { ...DEFAULT_CAPS, directivesPerBindingRelease: 1, directivesPerRelease: 2 },
    ...ALLOWED,
  };
  const now = statement.created;
  const plain = { purpose: "merchant", merchant: "" } as const;
  const judge = (file: ReleaseFile, change: Partial<Policy> = {}, at = now) =>
    verifyRelease(verifyReleaseFile(file), { ...policy, ...change }, at);
  const refused = (code: string) => expect.objectContaining({ code });

  it("not otherwise", () => {
    expect(() => judge(toFile([{ next: evil }]))).not.toThrow();
    expect(() => judge(toFile([{ next: renamed }, { next: renamed }], plain))).not.toThrow();
  });

  it("where all changes are frozen", () => {
    expect(() => judge(toFile([{ next: renamed }], plain), { types: [] })).toThrow(refused("TYPE_NOT_ALLOWED"));
  });

  it("where it holds more than the policy allows, fewer for bindings", () => {
    const two = [{ next: renamed }, { next: renamed }];
    const three = [...two, { next: renamed, change: { tusn: third } }];
    expect(() => judge(toFile(two))).toThrow(refused("CAP_EXCEEDED"));
    expect(() => judge(toFile(three, plain))).toThrow(refused("CAP_EXCEEDED"));
  });

  it("where its purpose is lesser than what it changes", () => {
    expect(() => judge(toFile([{ next: evil }], plain))).toThrow(refused("PURPOSE_TOO_NARROW"));
  });

  it("where it names another merchant, or moves a terminal to one", () => {
    const number = "822584053110002";
    expect(() => judge(toFile([{ next: evil }], { merchant: number }))).toThrow(refused("WRONG_MERCHANT"));
    const moved = { ...renamed, merchant: { ...renamed.merchant, number } };
    expect(() => judge(toFile([{ next: moved }], plain))).toThrow(refused("WRONG_MERCHANT"));
  });

  it("where it was made in the future or has expired", () => {
    const file = toFile([{ next: renamed }], plain);
    expect(() => judge(file, {}, now - CLOCK_SLACK_S)).not.toThrow();
    expect(() => judge(file, {}, now - CLOCK_SLACK_S - 1)).toThrow(refused("NOT_YET_VALID"));
    expect(() => judge(file, {}, statement.expires)).not.toThrow();
    expect(() => judge(file, {}, statement.expires + 1)).toThrow(refused("EXPIRED"));
    const short = toFile([{ next: renamed, change: { notAfter: statement.expires - 1 } }], plain);
    expect(() => judge(short, {}, statement.expires)).toThrow(refused("EXPIRED"));
  });
});
