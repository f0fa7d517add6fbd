import { Type } from "typebox";
import { isAllowed, RIGHT_NAMES } from "../../../../domain/accounts/rights.ts";
import { ROLES } from "../../../../domain/accounts/roles.ts";
import { type Endpoint, endpoint } from "../endpoint.ts";
import { MAX_LOGIN_BYTES } from "../limits.ts";
import { Members, OneOf, Seconds, Text } from "../schemas.ts";

const group = "sessions";
/** In units of UTF-16, far above what a password may have: how long it may be is told where it is hashed. */
const Password = Type.String({ minLength: 1, maxLength: 1_024 });

/** One's own session and account. */
export const SESSION_ENDPOINTS: readonly Endpoint[] = [
  endpoint({
    ...{ method: "POST", path: "/sessions", right: "public", reach: "own", group, status: 201 },
    ...{ changes: true, tellsOnce: true, maxBytes: MAX_LOGIN_BYTES },
    summary: "Log in; gives the session's token",
    body: Members({
      name: Type.String({ minLength: 1, maxLength: 64 }),
      password: Password,
      code: Type.String({ maxLength: 16, description: "Six digits; empty where there is no second factor yet" }),
    }),
    answer: Members({ token: Text, account: Text, expiresAt: Seconds, isNew: Type.Boolean() }),
    handle: ({ accounts }, { body, origin }) => accounts.login({ ...body, origin }),
  }),
  endpoint({
    ...{ method: "DELETE", path: "/sessions/current", right: "account.own", reach: "own", group, status: 204 },
    changes: true,
    summary: "Log out",
    handle: ({ accounts }, { bearer }) => accounts.logout(bearer),
  }),
  endpoint({
    ...{ method: "GET", path: "/me", right: "account.own", reach: "own", group, status: 200 },
    summary: "Who am I, and what may I do",
    answer: Members({
      name: Text,
      role: OneOf(ROLES),
      person: Text,
      isNew: Type.Boolean(),
      merchants: Type.Unsafe<readonly string[] | null>({ type: ["array", "null"], items: { type: "string" } }),
      rights: Type.Array(Text),
    }),
    handle: async (_services, { actor }) => {
      const { name, role, person, isNew, merchants } = actor;
      const rights = RIGHT_NAMES.filter((right) => isAllowed(actor, right));
      return { name, role, person, isNew, rights, merchants: merchants === undefined ? null : [...merchants] };
    },
  }),
  endpoint({
    ...{ method: "POST", path: "/me/password", right: "account.own", reach: "own", group, status: 204 },
    ...{ changes: true, maxBytes: MAX_LOGIN_BYTES },
    summary: "Choose a new password; every other session of the account ends",
    body: Members({ password: Password, next: Password }),
    handle: ({ accounts }, { bearer, body }) => accounts.changePassword(bearer, body.password, body.next),
  }),
  endpoint({
    ...{ method: "POST", path: "/me/totp", right: "account.own", reach: "own", group, status: 200 },
    ...{ changes: true, tellsOnce: true, maxBytes: MAX_LOGIN_BYTES },
    summary: "Begin a new second factor; counts once it is confirmed",
    body: Members({ password: Password }),
    answer: Members({ uri: Text }),
    handle: ({ accounts }, { bearer, body }) => accounts.beginTotp(bearer, body.password),
  }),
  endpoint({
    ...{ method: "POST", path: "/me/totp/confirmation", right: "account.own", reach: "own", group, status: 204 },
    ...{ changes: true, maxBytes: MAX_LOGIN_BYTES },
    summary: "Confirm the new second factor by a code of it",
    body: Members({ code: Type.String({ minLength: 1, maxLength: 16 }) }),
    handle: ({ accounts }, { bearer, body }) => accounts.confirmTotp(bearer, body.code),
  }),
];
