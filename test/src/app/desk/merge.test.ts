import { describe, expect, it } from "vitest";
import { createApproverKey, toPublicKey } from "../../../../certs/keys.ts";
import { signRelease } from "../../../../certs/release.ts";
import type { Policy } from "../../../../certs/trust/policy.ts";
import type { ReleaseFile } from "../../../../proto/delivery.ts";
import { mergeRelease } from "../../../../src/app/desk/merge.ts";
import { buildUnsigned, withRecipients, withSealed } from "../../../support/desk.ts";
import { enrolFleet, openTestFleet } from "../../../support/fleet-store.ts";
import { errorOf } from "../../../support/refusal.ts";

async function prepare() {
  const fleet = await openTestFleet();
  await enrolFleet(fleet, 3);
  const file = withRecipients(await buildUnsigned(fleet), [0, 2]);
  return { file, ...fleet.approvers };
}

const ids = (merged: ReturnType<typeof mergeRelease>) => merged.signers.map(({ id }) => id);

describe("two copies of a release", () => {
  it("come together with the signatures of both, in either order", async () => {
    const { file, maker, checker, policy } = await prepare();
    const [one, two] = [signRelease(file, maker), signRelease(file, checker)];
    const merged = mergeRelease(one, two, policy);
    expect(merged.file.signatures).toEqual([...one.signatures, ...two.signatures]);
    expect(ids(merged)).toEqual(["wang.jun"]);
    expect(ids(mergeRelease(two, one, policy))).toEqual(["li.mei"]);
  });

  it("stay as they are where the other brings nothing new", async () => {
    const { file, maker, policy } = await prepare();
    const signed = signRelease(file, maker);
    for (const other of [signed, file]) {
      expect(mergeRelease(signed, other, policy)).toEqual({ file: signed, signers: [], sealed: 0 });
    }
  });

  it("come together with the sealed numbers of both, and the first for a terminal stays", async () => {
    const { file, policy } = await prepare();
    const [one, two] = [withSealed(file, [2]), withSealed(file, [0, 2])];
    const merged = mergeRelease(one, two, policy);
    expect(merged.file.sealed).toEqual([two.sealed[0], one.sealed[0]]);
    expect(merged.sealed).toBe(1);
    expect(mergeRelease(merged.file, two, policy).sealed).toBe(0);
  });

  it("are none where a byte of what people sign, read or seal to differs", async () => {
    const { file, policy } = await prepare();
    const changed = (bytes: readonly Uint8Array[]) => bytes.with(1, Buffer.from("other"));
    const recipient = file.recipients[0];
    if (recipient === undefined) throw new Error("no recipient");
    const others: readonly Partial<ReleaseFile>[] = [
      { statement: Buffer.concat([file.statement, Buffer.alloc(1)]) },
      { reason: "another reason" },
      { directives: changed(file.directives) },
      { directives: file.directives.slice(1) },
      { bases: changed(file.bases) },
      { recipients: [] },
      ...(["deviceKey", "cardKey", "proof"] as const).map((part) => ({
        recipients: file.recipients.with(0, { ...recipient, [part]: Buffer.from("other") }),
      })),
      { recipients: file.recipients.with(0, { ...recipient, index: 1 }) },
    ];
    for (const other of others) {
      expect(errorOf(() => mergeRelease(file, { ...file, ...other }, policy)).code).toBe("RELEASE_INVALID");
    }
  });

  it("bring no signature that does not verify, and none of a stranger", async () => {
    const { file, maker, policy } = await prepare();
    const [signature] = signRelease(file, maker).signatures;
    if (signature === undefined) throw new Error("no signature");
    const flipped = Uint8Array.from(signature.value);
    flipped[0] = Number(flipped[0]) ^ 1;
    const strangers = signRelease(file, createApproverKey()).signatures;
    for (const signatures of [[{ ...signature, value: flipped }], strangers, [signature, ...strangers]]) {
      expect(errorOf(() => mergeRelease(file, { ...file, signatures }, policy)).code).toBe("SIGNATURE_INVALID");
    }
  });

  it("bring one signature of a person who has two keys", async () => {
    const { file, maker, policy } = await prepare();
    const second = createApproverKey();
    const [first, ...others] = policy.persons;
    if (first === undefined) throw new Error("no person");
    const persons = [{ ...first, keys: [...first.keys, toPublicKey(second)] }, ...others];
    const twice = signRelease(signRelease(file, maker), second);
    expect(mergeRelease(file, twice, { ...policy, persons }).file.signatures).toHaveLength(1);
    expect(mergeRelease(signRelease(file, maker), twice, { ...policy, persons }).signers).toEqual([]);
  });

  it("bring no sealed number for a terminal that is no recipient", async () => {
    const { file, policy } = await prepare();
    expect(errorOf(() => mergeRelease(file, withSealed(file, [1]), policy)).code).toBe("RELEASE_INVALID");
  });

  it("hold no more signatures than a release may have", async () => {
    const { file, policy } = await prepare();
    const keys = Array.from({ length: 17 }, () => createApproverKey());
    const persons = keys.map((key, n) => ({ id: `p${n}`, name: "P", keys: [toPublicKey(key)], roles: ["maker"] }));
    const many = { ...policy, persons } as unknown as Policy;
    const sign = (some: typeof keys) => some.reduce((signed, key) => signRelease(signed, key), file);
    expect(mergeRelease(sign(keys.slice(0, 8)), sign(keys.slice(8, 16)), many).signers).toHaveLength(8);
    expect(errorOf(() => mergeRelease(sign(keys.slice(0, 16)), sign(keys.slice(16)), many)).code).toBe(
      "RELEASE_INVALID",
    );
  });
});
