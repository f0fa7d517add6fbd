import { TillsyncError } from "../../proto/errors.ts";
import type { ReleaseLeaf, WholeRelease } from "../release.ts";
import type { Person, Policy } from "../trust/policy.ts";
import { toMissingRoles } from "./render/missing-roles.ts";
import { toSettlementKey } from "./render/release/fields.ts";
import { partition } from "./render/release/groups.ts";
import { toTransitions } from "./render/release/settlements.ts";

/** A settlement that a release brings, and the directives that bring it. */
export interface NewSettlement {
  readonly holder: string;
  readonly bank: string;
  readonly last4: string;
  readonly leaves: readonly ReleaseLeaf[];
}

/**
 * The person of the policy whose key it is, where his signature would bring the release nearer to what the policy
 * demands.
 *
 * @param signedBy whose signature is there already
 * @throws TillsyncError SIGNER_NOT_ALLOWED
 */
export function findSigner(
  policy: Policy,
  keyId: string,
  purpose: WholeRelease["statement"]["purpose"],
  signedBy: readonly Person[],
): Person {
  const person = policy.persons.find(({ keys }) => keys.some(({ id }) => id === keyId));
  if (person === undefined)
    throw new TillsyncError("SIGNER_NOT_ALLOWED", { key: keyId, why: "nobody's in the policy" });
  const demanded = policy.thresholds[purpose];
  const refuse = (why: string) => new TillsyncError("SIGNER_NOT_ALLOWED", { person: person.id, purpose, why });
  if (!demanded.some((role) => person.roles.includes(role))) throw refuse("none of the roles demanded");
  if (signedBy.some(({ id }) => id === person.id)) throw refuse("has signed already");
  const missing = toMissingRoles(demanded, signedBy);
  if (toMissingRoles(demanded, [...signedBy, person]).length === missing.length) throw refuse("role is filled already");
  return person;
}

/** Whether a person answers for a release's settlements as a checker, and so has to know them from elsewhere. */
export function isCheckerOf(person: Person, policy: Policy, { statement }: WholeRelease): boolean {
  const demanded = policy.thresholds[statement.purpose];
  return statement.purpose === "binding" && demanded.includes("checker") && person.roles.includes("checker");
}

/** Every settlement that the release brings to a terminal that does not hold it, each once; numbered as they are shown. */
export function toNewSettlements(leaves: readonly ReleaseLeaf[]): readonly NewSettlement[] {
  const shown = toTransitions(leaves).flatMap(({ alike }) => alike);
  const settlements = partition(shown, ({ profile }) => toSettlementKey(profile.binding));
  return [...settlements.values()].flatMap((alike) => {
    const [first] = alike;
    if (first === undefined) return [];
    const { holder, bank, last4 } = first.profile.binding;
    return [{ holder, bank, last4, leaves: alike }];
  });
}
