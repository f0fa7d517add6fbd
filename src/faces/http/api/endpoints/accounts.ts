import { Type } from "typebox";
import type { Administration } from "../../../../app/accounts/administration.ts";
import { MAX_SCOPE } from "../../../../app/accounts/scope.ts";
import { type Act, parseAct } from "../../../../app/registry/act.ts";
import { KEY_ROLES, ROLES } from "../../../../domain/accounts/roles.ts";
import { parseCursor, toPage } from "../cursor.ts";
import { type Endpoint, endpoint } from "../endpoint.ts";
import { DEFAULT_PAGE } from "../limits.ts";
import {
  AccountName,
  Because,
  Members,
  MerchantNumber,
  Nullable,
  OneOf,
  PageOf,
  Paging,
  Reason,
  Seconds,
  Text,
  Whole,
} from "../schemas.ts";

const group = "accounts";
const READ = { method: "GET", right: "accounts.read", reach: "whole", group, status: 200 } as const;
const WRITE = { method: "POST", right: "accounts.write", reach: "whole", group, changes: true } as const;
const params = Members({ name: AccountName });
const Merchants = Type.Array(MerchantNumber, { maxItems: MAX_SCOPE });
const Person = Type.Unsafe<string>({ type: "string", pattern: "^([a-z0-9][a-z0-9.-]{0,31})?$" });
/** A scope of MAX_SCOPE merchants, each 18 characters in JSON. */
const SCOPE_BYTES = 32_768;

const AccountAnswer = Members({
  name: Text,
  role: OneOf(ROLES),
  displayName: Text,
  person: Text,
  state: OneOf(["active", "disabled"]),
  merchants: Type.Array(Text),
  lockedUntil: Nullable(Seconds),
  failures: Whole,
  hasTotp: Type.Boolean(),
  mustChangePassword: Type.Boolean(),
  createdAt: Seconds,
  lastLoginAt: Nullable(Seconds),
  sessions: Whole,
  isAltered: Type.Boolean(),
});
const KeyAnswer = Members({
  name: Text,
  role: OneOf(KEY_ROLES),
  merchants: Type.Array(Text),
  createdBy: Text,
  createdAt: Seconds,
  expiresAt: Seconds,
  revokedAt: Nullable(Seconds),
  isAltered: Type.Boolean(),
});

/** Acts that take a name and a reason, and answer nothing. */
const PLAIN_ACTS: readonly (readonly [
  path: string,
  summary: string,
  act: (administration: Administration, name: string, act: Act) => Promise<void>,
])[] = [
  ["disable", "Disable an account; its sessions end", ({ disable }, ...rest) => disable(...rest)],
  ["enable", "Enable a disabled account", ({ enable }, ...rest) => enable(...rest)],
  ["unlock", "End an account's lock", ({ unlock }, ...rest) => unlock(...rest)],
  ["totp/remove", "Take a second factor away; its sessions end", ({ removeTotp }, ...rest) => removeTotp(...rest)],
];

