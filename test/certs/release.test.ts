import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createApproverKey, toPublicKey } from "../../certs/keys.ts";
import { signRelease, verifyReleaseFile } from "../../certs/release.ts";
import { toDeviceKey } from "../../certs/x509/identity.ts";
import { toDigest, toHex } from "../../proto/bytes.ts";
import type { ReleaseFile } from "../../proto/delivery.ts";
import { toDirectiveBytes } from "../../proto/directive.ts";
import { toProfileBytes } from "../../proto/profile.ts";
import { toStatementBytes } from "../../proto/statement.ts";
import { toLeafHash, toTree } from "../../proto/tree.ts";
import { parseTusn } from "../../proto/tusn.ts";
import { directive, profile, statement } from "../support/messages.ts";

const maker = createApproverKey();
const checker = createApproverKey();
const deviceKey = toDeviceKey(generateKeyPairSync("rsa", { modulusLength: 2_048 }).publicKey);
const base = toProfileBytes(profile);
const evil = { ...profile, number: 2, binding: { ...profile.binding, bin: "622202", last4: "6666" } };

function toFile(
  profiles: readonly (typeof profile)[],
  tusns = ["00000304N7NL01933217", "00000304N7NL00072365"],
): ReleaseFile {
  const directives = profiles.map((next, index) =>
    toDirectiveBytes({
      ...directive,
      deviceKey,
      tusn: parseTusn(tusns[index] ?? ""),
      baseDigest: toDigest(base),
      profile: toProfileBytes(next),
    }),
  );
  const tree = toTree(directives.map(toLeafHash));
  return {
    statement: toStatementBytes({ ...statement, root: tree.root, size: tree.size }),
    signatures: [],
    directives,
    bases: profiles.map(() => base),
    reason: "test",
  };
}

const renamed = { ...profile, number: 2, merchant: { ...profile.merchant, name: "茉莉" } };

describe("a release that is signed", () => {
  it("carries one signature per key, however often it is signed", () => {
    const signed = [maker, checker, maker].reduce(signRelease, toFile([renamed]));
    const ids = signed.signatures.map(({ keyId }) => toHex(keyId));
    expect(ids.toSorted()).toEqual([toPublicKey(maker).id, toPublicKey(checker).id].toSorted());
  });

  it("shows in its leaves what the statement is about", () => {
    const { leaves, statement: stated } = verifyReleaseFile(toFile([renamed, evil]));
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
    const harmless = toFile([renamed]);
    const swapped = { ...harmless, statement: toFile([evil]).statement };
    expect(() => signRelease(swapped, maker)).toThrow(refused("NOT_IN_RELEASE"));
    const padded = { ...toFile([renamed]), statement: toFile([renamed, evil]).statement };
    expect(() => signRelease(padded, maker)).toThrow(refused("NOT_IN_RELEASE"));
  });

  it("a difference from another profile than the one the directive replaces", () => {
    const file = toFile([evil]);
    expect(() => signRelease({ ...file, bases: [toProfileBytes(evil)] }, maker)).toThrow(refused("RELEASE_INVALID"));
    expect(() => signRelease({ ...file, bases: [new Uint8Array(0)] }, maker)).toThrow(refused("RELEASE_INVALID"));
  });

  it("two directives for one terminal, or what carries a key's signature twice", () => {
    const twice = toFile([renamed, evil], ["00000304N7NL01933217", "00000304N7NL01933217"]);
    expect(() => signRelease(twice, maker)).toThrow(refused("RELEASE_INVALID"));
    const signed = signRelease(toFile([renamed]), maker);
    const doubled = { ...signed, signatures: [...signed.signatures, ...signed.signatures] };
    expect(() => verifyReleaseFile(doubled)).toThrow(refused("RELEASE_INVALID"));
  });
});
