import type { Mutant } from "./mutant.ts";

const VERIFY = ["test/certs/trust/verify.test.ts"];
const EDITED = ["test/src/app/dispatch/edited-database.test.ts"];
const SIGN = ["test/certs/sign/sign.test.ts"];

/** Breaks of what people's own program, the readers of trust and the service check. */
export const SIGNER_AND_SERVICE: readonly Mutant[] = [
  {
    name: "floor kept when the online keys changed",
    file: "certs/trust/verify.ts",
    find: "...(isRecovered ? NO_VERSIONS : held),",
    replace: "...(isRecovered && held.timestamp < 0 ? NO_VERSIONS : held),",
    tests: VERIFY,
  },
  {
    name: "policy's floor kept when all holders changed",
    file: "certs/trust/verify.ts",
    find: 'policy: replaced.has("targets") ? 0 : held.policy,',
    replace: "policy: replaced.size < 0 ? 0 : held.policy,",
    tests: VERIFY,
  },
  {
    name: "policy's floor lost when some holders changed",
    file: "certs/trust/verify.ts",
    find: 'policy: replaced.has("targets") ? 0 : held.policy,',
    replace: 'policy: replaced.size >= 0 && changed.has("targets") ? 0 : held.policy,',
    tests: VERIFY,
  },
  {
    name: "policy above what is built in",
    file: "certs/trust/policy.ts",
    find: 'if (cap > MOST[name]) throw new TillsyncError("POLICY_TOO_WEAK", { cap: name });',
    replace: "",
    tests: ["test/certs/trust/policy.test.ts"],
  },
  {
    name: "a member twice in JSON",
    file: "certs/trust/strict-json.ts",
    find: 'if (name === "__proto__" || Object.hasOwn(object, name))',
    replace: 'if (name === "__proto__")',
    tests: ["test/certs/trust/strict-json.test.ts"],
  },
  {
    name: "signed whatever the policy says",
    file: "certs/sign/sign-release.ts",
    find: "  verifyRelease(whole, policy, now);",
    replace: "  void [verifyRelease, now];",
    tests: SIGN,
  },
  {
    name: "signed by a second person in the same role",
    file: "certs/sign/part.ts",
    find: 'if (toMissingRoles(demanded, [...signedBy, person]).length === missing.length) throw refuse("role is filled already");',
    replace: "void missing;",
    tests: SIGN,
  },
  {
    name: "last digits given by a checker not compared",
    file: "certs/sign/confirm.ts",
    find: "settlements.every(({ last4 }, at) => given[at] === last4);",
    replace: "settlements.every((_, at) => given[at] !== undefined);",
    tests: SIGN,
  },
  {
    name: "last digits typed by a checker not compared",
    file: "certs/sign/confirm.ts",
    find: "if ((await prompt.ask(question, false)).trim() === last4) return;",
    replace: "if ((await prompt.ask(question, false)).trim().length === last4.length) return;",
    tests: SIGN,
  },
  {
    name: "checker shown the last digits",
    file: "certs/sign/sign-release.ts",
    find: "signing.show(whole, signedBy, isChecker);",
    replace: "signing.show(whole, signedBy, false);",
    tests: SIGN,
  },
  {
    name: "fingerprint not compared",
    file: "certs/sign/confirm.ts",
    find: 'if ((await prompt.ask(prompts.confirm, false)).trim() !== word) throw new TillsyncError("NOT_CONFIRMED");',
    replace: 'await prompt.ask(prompts.confirm, word === "");',
    tests: SIGN,
  },
  {
    name: "opening of another card",
    file: "certs/sign/seal-release.ts",
    find: "isEqual(toCommitment(number, salt), commitment) && number.startsWith(bin) && number.endsWith(last4);",
    replace: "toCommitment(number, salt).length === commitment.length && (bin + last4).length > 0;",
    tests: ["test/certs/sign/seal.test.ts"],
  },
  {
    name: "terminal not told whether the number is the one approved",
    file: "agent/sealed.ts",
    find: "await openCardNumber(context.privateKey, delivered, { tusn: context.tusn, binding });",
    replace: "",
    tests: ["test/agent/sealed.test.ts"],
  },
  {
    name: "published without approval",
    file: "src/app/release/parse-release.ts",
    find: "return verifyApproval(policy, release.statement.purpose, release.file.statement, release.file.signatures);",
    replace: "void [verifyApproval, release];\n  return policy.persons;",
    tests: ["test/src/app/release/publish.test.ts"],
  },
  {
    name: "a way back sent that nobody ordered",
    file: "src/app/dispatch/verified-delivery.ts",
    find: 'demand(directive.restores.length === 0 || isOrderOf(evidence.order, row), "STATE_CONFLICT");',
    replace: "void isOrderOf;",
    tests: EDITED,
  },
  {
    name: "sent although it is not in the release",
    file: "src/app/dispatch/verified-delivery.ts",
    find: 'demand(isIncluded(leafHash, row.leafIndex, statement.size, path, statement.root), "NOT_IN_RELEASE");',
    replace: "void [isIncluded, leafHash];",
    tests: EDITED,
  },
  {
    name: "sent although its time or purpose is wrong",
    file: "src/app/dispatch/verified-delivery.ts",
    find: "verifyLeaf(toLeaf(row, directive, evidence), statement, now);",
    replace: "void [verifyLeaf, toLeaf, now];",
    tests: ["test/attack/one-signature.test.ts"],
  },
  {
    name: "a card number for a name",
    file: "proto/identifiers/name.ts",
    find: 'checkRule(toRedacted(plain) === plain, "NAME_INVALID", "card_number");',
    replace: "void [toRedacted, plain];",
    tests: ["test/proto/identifiers/name.test.ts"],
  },
];
