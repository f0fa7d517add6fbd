import { mkdir, open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { check, checkText } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { writeFileDurably } from "../durable-file.ts";

// The file of the keys that SN keys are sealed under. Whoever has it and the database has every SN key; whoever has one of
// them has none. It changes only inside a transaction, which keeps every other process from changing it meanwhile.

export const KEY_BYTES = 32;
/** Keys in one file: one, and those whose rotation is not done yet. */
const MAX_KEYS = 8;
const MAX_FILE_BYTES = 4_096;
const KEY_ID_BYTES = 8;
const KEY_ID = /^[0-9a-z][0-9a-z-]{0,31}$/;
/** 32 bytes. */
const KEY = /^[0-9A-Za-z+/]{42}[048AEIMQUYcgkosw]=$/;
const SECRET = 0o600;
const OWNER_ONLY = 0o700;
const PERMISSIONS = 0o777;
const NOT_OWNER = 0o077;

/** Keys by id, and which of them new rows are sealed under. */
export interface Keyring {
  readonly current: string;
  readonly keys: ReadonlyMap<string, Uint8Array>;
}

type RandomBytes = (size: number) => Uint8Array;

/** @throws TillsyncError KEY_FILE_INVALID */
export async function readKeyFile(path: string): Promise<Keyring> {
  const keyring = await findKeyFile(path);
  if (keyring === undefined) throw new TillsyncError("KEY_FILE_INVALID", { file: basename(path), what: "missing" });
  return keyring;
}

/** Undefined where no file is there. @throws TillsyncError KEY_FILE_INVALID */
export async function findKeyFile(path: string): Promise<Keyring | undefined> {
  try {
    return parseKeyring(await readSecret(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    if (error instanceof TillsyncError) {
      throw new TillsyncError("KEY_FILE_INVALID", { ...error.fields, file: basename(path) });
    }
    // Not kept as the cause: a parser's message quotes what it cannot read, and that may be a key.
    throw new TillsyncError("KEY_FILE_INVALID", { file: basename(path), what: "unreadable" });
  }
}

/** Durable when it resolves. @throws TillsyncError DATA_FOLDER_INVALID */
export async function writeKeyFile(path: string, { current, keys }: Keyring): Promise<void> {
  const texts = [...keys].map(([id, key]) => [id, Buffer.from(key).toString("base64")]);
  try {
    await mkdir(dirname(path), { recursive: true, mode: OWNER_ONLY });
  } catch (cause) {
    throw new TillsyncError("DATA_FOLDER_INVALID", { file: basename(path) }, cause);
  }
  await writeFileDurably(path, `${JSON.stringify({ current, keys: Object.fromEntries(texts) })}\n`, SECRET);
}

/** The keyring with a new key, which is the current one from then on; a keyring of it alone where there was none. */
export function withNewKey(keyring: Keyring | undefined, randomBytes: RandomBytes): Keyring {
  const current = Buffer.from(randomBytes(KEY_ID_BYTES)).toString("hex");
  return { current, keys: new Map([...(keyring?.keys ?? []), [current, randomBytes(KEY_BYTES)]]) };
}

/** The key of this id. @throws TillsyncError KEY_FILE_INVALID where it is not there */
export function toKey({ keys }: Keyring, id: string): Uint8Array {
  const key = keys.get(id);
  if (key === undefined) throw new TillsyncError("KEY_FILE_INVALID", { what: "lacks the key", keyId: toShown(id) });
  return key;
}

/** An id as a row tells it, which somebody may have edited. */
function toShown(id: string): string {
  return KEY_ID.test(id) ? id : "unreadable";
}

async function readSecret(path: string): Promise<string> {
  const file = await open(path, "r");
  try {
    const { size, mode } = await file.stat();
    if ((mode & NOT_OWNER) !== 0) {
      const found = (mode & PERMISSIONS).toString(8);
      throw new TillsyncError("KEY_FILE_INVALID", { what: "others can read it", mode: found, expected: "600" });
    }
    check(size <= MAX_FILE_BYTES, "length");
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

function parseKeyring(text: string): Keyring {
  const value = toObject(JSON.parse(text));
  check(Object.keys(value).length === 2, "members");
  const current = String(value["current"]);
  const entries = Object.entries(toObject(value["keys"]));
  check(entries.length >= 1 && entries.length <= MAX_KEYS, "keys");
  const keys = new Map(entries.map(([id, key]) => [checkText(id, KEY_ID, "key id"), toKeyBytes(key)]));
  check(keys.has(current), "current");
  return { current, keys };
}

function toKeyBytes(value: unknown): Uint8Array {
  return Buffer.from(checkText(typeof value === "string" ? value : "", KEY, "key"), "base64");
}

function toObject(value: unknown): Readonly<Record<string, unknown>> {
  check(typeof value === "object" && value !== null && !Array.isArray(value), "object");
  return value as Readonly<Record<string, unknown>>;
}
