import type { AccountView, ApiKeyView } from "../../app/accounts/administration.ts";
import { hasRight, RIGHT_NAMES } from "../../domain/accounts/rights.ts";
import { ROLES } from "../../domain/accounts/roles.ts";
import { toSheet, toTable, toTime } from "./output.ts";

const NONE = "-";
/** Merchants that are shown by number in a table. */
const MAX_SHOWN = 3;

export function toNewAccountText({ name, password }: { readonly name: string; readonly password: string }): string {
  return [
    `${name} is added. One-time password, shown this once: ${password}`,
    "It has to be changed at the first login, and the second factor set.",
  ].join("\n");
}

export function toAccountsText(views: readonly AccountView[]): string {
  if (views.length === 0) return "There is no account: tillsync accounts add NAME --role administrator --reason WHY";
  const rows = views.map((view) => [
    ...[view.name, view.role, view.displayName, toStateText(view), view.hasTotp ? "yes" : "no"],
    ...[toTime(view.lastLoginAt ?? undefined), String(view.sessions), toScopeText(view.merchants)],
  ]);
  return toTable(["name", "role", "called", "state", "2nd factor", "last login", "sessions", "merchants"], rows);
}

export function toAccountText(view: AccountView): string {
  return toSheet([
    ["name", view.name],
    ["called", view.displayName],
    ["role", view.role],
    ["person of the policy", view.person === "" ? NONE : view.person],
    ["state", toStateText(view)],
    ["wrong tries", String(view.failures)],
    ["second factor", view.hasTotp ? "yes" : "not set yet"],
    ["password", view.mustChangePassword ? "one-time, to be changed at the next login" : "chosen"],
    ["added", toTime(view.createdAt)],
    ["last login", toTime(view.lastLoginAt ?? undefined)],
    ["sessions", String(view.sessions)],
    ["merchants", view.role === "agent" ? view.merchants.join(" ") : NONE],
  ]);
}

export function toApiKeysText(views: readonly ApiKeyView[]): string {
  if (views.length === 0) return "There is no API key: tillsync accounts keys add NAME --role ROLE --reason WHY";
  const rows = views.map((view) => [
    ...[view.name, view.role, toKeyState(view), toTime(view.expiresAt), view.createdBy],
    view.merchants.length === 0 ? "all" : toScopeText(view.merchants),
  ]);
  return toTable(["name", "role", "state", "good until", "made by", "merchants"], rows);
}

export function toRolesText(): string {
  const rows = RIGHT_NAMES.map((right) => [right, ...ROLES.map((role) => (hasRight(role, right) ? "yes" : NONE))]);
  return toTable(["right", ...ROLES], rows);
}

function toStateText({ isAltered, state, lockedUntil }: AccountView): string {
  if (isAltered) return "ALTERED: add it anew";
  if (state === "disabled") return "disabled";
  return lockedUntil === null ? "active" : `locked until ${toTime(lockedUntil)}`;
}

function toKeyState({ isAltered, revokedAt }: ApiKeyView): string {
  if (isAltered) return "ALTERED: revoke it";
  return revokedAt === null ? "good" : `revoked ${toTime(revokedAt)}`;
}

function toScopeText(merchants: readonly string[]): string {
  if (merchants.length === 0) return NONE;
  const more = merchants.length > MAX_SHOWN ? ` and ${merchants.length - MAX_SHOWN} more` : "";
  return `${merchants.slice(0, MAX_SHOWN).join(" ")}${more}`;
}
