import { TillsyncError } from "../../proto/errors.ts";
import type { ApproverKey } from "../keys.ts";
import type { RoleHolders } from "../trust/create.ts";
import { ALLOWED, type Caps, type Person, type Policy } from "../trust/policy.ts";
import { type Holders, isSameHolders } from "./holders.ts";

// What a ceremony may be about, each a change of the policy or of who holds the trust. Whether the result may be is for
// `createCeremony` to say.

/** A policy whose version is yet to be given. */
export type PolicyContent = Omit<Policy, "version">;

/** @throws TillsyncError STATE_CONFLICT where the person is there already */
export function withPerson(policy: PolicyContent, person: Person): PolicyContent {
  if (policy.persons.some(({ id }) => id === person.id))
    throw new TillsyncError("STATE_CONFLICT", { person: person.id });
  return { ...policy, persons: [...policy.persons, person] };
}

/** @throws TillsyncError NOT_FOUND */
export function withoutPerson(policy: PolicyContent, id: string): PolicyContent {
  findPerson(policy, id);
  return { ...policy, persons: policy.persons.filter((person) => person.id !== id) };
}

/** The person with this key instead of all that were theirs. @throws TillsyncError NOT_FOUND */
export function withKeyOf(policy: PolicyContent, id: string, key: ApproverKey): PolicyContent {
  findPerson(policy, id);
  const persons = policy.persons.map((person) => (person.id === id ? { ...person, keys: [key] } : person));
  return { ...policy, persons };
}

export function withThresholds(policy: PolicyContent, thresholds: Partial<Policy["thresholds"]>): PolicyContent {
  return { ...policy, thresholds: { ...policy.thresholds, ...thresholds } };
}

export function withCaps(policy: PolicyContent, caps: Partial<Caps>): PolicyContent {
  return { ...policy, caps: { ...policy.caps, ...caps } };
}

/** Nothing counts as an approval: no terminal changes anything until there is another policy. */
export function toFrozen(policy: PolicyContent): PolicyContent {
  return { ...policy, types: [] };
}

export function toUnfrozen(policy: PolicyContent): PolicyContent {
  return { ...policy, types: ALLOWED.types };
}

/** A change of who holds root, targets and online key; what is absent stays. */
export interface HolderChange {
  readonly addRoot?: readonly ApproverKey[];
  /** Ids of keys. */
  readonly removeRoot?: readonly string[];
  readonly rootThreshold?: number;
  /** Takes the place of all keys of the targets. */
  readonly targets?: readonly ApproverKey[];
  readonly targetsThreshold?: number;
  readonly online?: ApproverKey;
}

/**
 * Who holds what afterwards. Where the same people hold root and targets, they go on doing so unless the targets get
 * keys of their own: a key that is taken from the root must not stay behind where it says who may approve.
 *
 * @throws TillsyncError NOT_FOUND where a key to be removed is not there, STATE_CONFLICT where one to be added is
 */
export function withHolders(holders: Holders, change: HolderChange): Holders {
  const root = toChangedRoot(holders.root, change);
  const isShared = isSameHolders(holders.root, holders.targets);
  const before = isShared && change.targets === undefined ? root : holders.targets;
  return {
    root,
    targets: {
      keys: change.targets ?? before.keys,
      threshold: change.targetsThreshold ?? before.threshold,
    },
    online: change.online ?? holders.online,
  };
}

function toChangedRoot(root: RoleHolders, { addRoot = [], removeRoot = [], rootThreshold }: HolderChange): RoleHolders {
  const kept = root.keys.filter(({ id }) => !removeRoot.includes(id));
  const unknown = removeRoot.find((id) => !root.keys.some((key) => key.id === id));
  if (unknown !== undefined) throw new TillsyncError("NOT_FOUND", { key: unknown });
  const known = addRoot.find(({ id }) => kept.some((key) => key.id === id));
  if (known !== undefined) throw new TillsyncError("STATE_CONFLICT", { key: known.id });
  return { keys: [...kept, ...addRoot], threshold: rootThreshold ?? root.threshold };
}

function findPerson(policy: PolicyContent, id: string): Person {
  const person = policy.persons.find((candidate) => candidate.id === id);
  if (person === undefined) throw new TillsyncError("NOT_FOUND", { person: id });
  return person;
}
