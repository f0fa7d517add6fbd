import { isLine } from "../../proto/check.ts";
import { DIFFERENCE_CLASSES, type DifferenceClass } from "../../proto/difference.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { type ApproverKey, parseApproverKey } from "../keys.ts";
import { isRecord, parseJson, toInteger, toStrings } from "./json.ts";

export const ROLES = ["maker", "checker", "parameters", "log"] as const;
export type Role = (typeof ROLES)[number];

export const MAX_PERSONS = 100;
export const MAX_KEYS_PER_PERSON = 4;
export const MAX_DEMANDED_ROLES = 6;

/** A human being who approves. Thresholds count persons, never keys. */
export interface Person {
  /** Lower-case letters, digits, dot and hyphen. */
  readonly id: string;
  readonly name: string;
  readonly keys: readonly ApproverKey[];
  readonly roles: readonly Role[];
}

/** Who may sign what (clause 6.4). `thresholds[class]` lists the roles demanded, each by a different person. */
export interface Policy {
  readonly version: number;
  readonly persons: readonly Person[];
  readonly thresholds: Readonly<Record<DifferenceClass, readonly Role[]>>;
}

/** What no policy may go below: built into every terminal, so that not even all root holders can lower it. */
const LEAST: Readonly<Record<DifferenceClass, readonly Role[]>> = {
  binding: ["maker", "checker"],
  merchant: ["maker", "checker"],
  parameters: ["parameters"],
};

/** @throws TillsyncError TRUST_INVALID, KEY_INVALID, POLICY_TOO_WEAK */
export function parsePolicy(bytes: Uint8Array): Policy {
  const json = parseJson(bytes);
  const persons = toPersons(json["persons"]);
  const keys = persons.flatMap((person) => person.keys.map((key) => key.id));
  demand(new Set(keys).size === keys.length, "a key of two persons");
  demand(new Set(persons.map((person) => person.id)).size === persons.length, "a person twice");
  return { version: toInteger(json["version"], "version"), persons, thresholds: toThresholds(json["thresholds"]) };
}

/** The JSON file that `parsePolicy` reads; keys in hexadecimal. */
export function toPolicyBytes(policy: Policy): Uint8Array {
  const persons = policy.persons.map(({ id, name, keys, roles }) => ({
    id,
    name,
    keys: keys.map((key) => Buffer.from(key.raw).toString("hex")),
    roles,
  }));
  return Buffer.from(
    `${JSON.stringify({ version: policy.version, persons, thresholds: policy.thresholds }, null, 1)}\n`,
  );
}

function toPersons(value: unknown): readonly Person[] {
  demand(Array.isArray(value) && value.length <= MAX_PERSONS, "persons");
  return (value as readonly unknown[]).map(toPerson);
}

function toPerson(value: unknown): Person {
  demand(isRecord(value), "person");
  const { id, name, keys, roles } = value as Record<string, unknown>;
  demand(typeof id === "string" && /^[a-z0-9][a-z0-9.-]{0,31}$/.test(id), "person.id");
  demand(typeof name === "string" && isLine(name, 40), "person.name");
  const keyTexts = toStrings(keys, "person.keys");
  demand(keyTexts.length <= MAX_KEYS_PER_PERSON, "person.keys");
  return {
    id: id as string,
    name: name as string,
    keys: keyTexts.map(parseApproverKey),
    roles: toRoles(roles, "person.roles"),
  };
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
