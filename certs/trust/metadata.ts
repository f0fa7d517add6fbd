import { hash, type KeyObject, sign } from "node:crypto";
import { isEqual, toDigest, toHex } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { type ApproverKey, toPublicKey } from "../keys.ts";
import { isRecord, parseJson, toCanonicalBytes, toInteger, toRecord, toStrings, toVersion } from "./json.ts";
import { OWN, type Rules } from "./rules.ts";
import { isSignedBy, parseRoleKey, type RoleKey } from "./schemes.ts";

// Metadata files in the form of the TUF specification 1.0, section 4. Members that it does not define are kept: they are
// signed with the rest.

export const SPEC_VERSION = "1.0.31";
const MAX_SIGNATURES = 32;
const MAX_SIGNATURE_CHARACTERS = 2_048;
const MAX_KEYS = 64;
const MAX_KEY_ID_CHARACTERS = 256;

export type RoleName = "root" | "timestamp" | "snapshot" | "targets";
export const ROLE_NAMES: readonly RoleName[] = ["root", "timestamp", "snapshot", "targets"];

/** A metadata file that has been read; nothing of `signed` may be believed before `verifyRole`. */
export interface Metadata {
  readonly signed: Readonly<Record<string, unknown>>;
  readonly version: number;
  /** Seconds. */
  readonly expires: number;
  /** Of different keys. What is no hexadecimal is an empty value, which never holds. */
  readonly signatures: readonly { readonly keyId: string; readonly value: Uint8Array }[];
}

/** The keys of a role by the ids that files use, and how many of them it takes. */
export interface RoleKeys {
  readonly keys: ReadonlyMap<string, RoleKey>;
  readonly threshold: number;
}

/**
 * What one file says of another: the version of metadata (0 for a target, which has none), length and digests. A target
 * always has the two, for nothing else tells it from any other file; metadata has signatures of its own.
 */
export interface FileReference {
  readonly version: number;
  readonly length: number | undefined;
  /** Hexadecimal digests by algorithm, at least one that is known here; undefined where none is told. */
  readonly hashes: Readonly<Partial<Record<HashName, string>>> | undefined;
}

const HASHES = ["sha256", "sha512"] as const;
export type HashName = (typeof HASHES)[number];

/** @throws TillsyncError TRUST_INVALID, BYTES_TOO_LARGE */
export function parseMetadata(type: RoleName, bytes: Uint8Array, rules: Rules = OWN): Metadata {
  const { signed, signatures } = parseJson(bytes, rules.bytes[type]);
  if (!isRecord(signed) || signed["_type"] !== type)
    throw new TillsyncError("TRUST_INVALID", { what: `${type}._type` });
  const specVersion = signed["spec_version"];
  if (typeof specVersion !== "string" || !/^1\.\d+(\.\d+)?$/.test(specVersion)) {
    throw new TillsyncError("TRUST_INVALID", { what: `${type}.spec_version` });
  }
  return {
    signed,
    version: toVersion(signed["version"], `${type}.version`),
    expires: toSeconds(signed["expires"], `${type}.expires`),
    signatures: toSignatures(signatures, `${type}.signatures`),
  };
}

/**
 * Checks the role's threshold over different keys. Signatures by other keys and wrong signatures count for nothing.
 *
 * @throws TillsyncError TRUST_UNSIGNED
 */
export function verifyRole(metadata: Metadata, role: RoleKeys): void {
  const bytes = toCanonicalBytes(metadata.signed);
  const holding = metadata.signatures.filter(({ keyId, value }) => {
    const key = role.keys.get(keyId);
    return key !== undefined && isSignedBy(key, bytes, value);
  });
  if (holding.length < role.threshold) {
    throw new TillsyncError("TRUST_UNSIGNED", {
      role: String(metadata.signed["_type"]),
      signatures: holding.length,
      threshold: role.threshold,
    });
  }
}

/** @throws TillsyncError TRUST_INVALID, KEY_INVALID unless the root names this role as the rules demand */
export function toRoleKeys(root: Metadata, name: RoleName, rules: Rules = OWN): RoleKeys {
  const roles = toRecord(root.signed["roles"], "root.roles");
  const role = readRoleKeys(root.signed["keys"], roles[name], `root.roles.${name}`, rules);
  if (rules.demandsSignableRoles && role.threshold > role.keys.size) {
    throw new TillsyncError("TRUST_INVALID", { what: `root.roles.${name}.threshold` });
  }
  return role;
}

/**
 * Keys and threshold from a record of a role and the keys beside it. Two names for one public key are refused, so that
 * a threshold counts different keys.
 *
 * @throws TillsyncError TRUST_INVALID, KEY_INVALID
 */
export function readRoleKeys(keys: unknown, role: unknown, what: string, rules: Rules): RoleKeys {
  const entries = toRecord(keys, what);
  const { keyids, threshold } = toRecord(role, what);
  if (Object.keys(entries).length > MAX_KEYS) throw new TillsyncError("TRUST_INVALID", { what });
  const parsed = new Map(toStrings(keyids, what).map((id) => [id, parseRoleKey(entries[id], rules.schemes)]));
  const distinct = new Set([...parsed.values()].map((key) => key.id)).size;
  if (distinct !== parsed.size) throw new TillsyncError("TRUST_INVALID", { what: `${what}.keyids` });
  return { keys: parsed, threshold: toInteger(threshold, `${what}.threshold`) };
}

