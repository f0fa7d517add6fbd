import { TillsyncError } from "../../../proto/errors.ts";
import type { Actor } from "../../domain/accounts/actor.ts";
import { findApiKeyByDigest } from "../../store/accounts.ts";
import { transact } from "../../store/store.ts";
import { parseBearer } from "./bearer.ts";
import type { AccountsContext } from "./context.ts";
import { type ApiKey, type Found, toApiKey, toKeyHolder } from "./rows.ts";
import { findBearing, isNewAccount, LOOKS, touch } from "./sessions.ts";

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
  const found = await findKey(context, digest);
  if (found === undefined) return undefined;
  const { row, isAltered } = found;
  if (isAltered) {
    await transact(store, (tx) => context.altered.tell(tx, "api_key", toKeyHolder(row.name)));
    return undefined;
  }
  if (row.revokedAt !== null || now() >= row.expiresAt) return undefined;
  const { name, role, merchants } = row;
  const scope = merchants.length > 0 || role === "agent" ? new Set(merchants) : undefined;
  return { name: toKeyHolder(name), role, merchants: scope, via: "key", person: "", isNew: false };
}

async function findKey({ store, keyFile }: AccountsContext, digest: Uint8Array): Promise<Found<ApiKey> | undefined> {
  for (let tries = 1; ; tries += 1) {
    const keys = await keyFile.find(store);
    const held = await findApiKeyByDigest(store, digest);
    if (keys === undefined || held === undefined) return undefined;
    const found = await toApiKey(store, keys, held);
    if (!found.isAltered || tries === LOOKS) return found;
  }
}
