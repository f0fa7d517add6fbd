import { type KeyObject, sign as signBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { toPublicKey } from "../../certs/keys.ts";
import { signStatement, verifyApproval } from "../../certs/signatures.ts";
import { type Person, type Policy, parsePolicy, toPolicyBytes } from "../../certs/trust/policy.ts";
import { verifyRoots } from "../../certs/trust/roots.ts";
import { toUtf8 } from "../../proto/bytes.ts";
import { parseDelivery, type Signature, toDeliveryBytes } from "../../proto/delivery.ts";
import { DIFFERENCE_CLASSES } from "../../proto/difference.ts";
import { PAYLOAD_TYPES, toPreAuthEncoding } from "../../proto/dsse.ts";
import { toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import { createHolders, ROOT_THRESHOLD, toBundle, toPolicy, toRoles, toRoot } from "../support/red-team-metadata.ts";
import { createRandom, toKey } from "../support/red-team-random.ts";
import { deliver, NOW, openTrading, toCard } from "../support/red-team-trading.ts";
import { signRoot } from "../support/red-team-trust.ts";
import { createApprovers } from "../support/release.ts";

const random = createRandom(15);
const make = () => toKey(random.bytes(32));
const refusal = (code: string) => expect.objectContaining({ code });
const approvers = createApprovers(NOW);
const { maker, checker } = approvers;

/** Refused as too few, with nothing left of it but the report. */
async function expectTooFew(signatures: (statement: Uint8Array) => readonly Signature[]): Promise<void> {
  const { terminal, next, standing } = await openTrading(approvers);
  const order = parseDelivery(next(toCard("card 1234")));
  const before = standing();
  await deliver(terminal, toDeliveryBytes({ ...order, signatures: signatures(order.statement) }));
  expect(standing()).toEqual(before);
  expect([...terminal.codes]).toEqual([["STATEMENT_UNSIGNED", 1]]);
}

/** Whether these keys' signatures are enough for a card under the policy. */
function isApproved(policy: Policy, keys: readonly KeyObject[]): boolean {
  const statement = toUtf8("statement");
  try {
    verifyApproval(
      parsePolicy(toPolicyBytes(policy)),
      "binding",
      statement,
      keys.map((key) => signStatement(key, statement)),
    );
    return true;
  } catch {
    return false;
  }
}

describe("row 15: one operator who approves the own change", () => {
  it("is one person, however often one key signs", async () => {
    await expectTooFew((statement) => [signStatement(maker, statement)]);
    await expectTooFew((statement) => Array.from({ length: 16 }, () => signStatement(maker, statement)));
  });

  it("is one person under two names of one key", async () => {
    const other = Buffer.from(toPublicKey(checker).id, "hex");
    await expectTooFew((statement) => [
      signStatement(maker, statement),
      { ...signStatement(maker, statement), keyId: other },
    ]);
    await expectTooFew((statement) => [
      signStatement(maker, statement),
      { ...signStatement(maker, statement), keyId: random.bytes(32) },
    ]);
  });

  it("is one person with a colleague's signature over something else", async () => {
    await expectTooFew((statement) => [signStatement(maker, statement), signStatement(checker, toUtf8("another"))]);
    for (const type of [PAYLOAD_TYPES.request, PAYLOAD_TYPES.report, PAYLOAD_TYPES.cardKey, ""]) {
      await expectTooFew((statement) => {
        const value = signBytes(null, toPreAuthEncoding(type, statement), checker);
        return [signStatement(maker, statement), { keyId: Buffer.from(toPublicKey(checker).id, "hex"), value }];
      });
    }
  });

  it("is one person with two keys, in whatever roles", () => {
    const keys = [make(), make(), make(), make()];
    const [first, second, other] = keys as [KeyObject, KeyObject, KeyObject];
    const both: Person = {
      ...{ id: "li.mei", name: "李梅", keys: [first, second].map(toPublicKey) },
      roles: ["maker", "checker", "parameters"],
    };
    const colleague: Person = { id: "wang.jun", name: "王军", keys: [toPublicKey(other)], roles: ["checker"] };
    const policy = { ...toPolicy(1, make(), []), persons: [both, colleague] };
    expect(isApproved(policy, [first, second])).toBe(false);
    expect(isApproved(policy, [first, second, first])).toBe(false);
    expect(isApproved(policy, [first, other])).toBe(true);
    expect(isApproved(policy, [second, other])).toBe(true);
    expect(isApproved(policy, [other])).toBe(false);
    expect(isApproved(policy, [other, make()])).toBe(false);
  });

  it("is no two persons by a key that two of them have, or twice in the list", () => {
    const key = toPublicKey(make());
    const person: Person = { id: "li.mei", name: "李梅", keys: [key], roles: ["maker"] };
    const twice = [person, { ...person, id: "wang.jun", roles: ["checker"] as const }];
    expect(() => parsePolicy(toPolicyBytes({ ...approvers.policy, persons: twice }))).toThrow(refusal("TRUST_INVALID"));
    const again = [{ ...person, keys: [key, key] }];
    expect(() => parsePolicy(toPolicyBytes({ ...approvers.policy, persons: again }))).toThrow(refusal("TRUST_INVALID"));
    const named = [person, { ...person, keys: [toPublicKey(make())] }];
    expect(() => parsePolicy(toPolicyBytes({ ...approvers.policy, persons: named }))).toThrow(refusal("TRUST_INVALID"));
  });

  it("finds no policy that asks for less than two, whatever stands for a threshold", () => {
    const policy = JSON.parse(Buffer.from(toPolicyBytes(approvers.policy)).toString()) as { thresholds: object };
    const bad: readonly unknown[] = [
      ...[[], ["maker"], ["checker"], ["maker", "maker"], ["log"], 0, -1, 1e9, 2, "maker", null, {}],
      [["maker", "checker"]],
    ];
    for (const name of DIFFERENCE_CLASSES) {
      for (const threshold of bad) {
        const changed = { ...policy, thresholds: { ...policy.thresholds, [name]: threshold } };
        const code = expect.objectContaining({ code: expect.stringMatching(/^(TRUST_INVALID|POLICY_TOO_WEAK)$/) });
        expect(() => parsePolicy(toUtf8(JSON.stringify(changed))), JSON.stringify(threshold)).toThrow(code);
      }
      const { [name]: _, ...others } = policy.thresholds as Record<string, unknown>;
      const without = toUtf8(JSON.stringify({ ...policy, thresholds: others }));
      expect(() => parsePolicy(without)).toThrow(refusal("TRUST_INVALID"));
    }
  });

  it("finds no policy that only one person can meet taken for two", () => {
    const one: Person = {
      ...{ id: "li.mei", name: "李梅", keys: [make(), make()].map(toPublicKey) },
      roles: ["maker", "checker", "parameters", "log"],
    };
    const key = make();
    const policy = { ...approvers.policy, persons: [{ ...one, keys: [toPublicKey(key)] }] };
    expect(isApproved(policy, [key, key])).toBe(false);
  });

  it("finds no policy of theirs on a terminal that was not asked to take it by the holders of the root", async () => {
    const { terminal, standing } = await openTrading(approvers);
    const before = standing();
    const own = createHolders(random);
    const policy = toPolicy(9, maker, [make()]);
    const roots = [toRoot(own, 2, own.root, NOW)];
    const bundle = toBundle(own, { roots, policy, timestamp: 9, version: 9, now: NOW });
    await terminal.receive("trust", toTrustBundleBytes(bundle));
    await terminal.receive("trust", toTrustBundleBytes({ ...bundle, roots: approvers.trust.roots }));
    expect(standing()).toEqual(before);
    expect([...terminal.codes]).toEqual([["TRUST_UNSIGNED", 2]]);
  });
});

describe("row 15: thresholds of the root", () => {
  const holders = createHolders(random);

  it("are never nothing, less than nothing, or more than there are keys", () => {
    for (const threshold of [0, -1, 6, 1e9, 2 ** 53, "3", null, [3], true]) {
      const roles = { root: { keyids: [], threshold } };
      const change = { roles: { ...readRoles(holders), ...toThreshold(holders, threshold) } };
      const root = signRoot({ version: 1, expires: NOW, signers: holders.root, roles: toRoles(holders), change });
      expect(() => verifyRoots(root, []), JSON.stringify(roles)).toThrow(refusal("TRUST_INVALID"));
    }
  });

  it("count no key twice, under whatever ids", () => {
    const [key] = holders.root as [KeyObject];
    const { keys, roles } = readSigned(holders);
    const [id, entry] = Object.entries(keys)[0] as [string, object];
    const aliases = [id, ...["a", "b"].map((letter) => letter.repeat(64))];
    const doubled = { ...keys, ...Object.fromEntries(aliases.map((alias) => [alias, entry])) };
    const change = { keys: doubled, roles: { ...roles, root: { keyids: aliases, threshold: ROOT_THRESHOLD } } };
    const made = signRoot({ version: 1, expires: NOW, signers: [key], roles: toRoles(holders), change });
    const { signed, signatures } = JSON.parse(Buffer.from(made).toString()) as Signed;
    // The one signature under all the names that its key goes by.
    const repeated = aliases.map((keyid) => ({ ...signatures[0], keyid }));
    const aliased = toUtf8(JSON.stringify({ signed, signatures: repeated }));
    expect(() => verifyRoots(aliased, [])).toThrow(refusal("TRUST_INVALID"));

    const again = { roles: { ...roles, root: { keyids: [id, id, id], threshold: ROOT_THRESHOLD } } };
    const listed = signRoot({ version: 1, expires: NOW, signers: [key], roles: toRoles(holders), change: again });
    expect(() => verifyRoots(listed, [])).toThrow(refusal("TRUST_INVALID"));
    const once = signRoot({
      version: 1,
      expires: NOW,
      signers: Array.from({ length: 5 }, () => key),
      roles: toRoles(holders),
    });
    expect(() => verifyRoots(once, [])).toThrow(expect.objectContaining({ code: expect.stringMatching(/^TRUST_/) }));
    const enough = toRoot(holders, 1, holders.root.slice(0, ROOT_THRESHOLD), NOW);
    expect(verifyRoots(enough, []).metadata.version).toBe(1);
  });
});

interface Signed {
  readonly signed: object;
  readonly signatures: readonly object[];
}

function readSigned(holders: ReturnType<typeof createHolders>): {
  readonly keys: Record<string, object>;
  readonly roles: Record<string, { readonly keyids: readonly string[]; readonly threshold: number }>;
} {
  return JSON.parse(Buffer.from(toRoot(holders, 1, holders.root, NOW)).toString()).signed;
}

function readRoles(holders: ReturnType<typeof createHolders>) {
  return readSigned(holders).roles;
}

function toThreshold(holders: ReturnType<typeof createHolders>, threshold: unknown) {
  return { root: { keyids: readRoles(holders)["root"]?.keyids ?? [], threshold } };
}
