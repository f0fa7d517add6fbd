import { toHex } from "../../proto/bytes.ts";
import { isLine } from "../../proto/check.ts";
import { DIFFERENCE_CLASSES, type DifferenceClass } from "../../proto/difference.ts";
import { PAYLOAD_TYPES } from "../../proto/dsse.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { type ApproverKey, parseApproverKey } from "../keys.ts";
import { isRecord, parseJson, toInteger, toStrings, toVersion } from "./json.ts";

export const ROLES = ["maker", "checker", "parameters", "log"] as const;
export type Role = (typeof ROLES)[number];

export const MAX_PERSONS = 100;
export const MAX_KEYS_PER_PERSON = 4;
export const MAX_DEMANDED_ROLES = 6;

/** The one signature scheme. A key says which it is for, so that no message can choose. */
export const ALGORITHM = "ed25519";

/** A human being who approves. Thresholds count persons, never keys. */
export interface Person {
  /** Lower-case letters, digits, dot and hyphen. */
  readonly id: string;
  readonly name: string;
  readonly keys: readonly ApproverKey[];
  readonly roles: readonly Role[];
}

/** How much may change at once, whoever signs. */
export interface Caps {
  /** Settlement changes that one terminal accepts in any 24 hours. */
  readonly cardChangesPerDay: number;
  readonly merchantsPerBindingRelease: number;
  readonly directivesPerBindingRelease: number;
  readonly directivesPerRelease: number;
}

/** Who may sign what (clause 6.4). `thresholds[class]` lists the roles demanded, each by a different person. */
export interface Policy {
  readonly version: number;
  readonly persons: readonly Person[];
  readonly thresholds: Readonly<Record<DifferenceClass, readonly Role[]>>;
  readonly caps: Caps;
  /** DSSE payload types that count as an approval. None: nothing may change until there is another policy. */
  readonly types: readonly string[];
  readonly algorithms: readonly string[];
}

/** What no policy may go below: built into every terminal, so that not even all root holders can lower it. */
const LEAST: Readonly<Record<DifferenceClass, readonly Role[]>> = {
  binding: ["maker", "checker"],
  merchant: ["maker", "checker"],
  parameters: ["parameters"],
};

/** What no policy may go above, built in likewise. */
export const MOST: Caps = {
  cardChangesPerDay: 10,
  merchantsPerBindingRelease: 1,
  directivesPerBindingRelease: 1_000,
  directivesPerRelease: 1_000_000,
};

/** Caps of a new policy. */
export const DEFAULT_CAPS: Caps = { ...MOST, cardChangesPerDay: 1, directivesPerBindingRelease: 200 };

/** What approvers sign, and how, in a new policy: all that there is. */
export const ALLOWED: Pick<Policy, "types" | "algorithms"> = {
  types: [PAYLOAD_TYPES.statement],
  algorithms: [ALGORITHM],
};

/** @throws TillsyncError TRUST_INVALID, KEY_INVALID, POLICY_TOO_WEAK */
export function parsePolicy(bytes: Uint8Array): Policy {
  const json = parseJson(bytes);
  const algorithms = toChosen(json["algorithms"], ALLOWED.algorithms, "algorithms");
  const persons = toPersons(json["persons"], algorithms);
  const keys = persons.flatMap((person) => person.keys.map((key) => key.id));
  demand(new Set(keys).size === keys.length, "a key of two persons");
  demand(new Set(persons.map((person) => person.id)).size === persons.length, "a person twice");
  return {
    version: toVersion(json["version"], "version"),
    persons,
    thresholds: toThresholds(json["thresholds"]),
    caps: toCaps(json["caps"]),
    types: toChosen(json["types"], ALLOWED.types, "types"),
    algorithms,
  };
}

