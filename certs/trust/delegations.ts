import { toDigest, toHex, toUtf8 } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { toRecord, toStrings } from "./json.ts";
import { type Metadata, ROLE_NAMES, type RoleKeys, readRoleKeys } from "./metadata.ts";
import type { Rules } from "./rules.ts";

// Who else may name targets (TUF specification 1.0, sections 4.5 and 5.6.7).

/** Roles that one search for a target looks into. */
export const MAX_VISITS = 32;
const MAX_DELEGATED_ROLES = 16_384;
const MAX_PATHS = 65_536;
const MAX_ROLE_CHARACTERS = 128;

/** A role on the way of a search, with the keys that its delegator gives it. */
export interface Visit {
  readonly role: string;
  readonly keys: RoleKeys;
}

/** A search under way: what is still to look into, the next one first, and what was. */
export interface Search {
  readonly path: string;
  readonly next: readonly Visit[];
  readonly visited: ReadonlySet<string>;
}

/** A search that begins with the top-level targets. */
export function startSearch(path: string, keys: RoleKeys): Search {
  return { path, next: [{ role: "targets", keys }], visited: new Set() };
}

/** The search after it looked into its first visit, whose metadata is this and does not name the target. */
export function advanceSearch({ path, next, visited }: Search, targets: Metadata, rules: Rules): Search {
  const [visit, ...rest] = next;
  if (visit === undefined || visited.size + 1 >= MAX_VISITS) return { path, next: [], visited };
  const now = new Set([...visited, visit.role]);
  const { visits, isTerminating } = findVisits(targets, path, rules);
  // A role that was looked into has no more to say, whoever else delegates to it: so circles end.
  const coming = [...visits, ...(isTerminating ? [] : rest)].filter(({ role }) => !now.has(role));
  return { path, next: coming, visited: now };
}

/** Whether a pattern of shell wildcards covers a path: `*` and `?` stand for anything but a slash. */
export function isCovered(path: string, pattern: string): boolean {
  const [parts, patterns] = [path.split("/"), pattern.split("/")];
  return (
    parts.length === patterns.length && parts.every((part, at) => isMatch([...part], [...(patterns[at] as string)]))
  );
}

/** In order of appearance, up to and with the first that is terminating. */
function findVisits(
  targets: Metadata,
  path: string,
  rules: Rules,
): { readonly visits: readonly Visit[]; readonly isTerminating: boolean } {
  const delegations = targets.signed["delegations"];
  if (delegations === undefined) return { visits: [], isTerminating: false };
  const { keys, roles } = toRecord(delegations, "delegations");
  const covering = toRoles(roles).filter((role) => isResponsible(role, path));
  const end = covering.findIndex((role) => role["terminating"] === true);
  const reached = end === -1 ? covering : covering.slice(0, end + 1);
  const visits = reached.map((role) => {
    const name = role["name"] as string;
    return { role: name, keys: readRoleKeys(keys, role, `delegations.${name}`, rules) };
  });
  return { visits, isTerminating: end !== -1 };
}

function toRoles(value: unknown): readonly Record<string, unknown>[] {
  if (!Array.isArray(value) || value.length > MAX_DELEGATED_ROLES) throw toFault("delegations.roles");
  const roles = value.map((role: unknown) => toRecord(role, "delegations.roles"));
  const names = toStrings(
    roles.map(({ name }) => name),
    "delegations.roles",
  );
  if (!names.every(isRoleName)) throw toFault("delegations.roles.name");
  return roles;
}

/** A role of the top level has its place and its keys from the root, and from nobody else. */
function isRoleName(name: string): boolean {
  return name.length >= 1 && name.length <= MAX_ROLE_CHARACTERS && !ROLE_NAMES.some((own) => own === name);
}

function isResponsible({ paths, path_hash_prefixes: prefixes }: Record<string, unknown>, path: string): boolean {
  if (prefixes === undefined) return toPatterns(paths).some((pattern) => isCovered(path, pattern));
  if (paths !== undefined) throw toFault("delegations.roles.paths");
  const digest = toHex(toDigest(toUtf8(path)));
  return toPatterns(prefixes).some((prefix) => digest.startsWith(prefix));
}

function toPatterns(value: unknown): readonly string[] {
  const patterns = toStrings(value, "delegations.roles.paths");
  if (patterns.length > MAX_PATHS) throw toFault("delegations.roles.paths");
  return patterns;
}

/** In time of the two lengths' product: on a mismatch only the last star takes one character more. */
function isMatch(text: readonly string[], pattern: readonly string[]): boolean {
  let [at, sign] = [0, 0];
  let [star, taken] = [-1, 0];
  while (at < text.length) {
    if (pattern[sign] === "*") {
      [star, taken] = [sign, at];
      sign += 1;
    } else if (pattern[sign] === "?" || pattern[sign] === text[at]) {
      at += 1;
      sign += 1;
    } else if (star !== -1) {
      taken += 1;
      [at, sign] = [taken, star + 1];
    } else return false;
  }
  return pattern.slice(sign).every((rest) => rest === "*");
}

function toFault(what: string): TillsyncError {
  return new TillsyncError("TRUST_INVALID", { what });
}
