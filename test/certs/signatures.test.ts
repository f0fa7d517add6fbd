import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createApproverKey, toPublicKey } from "../../certs/keys.ts";
import { signMessage, signStatement, toSigners, verifyApproval, verifyMessage } from "../../certs/signatures.ts";
import { ALLOWED, DEFAULT_CAPS, type Person, type Policy, type Role } from "../../certs/trust/policy.ts";
import { toUtf8 } from "../../proto/bytes.ts";
import { PAYLOAD_TYPES } from "../../proto/dsse.ts";

const keys = Array.from({ length: 4 }, createApproverKey) as [KeyObject, KeyObject, KeyObject, KeyObject];
const [makerKey, checkerKey, spareKey, strangerKey] = keys;
const statement = toUtf8("statement");

function toPerson(id: string, roles: readonly Role[], ...own: readonly KeyObject[]): Person {
  return { id, name: id, keys: own.map(toPublicKey), roles };
}

const maker = toPerson("maker", ["maker", "parameters"], makerKey, spareKey);
const checker = toPerson("checker", ["checker"], checkerKey);
const policy: Policy = {
  version: 1,
  persons: [maker, checker],
  thresholds: { binding: ["maker", "checker"], merchant: ["maker", "checker"], parameters: ["parameters"] },
  caps: DEFAULT_CAPS,
  ...ALLOWED,
};

function approve(...signers: readonly KeyObject[]) {
  return signers.map((signer) => signStatement(signer, statement));
}

const unsigned = expect.objectContaining({ code: "STATEMENT_UNSIGNED" });

describe("an approval", () => {
  it("holds when each demanded role signed, in any order", () => {
    expect(verifyApproval(policy, "binding", statement, approve(checkerKey, makerKey))).toEqual([maker, checker]);
    expect(verifyApproval(policy, "parameters", statement, approve(spareKey))).toEqual([maker]);
  });

  it("lacks a person when one signed twice, with one key or with two", () => {
    expect(() => verifyApproval(policy, "binding", statement, approve(makerKey, makerKey))).toThrow(unsigned);
    expect(() => verifyApproval(policy, "binding", statement, approve(makerKey, spareKey))).toThrow(unsigned);
  });

  it("lacks a person when a second role is held by the same one", () => {
    const both = { ...policy, persons: [toPerson("both", ["maker", "checker"], makerKey, checkerKey)] };
    expect(() => verifyApproval(both, "binding", statement, approve(makerKey, checkerKey))).toThrow(unsigned);
  });

  it("finds the one way to give each role to another person", () => {
    const wide = toPerson("wide", ["maker", "checker"], makerKey);
    const narrow = toPerson("narrow", ["maker"], checkerKey);
    const approvers = verifyApproval(
      { ...policy, persons: [wide, narrow] },
      "binding",
      statement,
      approve(makerKey, checkerKey),
    );
    expect(approvers).toEqual([narrow, wide]);
  });

  it("does not hold without signatures, by strangers, or for a role nobody who signed has", () => {
    expect(() => verifyApproval(policy, "binding", statement, [])).toThrow(unsigned);
    expect(() => verifyApproval(policy, "binding", statement, approve(makerKey, strangerKey))).toThrow(unsigned);
    expect(() => verifyApproval(policy, "parameters", statement, approve(checkerKey))).toThrow(unsigned);
  });

  it("does not hold for other bytes, another person's key id, or any flipped bit of a signature", () => {
    const [first, second] = approve(makerKey, checkerKey) as [
      ReturnType<typeof signStatement>,
      ReturnType<typeof signStatement>,
    ];
    expect(() => verifyApproval(policy, "binding", toUtf8("other"), [first, second])).toThrow(unsigned);
    const swapped = [first, { ...first, keyId: second.keyId }];
    expect(() => verifyApproval(policy, "binding", statement, swapped)).toThrow(unsigned);
    for (let bit = 0; bit < 512; bit++) {
      const value = Uint8Array.from(second.value, (byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(() => verifyApproval(policy, "binding", statement, [first, { ...second, value }])).toThrow(unsigned);
    }
  });

  it("names those whose signature holds, each once", () => {
    expect(toSigners(policy, statement, approve(makerKey, spareKey, strangerKey))).toEqual([maker]);
  });
});

describe("a device's message", () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const signature = signMessage(privateKey, PAYLOAD_TYPES.report, statement);
  const refused = expect.objectContaining({ code: "SIGNATURE_INVALID" });

  it("verifies under its key, its type and its bytes only", () => {
    expect(() => verifyMessage(publicKey, PAYLOAD_TYPES.report, statement, signature)).not.toThrow();
    expect(() => verifyMessage(publicKey, PAYLOAD_TYPES.hello, statement, signature)).toThrow(refused);
    expect(() => verifyMessage(publicKey, PAYLOAD_TYPES.report, toUtf8("x"), signature)).toThrow(refused);
    expect(() => verifyMessage(publicKey, PAYLOAD_TYPES.report, statement, signature.subarray(1))).toThrow(refused);
  });

  it("is refused under a key of another kind", () => {
    const { key } = toPublicKey(makerKey);
    expect(() => verifyMessage(key, PAYLOAD_TYPES.report, statement, signature)).toThrow(refused);
  });

  it("has the same signature each time, so that a repeated report is the same bytes", () => {
    expect(signMessage(privateKey, PAYLOAD_TYPES.report, statement)).toEqual(signature);
  });
});
