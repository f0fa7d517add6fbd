import { constants, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { toCanonicalBytes } from "../../certs/trust/json.ts";
import { toTimeText } from "../../certs/trust/metadata.ts";
import type { Scheme } from "../../certs/trust/schemes.ts";
import { toDigest, toHex } from "../../proto/bytes.ts";

// A TUF repository that a test can alter in every way, also in those in which no honest one would.

const DAY_S = 86_400;

export interface Signer {
  readonly keyId: string;
  /** The key as metadata holds it. */
  readonly entry: object;
  sign(bytes: Uint8Array): string;
}

export interface Reference {
  version: number;
  length?: number;
  hashes?: Record<string, string>;
}

interface RoleEntry {
  keyids: string[];
  threshold: number;
}

export interface DelegatedRole extends RoleEntry {
  name: string;
  terminating: boolean;
  paths?: string[];
  path_hash_prefixes?: string[];
}

/** The signed part of a file; each type has some of the members. */
export interface Part {
  _type: string;
  spec_version: string;
  version: number;
  expires: string;
  consistent_snapshot?: boolean;
  keys: Record<string, object>;
  roles: Record<string, RoleEntry>;
  meta: Record<string, Reference>;
  targets: Record<string, { length: number; hashes: Record<string, string> }>;
  delegations?: { keys: Record<string, object>; roles: DelegatedRole[] };
  [more: string]: unknown;
}

export interface TufRepository {
  /** Whatever it serves, by address: `metadata/timestamp.json`, `targets/a/b.txt`. */
  readonly files: Map<string, Uint8Array>;
  /** The first root. */
  readonly firstRoot: Uint8Array;
  readonly parts: Record<string, Part>;
  /** Who signs each role's file; what the keys of a role are, its delegator's part says. */
  readonly signers: Record<string, Signer[]>;
  /** Whether references tell length and digest. */
  isHashing: boolean;
  /** Signs each role's part as the next version and serves it. Name those last that refer to the others. */
  publish(...roles: string[]): void;
  /** Signs the part as it is and serves it under its version, without a word to whoever refers to it. */
  serve(role: string): Uint8Array;
  /** Gives a role of the root these keys; they sign from now on. */
  rotate(role: string, signers: Signer[], threshold?: number): void;
  addTarget(path: string, content: Uint8Array | string, role?: string): void;
  delegate(from: string, role: string, how: Partial<DelegatedRole>): void;
}

export function createTufRepository(now: number, isConsistent = true): TufRepository {
  const expires = now + 30 * DAY_S;
  const files = new Map<string, Uint8Array>();
  const parts: TufRepository["parts"] = {};
  const signers: TufRepository["signers"] = {};
  for (const role of ["root", "timestamp", "snapshot", "targets"]) {
    parts[role] = toPart(role, expires);
    signers[role] = [createSigner()];
  }
  const root = toKnown(parts, "root");
  root.consistent_snapshot = isConsistent;

  const repository: Omit<TufRepository, "firstRoot"> = {
    files,
    parts,
    signers,
    isHashing: false,
    publish: (...roles) => {
      for (const role of roles) {
        toKnown(parts, role).version += 1;
        const bytes = repository.serve(role);
        const reference = toReference(toKnown(parts, role).version, bytes, repository.isHashing);
        if (role === "snapshot") toKnown(parts, "timestamp").meta["snapshot.json"] = reference;
        else if (role !== "root" && role !== "timestamp") toKnown(parts, "snapshot").meta[`${role}.json`] = reference;
      }
    },
    serve: (role) => {
      const part = toKnown(parts, role);
      const bytes = toFile(part, signers[role] ?? []);
      const isVersioned = role === "root" || (role !== "timestamp" && root.consistent_snapshot === true);
      files.set(`metadata/${isVersioned ? `${part.version}.` : ""}${encodeURIComponent(role)}.json`, bytes);
      return bytes;
    },
    rotate: (role, next, threshold = next.length) => {
      for (const { keyId, entry } of next) root.keys[keyId] = entry;
      root.roles[role] = { keyids: next.map(({ keyId }) => keyId), threshold };
      signers[role] = next;
    },
    addTarget: (path, content, role = "targets") => {
      const bytes = Buffer.from(content);
      const sha256 = toHex(toDigest(bytes));
      toKnown(parts, role).targets[path] = { length: bytes.length, hashes: { sha256 } };
      files.set(toTargetAddress(path, sha256, root.consistent_snapshot === true), bytes);
    },
    delegate: (from, role, how) => {
      const signer = createSigner();
      const part = toKnown(parts, from);
      part.delegations ??= { keys: {}, roles: [] };
      part.delegations.keys[signer.keyId] = signer.entry;
      part.delegations.roles.push({ name: role, keyids: [signer.keyId], threshold: 1, terminating: false, ...how });
      parts[role] ??= toPart("targets", expires);
      signers[role] = [...(signers[role] ?? []), signer];
    },
  };
  for (const role of Object.keys(signers)) repository.rotate(role, signers[role] as Signer[]);
  repository.publish("root", "targets", "snapshot", "timestamp");
  return Object.assign(repository, { firstRoot: files.get("metadata/1.root.json") as Uint8Array });
}

/** Where the repository serves a target. */
export function toTargetAddress(path: string, sha256: string, isConsistent: boolean): string {
  const parts = path.split("/");
  const last = parts.pop() as string;
  return ["targets", ...parts, isConsistent ? `${sha256}.${last}` : last].map(encodeURIComponent).join("/");
}

/** The file of a part with a signature of each. */
export function toFile(part: object, signers: readonly Signer[]): Uint8Array {
  const bytes = toCanonicalBytes(part);
  const signatures = signers.map((signer) => ({ keyid: signer.keyId, sig: signer.sign(bytes) }));
  return Buffer.from(JSON.stringify({ signatures, signed: part }));
}

export function createSigner(scheme: Scheme = "ed25519"): Signer {
  const { publicKey, privateKey } = SCHEMES[scheme].generate();
  const { keytype, toPublic, options } = SCHEMES[scheme];
  const entry = { keytype, scheme, keyval: { public: toPublic(publicKey) } };
  const algorithm = scheme === "ed25519" ? null : "sha256";
  return {
    keyId: toHex(toDigest(toCanonicalBytes(entry))),
    entry,
    sign: (bytes) => sign(algorithm, bytes, { key: privateKey, ...options }).toString("hex"),
  };
}

const toPem = (key: KeyObject) => key.export({ type: "spki", format: "pem" }).toString();

const SCHEMES = {
  ed25519: {
    keytype: "ed25519",
    generate: () => generateKeyPairSync("ed25519"),
    toPublic: (key: KeyObject) => toHex(key.export({ type: "spki", format: "der" }).subarray(-32)),
    options: {},
  },
  "ecdsa-sha2-nistp256": {
    keytype: "ecdsa",
    generate: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
    toPublic: toPem,
    options: {},
  },
  "rsassa-pss-sha256": {
    keytype: "rsa",
    generate: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
    toPublic: toPem,
    options: { padding: constants.RSA_PKCS1_PSS_PADDING },
  },
} as const;

function toPart(role: string, expires: number): Part {
  const part = { _type: role, spec_version: "1.0.31", version: 0, expires: toTimeText(expires) };
  const members = { root: { keys: {}, roles: {} }, timestamp: { meta: {} }, snapshot: { meta: {} } };
  const own = role === "root" || role === "timestamp" || role === "snapshot" ? members[role] : { targets: {} };
  return { ...part, ...own } as Part;
}

function toReference(version: number, bytes: Uint8Array, isHashing: boolean): Reference {
  return isHashing ? { version, length: bytes.length, hashes: { sha256: toHex(toDigest(bytes)) } } : { version };
}

function toKnown(parts: TufRepository["parts"], role: string): Part {
  const part = parts[role];
  if (part === undefined) throw new Error(`no ${role}`);
  return part;
}