/** @throws TillsyncError TRUST_INVALID unless `signed[list][file]` is such a reference */
export function toFileReference(metadata: Metadata, list: "meta" | "targets", file: string): FileReference {
  const entries = toRecord(metadata.signed[list], list);
  return readFileReference(Object.hasOwn(entries, file) ? entries[file] : undefined, list, file);
}

/** @throws TillsyncError TRUST_INVALID unless the entry for the file in such a list is a reference */
export function readFileReference(value: unknown, list: "meta" | "targets", file: string): FileReference {
  const { version, length, hashes } = toRecord(value, file);
  if (list === "targets") return { version: 0, length: toLength(length, file), hashes: toHashes(hashes, file) };
  return {
    version: toVersion(version, file),
    length: length === undefined ? undefined : toLength(length, file),
    hashes: hashes === undefined ? undefined : toHashes(hashes, file),
  };
}

/** @throws TillsyncError TRUST_INVALID unless length and digests are the ones told */
export function verifyReference(reference: FileReference, bytes: Uint8Array, what: string): void {
  if (!isReferred(reference, bytes)) throw new TillsyncError("TRUST_INVALID", { what: `${what} hash` });
}

/** Whether length and digests are the ones told. */
export function isReferred({ length, hashes }: FileReference, bytes: Uint8Array): boolean {
  const isLong = length === undefined || length === bytes.length;
  return isLong && HASHES.every((name) => isHash(name, bytes, hashes?.[name]));
}

/** Seconds from a time as TUF writes it, `YYYY-MM-DDTHH:MM:SSZ`. */
export function toSeconds(value: unknown, what: string): number {
  const isTime = typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value);
  const seconds = isTime ? Date.parse(value) / 1_000 : Number.NaN;
  // A 30th of February would be read as the 2nd of March.
  if (Number.isNaN(seconds) || toTimeText(seconds) !== value) throw new TillsyncError("TRUST_INVALID", { what });
  return seconds;
}

/** The time as TUF writes it. */
export function toTimeText(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace(/\.\d+Z$/, "Z");
}

/** A key as root metadata holds it, and its TUF key id: SHA-256 of its canonical JSON. */
export function toTufKey(key: ApproverKey): { readonly id: string; readonly entry: object } {
  const entry = { keytype: "ed25519", scheme: "ed25519", keyval: { public: toHex(key.raw) } };
  return { id: toHex(toDigest(toCanonicalBytes(entry))), entry };
}

/** The file: `signed` with a signature by each key. */
export function toMetadataBytes(signed: object, signers: readonly KeyObject[]): Uint8Array {
  const bytes = toCanonicalBytes(signed);
  const signatures = signers.map((signer) => ({
    keyid: toTufKey(toPublicKey(signer)).id,
    sig: sign(null, bytes, signer).toString("hex"),
  }));
  return Buffer.from(`${JSON.stringify({ signatures, signed }, null, 1)}\n`);
}

function toSignatures(value: unknown, what: string): Metadata["signatures"] {
  if (!Array.isArray(value) || value.length > MAX_SIGNATURES) throw new TillsyncError("TRUST_INVALID", { what });
  const signatures = value.map((item: unknown) => {
    const { keyid, sig } = toRecord(item, what);
    if (!isText(keyid, MAX_KEY_ID_CHARACTERS) || !isText(sig, MAX_SIGNATURE_CHARACTERS)) {
      throw new TillsyncError("TRUST_INVALID", { what });
    }
    // Who has not signed yet stands with an empty text in files of some repositories.
    return { keyId: keyid, value: Buffer.from(/^([0-9a-f]{2})*$/.test(sig) ? sig : "", "hex") };
  });
  toStrings(
    signatures.map(({ keyId }) => keyId),
    what,
  );
  return signatures;
}

function isText(value: unknown, most: number): value is string {
  return typeof value === "string" && value.length <= most;
}

function toLength(value: unknown, what: string): number {
  return value === 0 ? 0 : toInteger(value, what);
}

function isHash(name: HashName, bytes: Uint8Array, told: string | undefined): boolean {
  return told === undefined || isEqual(hash(name, bytes, "buffer"), Buffer.from(told, "hex"));
}

/** Digests by other algorithms than these are passed over; where there is no other, nothing could be proven. */
function toHashes(value: unknown, what: string): NonNullable<FileReference["hashes"]> {
  const told = toRecord(value, what);
  const known = HASHES.filter((name) => told[name] !== undefined).map((name) => [name, told[name]] as const);
  const isRight = known.every(([name, text]) => typeof text === "string" && DIGESTS[name].test(text));
  if (known.length === 0 || !isRight) throw new TillsyncError("TRUST_INVALID", { what: `${what} hash` });
  return Object.fromEntries(known);
}

const DIGESTS: Readonly<Record<HashName, RegExp>> = { sha256: /^[0-9a-f]{64}$/, sha512: /^[0-9a-f]{128}$/ };