export const ACCOUNT_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    ...{ ...READ, path: "/accounts", query: Members(Paging), answer: PageOf(AccountAnswer) },
    summary: "Accounts, in order of name",
    handle: async ({ accounts }, { query }) => toNamePage("accounts", await accounts.administration.list(), query),
  }),
  endpoint({
    ...{ ...READ, path: "/accounts/{name}", params, answer: AccountAnswer },
    summary: "An account",
    handle: ({ accounts }, { params }) => accounts.administration.show(params.name),
  }),
  endpoint({
    ...{ ...WRITE, path: "/accounts", status: 201, tellsOnce: true, maxBytes: SCOPE_BYTES },
    summary: "Add an account; its one-time password is told this once",
    body: Members({
      name: AccountName,
      role: OneOf(ROLES),
      displayName: Type.String({ minLength: 1, maxLength: 80 }),
      person: Type.Optional(Person),
      merchants: Type.Optional(Merchants),
      reason: Reason,
    }),
    answer: Members({ password: Text }),
    handle: ({ accounts }, { actor, body }) => {
      const { reason, person = "", merchants = [], ...account } = body;
      return accounts.administration.add({ ...account, person, merchants }, parseAct(reason, actor.name));
    },
  }),
  ...PLAIN_ACTS.map(([path, summary, act]) =>
    endpoint({
      ...{ ...WRITE, path: `/accounts/{name}/${path}`, params, body: Because, status: 204, summary },
      handle: ({ accounts }, { actor, params, body }) =>
        act(accounts.administration, params.name, parseAct(body.reason, actor.name)),
    }),
  ),
  endpoint({
    ...{ ...WRITE, path: "/accounts/{name}/role", params, status: 204 },
    summary: "Give an account another role",
    body: Members({ role: OneOf(ROLES), reason: Reason }),
    handle: ({ accounts }, { actor, params, body }) =>
      accounts.administration.setRole(params.name, body.role, parseAct(body.reason, actor.name)),
  }),
  endpoint({
    ...{ ...WRITE, path: "/accounts/{name}/scope", params, status: 204, maxBytes: SCOPE_BYTES },
    summary: "The merchants of an agent, instead of those before",
    body: Members({ merchants: Merchants, reason: Reason }),
    handle: ({ accounts }, { actor, params, body }) =>
      accounts.administration.setScope(params.name, body.merchants, parseAct(body.reason, actor.name)),
  }),
  endpoint({
    ...{ ...WRITE, path: "/accounts/{name}/password", params, body: Because, status: 200, tellsOnce: true },
    summary: "A new one-time password, told this once; its sessions end",
    answer: Members({ password: Text }),
    handle: ({ accounts }, { actor, params, body }) =>
      accounts.administration.resetPassword(params.name, parseAct(body.reason, actor.name)),
  }),
  endpoint({
    ...{ ...WRITE, path: "/accounts/{name}/totp", params, body: Because, status: 200, tellsOnce: true },
    summary: "A new second factor, told this once; its sessions end",
    answer: Members({ uri: Text }),
    handle: ({ accounts }, { actor, params, body }) =>
      accounts.administration.enrolTotp(params.name, parseAct(body.reason, actor.name)),
  }),
  endpoint({
    ...{ ...READ, path: "/keys", query: Members(Paging), answer: PageOf(KeyAnswer) },
    summary: "API keys, in order of name",
    handle: async ({ accounts }, { query }) => toNamePage("keys", await accounts.administration.listKeys(), query),
  }),
  endpoint({
    ...{ ...WRITE, path: "/keys", status: 201, tellsOnce: true, maxBytes: SCOPE_BYTES },
    summary: "Add an API key for a program; it is told this once",
    body: Members({
      name: AccountName,
      role: OneOf(KEY_ROLES),
      merchants: Type.Optional(Merchants),
      validS: Type.Integer({ minimum: 1 }),
      reason: Reason,
    }),
    answer: Members({ key: Text, expiresAt: Seconds }),
    handle: ({ accounts }, { actor, body }) => {
      const { reason, merchants = [], ...key } = body;
      return accounts.administration.addKey({ ...key, merchants }, parseAct(reason, actor.name));
    },
  }),
  endpoint({
    ...{ ...WRITE, path: "/keys/{name}/revoke", params, body: Because, status: 204 },
    summary: "Revoke an API key",
    handle: ({ accounts }, { actor, params, body }) =>
      accounts.administration.revokeKey(params.name, parseAct(body.reason, actor.name)),
  }),
];

/** Few enough to be read as a whole. */
function toNamePage<T extends { readonly name: string }>(
  list: string,
  all: readonly T[],
  { after, limit = DEFAULT_PAGE }: { readonly after?: string; readonly limit?: number },
) {
  const [last = ""] = after === undefined ? [] : parseCursor(list, after, ["string"]);
  const rows = all.filter(({ name }) => name > last);
  return toPage(
    list,
    rows,
    limit,
    ({ name }) => [name],
    (row) => row,
  );
}
