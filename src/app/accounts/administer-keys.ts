import { check, checkChoice, checkRange } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { isAccountName } from "../../domain/accounts/names.ts";
import { KEY_ROLES } from "../../domain/accounts/roles.ts";
import { findApiKey, listApiKeys } from "../../store/accounts.ts";
import { transact } from "../../store/store.ts";
import type { Administration, ApiKeyView } from "./administration.ts";
import { createBearer, toBearerDigest } from "./bearer.ts";
import type { AccountsContext } from "./context.ts";
import { note, toFields } from "./notes.ts";
import { type ApiKey, type Found, toApiKey, toKeyHolder, writeApiKey } from "./rows.ts";
import { checkScope } from "./scope.ts";

const MAX_VALID_S = 366 * 86_400;

export type KeyActs = Pick<Administration, "listKeys" | "addKey" | "revokeKey">;

export function administerKeys(context: AccountsContext): KeyActs {
  const { store, now } = context;
  return {
    listKeys: async () => {
      const keys = await context.keyFile.find(store);
      const views: ApiKeyView[] = [];
      if (keys === undefined) return views;
      for (const row of await listApiKeys(store)) views.push(toView(await toApiKey(store, keys, row)));
      return views;
    },
    addKey: async ({ name, role, merchants, validS }, act) => {
      check(isAccountName(name), "name");
      checkChoice(role, KEY_ROLES, "role");
      checkRange(validS, 1, MAX_VALID_S, "valid");
      const scope = checkScope(merchants);
      check(role !== "agent" || scope.length > 0, "merchants");
      const key = createBearer(context, "key");
      const expiresAt = await transact(store, async (tx) => {
        const keys = await context.keyFile.need(tx, context);
        if ((await findApiKey(tx, name)) !== undefined) throw new TillsyncError("STATE_CONFLICT", { key: name });
        const createdAt = now();
        const row = { name, role, merchants: scope, digest: toBearerDigest(key), revokedAt: null };
        const added = { ...row, createdBy: act.actor, createdAt, expiresAt: createdAt + validS };
        await writeApiKey(tx, keys, added);
        const detail = { role, merchants: scope.length, expires: added.expiresAt };
        await note(tx, createdAt, "account.key_added", toKeyHolder(name), toFields(act, detail));
        return added.expiresAt;
      });
      return { key, expiresAt };
    },
    revokeKey: async (name, act) => {
      await transact(store, async (tx) => {
        const keys = await context.keyFile.find(tx);
        const held = await findApiKey(tx, name);
        if (keys === undefined || held === undefined) throw new TillsyncError("NOT_FOUND", { what: "API key" });
        const { row } = await toApiKey(tx, keys, held);
        if (row.revokedAt !== null) throw new TillsyncError("STATE_CONFLICT", { what: "it is revoked" });
        // An altered one, too: revoked, it is good for nothing whatever else it says.
        await writeApiKey(tx, keys, { ...row, revokedAt: now() });
        await note(tx, now(), "account.key_revoked", toKeyHolder(name), toFields(act));
      });
    },
  };
}

function toView({ row, isAltered }: Found<ApiKey>): ApiKeyView {
  const { name, role, merchants, createdBy, createdAt, expiresAt, revokedAt } = row;
  return { name, role, merchants, createdBy, createdAt, expiresAt, revokedAt, isAltered };
}
