import { existsSync, readFileSync, statSync } from "node:fs";
import { InvalidArgumentError } from "commander";
import { type ApproverKey, parseApproverKey } from "../../../certs/keys.ts";
import { type Caps, MOST, type Person, ROLES, type Role } from "../../../certs/trust/policy.ts";
import { TillsyncError } from "../../../proto/errors.ts";

// Arguments of `tillsync trust`. Public keys come as the files that `tillsync-sign keygen` writes: 64 hexadecimal digits
// first, then words for people.

const MAX_PUBLIC_KEY_FILE_BYTES = 1_024;
const PUBLIC_KEY = /^[0-9a-f]{64}(?=\s|$)/;

/** @throws TillsyncError CONFIG_INVALID where there is no such file, KEY_INVALID where it begins with no public key */
export function readPublicKey(fileOrHex: string): ApproverKey {
  if (/^[0-9a-f]{64}$/.test(fileOrHex)) return parseApproverKey(fileOrHex);
  const text = readSmall(fileOrHex);
  const [hex] = PUBLIC_KEY.exec(text) ?? [];
  if (hex === undefined) throw new TillsyncError("KEY_INVALID", { file: fileOrHex, expected: "a public key" });
  return parseApproverKey(hex);
}

/** Ids of keys told by their files, by hexadecimal public keys, or by the ids themselves. */
export function toKeyIds(texts: readonly string[], known: readonly ApproverKey[]): readonly string[] {
  return texts.map((text) => known.find(({ id }) => id === text)?.id ?? readPublicKey(text).id);
}

/** A person from `id:name:role+role:file.pub`; the name may hold colons no more than a line of the others may. */
export function parsePerson(text: string): Person {
  const [id = "", name = "", roles = "", ...file] = text.split(":");
  if (file.length === 0) throw new InvalidArgumentError("Expected id:name:role+role:file.pub.");
  return { id, name, roles: parseRoles(roles), keys: [readPublicKey(file.join(":"))] };
}

/** Roles joined by plus signs. */
export function parseRoles(text: string): readonly Role[] {
  return text.split("+").map((word) => {
    const role = ROLES.find((candidate) => candidate === word);
    if (role === undefined) throw new InvalidArgumentError(`Expected roles joined by +: ${ROLES.join(", ")}.`);
    return role;
  });
}

/** One cap as `name=number`, with those before it. */
export function collectCap(text: string, previous: Partial<Caps>): Partial<Caps> {
  const [, name = "", value = ""] = /^([A-Za-z]+)=(\d{1,10})$/.exec(text) ?? [];
  if (!Object.hasOwn(MOST, name))
    throw new InvalidArgumentError(`Expected name=number: ${Object.keys(MOST).join(", ")}.`);
  return { ...previous, [name]: Number(value) };
}

function readSmall(file: string): string {
  if (!existsSync(file)) throw new TillsyncError("CONFIG_INVALID", { unreadable: file });
  if (statSync(file).size > MAX_PUBLIC_KEY_FILE_BYTES) throw new TillsyncError("KEY_INVALID", { file });
  return readFileSync(file, "utf8");
}
