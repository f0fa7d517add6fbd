import { type KeyObject, sign, verify } from "node:crypto";
import { isEqual, toDigest, toHex } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { type ApproverKey, parseApproverKey, toPublicKey } from "../keys.ts";
import { isRecord, parseJson, toCanonicalBytes, toInteger, toStrings } from "./json.ts";

// Metadata files in the form of the TUF specification 1.0, section 4. Keys are Ed25519 only.

export const SPEC_VERSION = "1.0.31";
const MAX_SIGNATURES = 32;
const MAX_KEYS = 64;

export type RoleName = "root" | "timestamp" | "snapshot" | "targets";
export const ROLE_NAMES: readonly RoleName[] = ["root", "timestamp", "snapshot", "targets"];

/** A metadata file that has been read; nothing of `signed` may be believed before `verifyRole`. */
export interface Metadata {
  readonly signed: Readonly<Record<string, unknown>>;
  readonly version: number;
  /** Seconds. */
  readonly expires: number;
  readonly signatures: readonly { readonly keyId: string; readonly value: Uint8Array }[];
}

/** The keys of a role and how many of them it takes. */
export interface RoleKeys {
  readonly keys: ReadonlyMap<string, ApproverKey>;
  readonly threshold: number;
}

/** How one metadata file names another: version, and for hashed files length and SHA-256. */
export interface FileReference {
  readonly version: number;
  readonly length: number;
  readonly sha256: string;
}

/** @throws TillsyncError TRUST_INVALID, BYTES_TOO_LARGE */
export function parseMetadata(type: RoleName, bytes: Uint8Array): Metadata {
  const { signed, signatures } = parseJson(bytes);
  if (!isRecord(signed) || signed["_type"] !== type)
    throw new TillsyncError("TRUST_INVALID", { what: `${type}._type` });
  if (!/^1\.\d+(\.\d+)?$/.test(String(signed["spec_version"]))) {
    throw new TillsyncError("TRUST_INVALID", { what: `${type}.spec_version` });
  }
  return {
    signed,
    version: toInteger(signed["version"], `${type}.version`),
    expires: toSeconds(signed["expires"], `${type}.expires`),
    signatures: toSignatures(signatures, type),
  };
}

/**
 * Checks the role's threshold over different keys. Signatures by other keys and wrong signatures count for nothing.
 *
 * @throws TillsyncError TRUST_UNSIGNED
 */
export function verifyRole(metadata: Metadata, role: RoleKeys): void {
  const bytes = toCanonicalBytes(metadata.signed);
  const holding = [...role.keys.values()].filter((key) =>
    metadata.signatures.some(({ keyId, value }) => role.keys.get(keyId) === key && verify(null, bytes, key.key, value)),
  );
  if (holding.length < role.threshold) {
    throw new TillsyncError("TRUST_UNSIGNED", {
      role: String(metadata.signed["_type"]),
      signatures: holding.length,
      threshold: role.threshold,
    });
  }
}

/** @throws TillsyncError TRUST_INVALID unless the root names this role with a threshold its different keys can meet */
export function toRoleKeys(root: Metadata, name: RoleName): RoleKeys {
  const { keys, roles } = root.signed;
  const role = isRecord(roles) ? roles[name] : undefined;
  if (!isRecord(keys) || Object.keys(keys).length > MAX_KEYS || !isRecord(role)) {
    throw new TillsyncError("TRUST_INVALID", { what: `root.roles.${name}` });
  }
  const ids = toStrings(role["keyids"], `root.roles.${name}`);
  const parsed = new Map(ids.map((id) => [id, toKey(keys[id])]));
  const threshold = toInteger(role["threshold"], `root.roles.${name}.threshold`);
  // Two names for one public key must never count twice.
  const distinct = new Set([...parsed.values()].map((key) => key.id)).size;
  if (distinct !== ids.length || threshold > distinct) {
    throw new TillsyncError("TRUST_INVALID", { what: `root.roles.${name}.threshold` });
  }
  return { keys: parsed, threshold };
}

/** @throws TillsyncError TRUST_INVALID unless `signed[list][file]` is such a reference */
export function toFileReference(metadata: Metadata, list: "meta" | "targets", file: string): FileReference {
  const entries = metadata.signed[list];
  const entry = isRecord(entries) && Object.hasOwn(entries, file) ? entries[file] : undefined;
  const hashes = isRecord(entry) ? entry["hashes"] : undefined;
  if (!isRecord(entry) || !isRecord(hashes) || typeof hashes["sha256"] !== "string") {
    throw new TillsyncError("TRUST_INVALID", { what: file });
  }
  const version = list === "meta" ? toInteger(entry["version"], file) : 0;
  return { version, length: toInteger(entry["length"], file), sha256: hashes["sha256"] };
}

/** @throws TillsyncError TRUST_INVALID unless length and SHA-256 are the ones named */
export function verifyReference(reference: FileReference, bytes: Uint8Array, what: string): void {
  const named = Buffer.from(reference.sha256, "hex");
  if (bytes.length !== reference.length || !isEqual(toDigest(bytes), named)) {
    throw new TillsyncError("TRUST_INVALID", { what: `${what} hash` });
  }
}

/** Seconds from a time as TUF writes it, `YYYY-MM-DDTHH:MM:SSZ`. */
export function toSeconds(value: unknown, what: string): number {
  const isTime = typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value);
  const seconds = isTime ? Date.parse(value) / 1_000 : Number.NaN;
  if (Number.isNaN(seconds)) throw new TillsyncError("TRUST_INVALID", { what });
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

function toKey(entry: unknown): ApproverKey {
  const keyval = isRecord(entry) ? entry["keyval"] : undefined;
  if (!isRecord(entry) || entry["keytype"] !== "ed25519" || entry["scheme"] !== "ed25519" || !isRecord(keyval)) {
    throw new TillsyncError("KEY_INVALID", { expected: "ed25519" });
  }
  return parseApproverKey(String(keyval["public"]));
}

function toSignatures(value: unknown, what: string): Metadata["signatures"] {
  if (!Array.isArray(value) || value.length > MAX_SIGNATURES) throw new TillsyncError("TRUST_INVALID", { what });
  return value.map((item: unknown) => {
    const { keyid, sig } = isRecord(item) ? item : {};
    if (typeof keyid !== "string" || typeof sig !== "string" || !/^[0-9a-f]{128}$/.test(sig)) {
      throw new TillsyncError("TRUST_INVALID", { what: `${what}.signatures` });
    }
    return { keyId: keyid, value: Buffer.from(sig, "hex") };
  });
}
