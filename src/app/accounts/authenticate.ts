import { TillsyncError } from "../../../proto/errors.ts";
import type { Actor } from "../../domain/accounts/actor.ts";
import { findApiKeyByDigest } from "../../store/accounts.ts";
import { transact } from "../../store/store.ts";
import { parseBearer } from "./bearer.ts";
import type { AccountsContext } from "./context.ts";
import { toApiKey, toKeyHolder } from "./rows.ts";
import { findBearing, isNewAccount, touch } from "./sessions.ts";

/**
 * Refusals are not noted here: they are strangers', and whoever answers them logs them with what they asked for.
 *
 * @throws TillsyncError as `Accounts.authenticate`
 */
export async function authenticate(context: AccountsContext, bearer: string, isWatching = false): Promise<Actor> {
  const { kind, digest } = parseBearer(bearer);
  const actor = kind === "session" ? await findPerson(context, digest, isWatching) : await findProgram(context, digest);
  if (actor === undefined) throw new TillsyncError("NOT_AUTHENTICATED");
  return actor;
}

async function findPerson(
  context: AccountsContext,
  digest: Uint8Array,
  isWatching: boolean,
): Promise<Actor | undefined> {
  const bearing = await findBearing(context, digest);
  if (bearing === undefined) return undefined;
  if (!isWatching) await touch(context, bearing);
  const { name, role, merchants, person } = bearing.account;
  const scope = role === "agent" ? new Set(merchants) : undefined;
  return { name, role, merchants: scope, via: "session", person, isNew: isNewAccount(bearing.account) };
}

async function findProgram(context: AccountsContext, digest: Uint8Array): Promise<Actor | undefined> {
  const { store, now } = context;
  const keys = await context.keyFile.find(store);
  const held = await findApiKeyByDigest(store, digest);
  if (keys === undefined || held === undefined) return undefined;
  const { row, isAltered } = await toApiKey(store, keys, held);
  if (isAltered) {
    await transact(store, (tx) => context.altered.tell(tx, "api_key", toKeyHolder(held.name)));
    return undefined;
  }
  if (row.revokedAt !== null || now() >= row.expiresAt) return undefined;
  const { name, role, merchants } = row;
  const scope = merchants.length > 0 || role === "agent" ? new Set(merchants) : undefined;
  return { name: toKeyHolder(name), role, merchants: scope, via: "key", person: "", isNew: false };
}
