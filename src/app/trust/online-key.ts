import type { KeyObject } from "node:crypto";
import { basename, dirname, join, resolve } from "node:path";
import { createApproverKey, parsePrivateKey, toPrivateKeyPem, toPublicKey } from "../../../certs/keys.ts";
import { parseMetadata, toRoleKeys } from "../../../certs/trust/metadata.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { writeFileDurably } from "../durable-file.ts";
import { findTrustFile } from "./read-folder.ts";

// The online key signs timestamps: "still so", and nothing more. The next one waits beside the present one until a root
// names it.

export const ONLINE_KEY_FILE = "online.pem";
export const NEXT_ONLINE_KEY_FILE = "online.next.pem";
export const SECRET_MODE = 0o600;

/**
 * The online key of the folder; undefined where there is none.
 *
 * @throws TillsyncError KEY_INVALID, DATA_FOLDER_INVALID
 */
export async function findOnlineKey(folder: string, name: string = ONLINE_KEY_FILE): Promise<KeyObject | undefined> {
  const pem = await findTrustFile(folder, name);
  return pem === undefined ? undefined : parsePrivateKey(pem.toString("utf8"));
}

/** @throws TillsyncError DATA_FOLDER_INVALID where there is none, KEY_INVALID */
export async function readOnlineKey(folder: string): Promise<KeyObject> {
  const key = await findOnlineKey(folder);
  if (key === undefined) throw new TillsyncError("DATA_FOLDER_INVALID", { file: ONLINE_KEY_FILE });
  return key;
}

/** The key that is to take the place of the present one; made on first call. Durable when it resolves. */
export async function prepareOnlineKey(folder: string): Promise<KeyObject> {
  const [present, next] = [await findOnlineKey(folder), await findOnlineKey(folder, NEXT_ONLINE_KEY_FILE)];
  const isWaiting = next !== undefined && (present === undefined || toPublicKey(next).id !== toPublicKey(present).id);
  return isWaiting ? next : await writeNewKey(join(folder, NEXT_ONLINE_KEY_FILE));
}

/** The online key of a data folder that is yet to be made, kept in a file beside it; made on first call. */
export async function prepareFirstOnlineKey(path: string): Promise<KeyObject> {
  return (await findFirstOnlineKey(path)) ?? (await writeNewKey(toFirstKeyFile(path)));
}

/** The same; undefined where none was made. @throws TillsyncError KEY_INVALID */
export async function findFirstOnlineKey(path: string): Promise<KeyObject | undefined> {
  const file = toFirstKeyFile(path);
  return await findOnlineKey(dirname(file), basename(file));
}

/** Where the first online key waits for its data folder. */
export function toFirstKeyFile(path: string): string {
  return `${resolve(path)}.online.pem`;
}

/**
 * The private key among these that the root lets sign timestamps.
 *
 * @throws TillsyncError KEY_INVALID where none is
 */
export function toOnlineKeyOf(root: Uint8Array, candidates: readonly (KeyObject | undefined)[]): KeyObject {
  const named = [...toRoleKeys(parseMetadata("root", root), "timestamp").keys.values()].map(({ id }) => id);
  const key = candidates.find((candidate) => candidate !== undefined && named.includes(toPublicKey(candidate).id));
  if (key === undefined) throw new TillsyncError("KEY_INVALID", { expected: "the online key that the root names" });
  return key;
}

async function writeNewKey(file: string): Promise<KeyObject> {
  const key = createApproverKey();
  await writeFileDurably(file, toPrivateKeyPem(key), SECRET_MODE);
  return key;
}