/** The JSON file that `parsePolicy` reads; keys in hexadecimal. */
export function toPolicyBytes(policy: Policy): Uint8Array {
  const persons = policy.persons.map(({ id, name, keys, roles }) => ({
    id,
    name,
    keys: keys.map((key) => ({ algorithm: ALGORITHM, public: toHex(key.raw) })),
    roles,
  }));
  const { version, thresholds, caps, types, algorithms } = policy;
  return Buffer.from(`${JSON.stringify({ version, persons, thresholds, caps, types, algorithms }, null, 1)}\n`);
}

function toPersons(value: unknown, algorithms: readonly string[]): readonly Person[] {
  demand(Array.isArray(value) && value.length <= MAX_PERSONS, "persons");
  return (value as readonly unknown[]).map((person) => toPerson(person, algorithms));
}

function toPerson(value: unknown, algorithms: readonly string[]): Person {
  demand(isRecord(value), "person");
  const { id, name, keys, roles } = value as Record<string, unknown>;
  demand(typeof id === "string" && /^[a-z0-9][a-z0-9.-]{0,31}$/.test(id), "person.id");
  demand(typeof name === "string" && isLine(name, 40), "person.name");
  demand(Array.isArray(keys) && keys.length <= MAX_KEYS_PER_PERSON, "person.keys");
  return {
    id: id as string,
    name: name as string,
    keys: (keys as readonly unknown[]).map((key) => toKey(key, algorithms)),
    roles: toRoles(roles, "person.roles"),
  };
}

function toKey(value: unknown, algorithms: readonly string[]): ApproverKey {
  demand(isRecord(value), "person.keys");
  const { algorithm, public: raw } = value as Record<string, unknown>;
  demand(algorithms.some((allowed) => allowed === algorithm) && typeof raw === "string", "person.keys");
  return parseApproverKey(raw as string);
}

function toCaps(value: unknown): Caps {
  demand(isRecord(value), "caps");
  const caps = value as Record<string, unknown>;
  const toCap = (name: keyof Caps): number => {
    const cap = toInteger(caps[name], `caps.${name}`);
    if (cap > MOST[name]) throw new TillsyncError("POLICY_TOO_WEAK", { cap: name });
    return cap;
  };
  return {
    cardChangesPerDay: toCap("cardChangesPerDay"),
    merchantsPerBindingRelease: toCap("merchantsPerBindingRelease"),
    directivesPerBindingRelease: toCap("directivesPerBindingRelease"),
    directivesPerRelease: toCap("directivesPerRelease"),
  };
}

/** Some of the choices, or none. */
function toChosen(value: unknown, choices: readonly string[], what: string): readonly string[] {
  const chosen = toStrings(value, what);
  demand(
    chosen.every((text) => choices.includes(text)),
    what,
  );
  return chosen;
}

function toThresholds(value: unknown): Policy["thresholds"] {
  demand(isRecord(value), "thresholds");
  const thresholds = value as Record<string, unknown>;
  const entries = DIFFERENCE_CLASSES.map((name) => [name, toThreshold(name, thresholds[name])] as const);
  const threshold = Object.fromEntries(entries) as Record<DifferenceClass, readonly Role[]>;
  // A release signed for a binding may change merchant data too, so it must never take fewer people.
  if (!threshold.merchant.every((role) => threshold.binding.includes(role))) {
    throw new TillsyncError("POLICY_TOO_WEAK", { class: "binding" });
  }
  return threshold;
}

function toThreshold(name: DifferenceClass, value: unknown): readonly Role[] {
  const roles = toRoles(value, "thresholds");
  demand(roles.length <= MAX_DEMANDED_ROLES, "thresholds");
  if (!LEAST[name].every((role) => roles.includes(role))) throw new TillsyncError("POLICY_TOO_WEAK", { class: name });
  return roles;
}

function toRoles(value: unknown, what: string): readonly Role[] {
  return toStrings(value, what).map((text) => {
    const role = ROLES.find((candidate) => candidate === text);
    if (role === undefined) throw new TillsyncError("TRUST_INVALID", { what });
    return role;
  });
}

function demand(holds: boolean, what: string): void {
  if (!holds) throw new TillsyncError("TRUST_INVALID", { what });
}
