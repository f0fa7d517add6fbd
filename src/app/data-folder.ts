import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { createApproverKey, toPrivateKeyPem, toPublicKey } from "../../certs/keys.ts";
import { createTrust } from "../../certs/trust/create.ts";
import type { Policy, Role } from "../../certs/trust/policy.ts";
import { createAuthority, issueServerCertificate, type KeyAndCertificate } from "../../certs/x509/authority.ts";
import { generateRsaKey, toRsaKeyPem, toRsaPublicKey } from "../../certs/x509/rsa-key.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { syncFolder, writeFileDurably } from "./durable-file.ts";
import { SAMPLE_ACQUIRING, SAMPLE_PARAMETERS, writeProfileDefaults } from "./profile-defaults.ts";
import { writeTrust } from "./trust-files.ts";

const AUTHORITY_DAYS = 3_650;
const SERVER_DAYS = 397;
const OWNER_ONLY = 0o700;
const SECRET = 0o600;
const PUBLIC = 0o644;

/** Layout of a data folder; the marker is written last, so that a folder with a marker is whole. */
const MARKER = "tillsync.json";
const LAYOUT_VERSION = 1;

/** Where the service keeps everything; all paths absolute. */
export interface DataFolder {
  readonly path: string;
  readonly database: string;
  /** Folder of trust metadata and the online key. */
  readonly trust: string;
  /** Folder of the demo approvers' private keys, one `<person>.pem` each. */
  readonly approvers: string;
  readonly authority: KeyAndCertificate;
  readonly server: KeyAndCertificate;
}

/** The two people of a new folder. Their keys are for trying Tillsync out: real ones never touch a server. */
export const DEMO_APPROVERS: readonly {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
}[] = [
  { id: "wang.li", name: "王丽", roles: ["maker", "parameters"] },
  { id: "chen.bo", name: "陈波", roles: ["checker"] },
];

/**
 * The data folder at `path`; made whole or not at all where there is none: private authority, server certificate,
 * trust root with the demo approvers. `now` in seconds.
 *
 * @throws TillsyncError DATA_FOLDER_INVALID where something else is at that path or a file is missing
 */
export async function openDataFolder(
  path: string,
  now: number,
): Promise<{ readonly folder: DataFolder; readonly created: boolean }> {
  if (existsSync(path)) return { folder: readDataFolder(path), created: false };
  const parent = dirname(resolve(path));
  mkdirSync(parent, { recursive: true });
  const draft = mkdtempSync(join(parent, `.${basename(path)}-`));
  try {
    await fillDataFolder(draft, now);
    const created = claim(draft, path);
    await syncFolder(parent);
    return { folder: readDataFolder(path), created };
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** @throws TillsyncError DATA_FOLDER_INVALID */
export function readDataFolder(path: string): DataFolder {
  const absolute = resolve(path);
  const marker = readText(absolute, MARKER);
  if (marker.trim() !== JSON.stringify({ layout: LAYOUT_VERSION })) {
    throw new TillsyncError("DATA_FOLDER_INVALID", { file: MARKER });
  }
  return {
    path: absolute,
    database: join(absolute, "tillsync.sqlite"),
    trust: join(absolute, "trust"),
    approvers: join(absolute, "approvers"),
    authority: readPair(absolute, "ca"),
    server: readPair(absolute, "server"),
  };
}

/** Gives the draft its name; false where another process was quicker. */
function claim(draft: string, path: string): boolean {
  try {
    renameSync(draft, path);
    return true;
  } catch (error) {
    if (existsSync(join(path, MARKER))) return false;
    throw error;
  }
}

async function fillDataFolder(folder: string, now: number): Promise<void> {
  const at = new Date(now * 1_000);
  const authority = await createAuthority({ name: "Tillsync private CA", days: AUTHORITY_DAYS, now: at });
  const serverKey = await generateRsaKey();
  const certificate = await issueServerCertificate(authority, {
    name: "Tillsync fleet service",
    publicKey: toRsaPublicKey(serverKey),
    dnsNames: ["localhost"],
    ipAddresses: ["127.0.0.1", "::1"],
    days: SERVER_DAYS,
    now: at,
  });
  await writePair(folder, "ca", authority);
  await writePair(folder, "server", { key: toRsaKeyPem(serverKey), certificate });
  await fillTrust(folder, now);
  await writeProfileDefaults(folder, { acquiring: SAMPLE_ACQUIRING, parameters: SAMPLE_PARAMETERS });
  await writeFileDurably(join(folder, MARKER), `${JSON.stringify({ layout: LAYOUT_VERSION })}\n`, PUBLIC);
}

async function fillTrust(folder: string, now: number): Promise<void> {
  const approvers = DEMO_APPROVERS.map((person) => ({ ...person, key: createApproverKey() }));
  const keys = approvers.map(({ key }) => key);
  const online = createApproverKey();
  const policy: Policy = {
    version: 1,
    persons: approvers.map(({ id, name, roles, key }) => ({ id, name, roles, keys: [toPublicKey(key)] })),
    thresholds: { binding: ["maker", "checker"], merchant: ["maker", "checker"], parameters: ["parameters"] },
  };
  const bundle = createTrust({ root: keys, targets: keys, snapshot: [online], timestamp: [online] }, policy, now);
  await writeTrust(join(folder, "trust"), bundle, toPrivateKeyPem(online));
  makeFolder(folder, "approvers");
  for (const { id, key } of approvers) {
    await writeFileDurably(join(folder, "approvers", `${id}.pem`), toPrivateKeyPem(key), SECRET);
  }
}

async function writePair(folder: string, name: string, pair: KeyAndCertificate): Promise<void> {
  makeFolder(folder, name);
  await writeFileDurably(join(folder, name, `${name}.key`), pair.key, SECRET);
  await writeFileDurably(join(folder, name, `${name}.pem`), pair.certificate, PUBLIC);
}

function readPair(folder: string, name: string): KeyAndCertificate {
  return {
    key: readText(folder, join(name, `${name}.key`)),
    certificate: readText(folder, join(name, `${name}.pem`)),
  };
}

function makeFolder(folder: string, name: string): void {
  mkdirSync(join(folder, name), { mode: OWNER_ONLY });
}

function readText(folder: string, file: string): string {
  try {
    return readFileSync(join(folder, file), "utf8");
  } catch (cause) {
    throw new TillsyncError("DATA_FOLDER_INVALID", { folder, file }, cause);
  }
}
