import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { createAuthority, issueServerCertificate, type KeyAndCertificate } from "../../certs/x509/authority.ts";
import { generateRsaKey, toRsaKeyPem, toRsaPublicKey } from "../../certs/x509/rsa-key.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { writeDemoTrust } from "./demo-approvers.ts";
import { removeDrafts, syncFolder, writeFileDurably } from "./durable-file.ts";
import { SAMPLE_ACQUIRING, SAMPLE_PARAMETERS, writeProfileDefaults } from "./profile-defaults.ts";
import { installTrust } from "./trust/install.ts";
import { toFirstKeyFile } from "./trust/online-key.ts";

const AUTHORITY_DAYS = 3_650;
const SERVER_DAYS = 397;
const OWNER_ONLY = 0o700;
const SECRET = 0o600;
const PUBLIC = 0o644;

/** Layout of a data folder; the marker is written last, so that a folder with a marker is whole. */
const MARKER = "tillsync.json";
const LAYOUT_VERSION = 2;

/** Where the service keeps everything; all paths absolute. */
export interface DataFolder {
  readonly path: string;
  readonly database: string;
  /** Folder of trust metadata and the online key. */
  readonly trust: string;
  /** Folder of the demo approvers, as `demo-approvers.ts` makes it; not there where the trust is a real one. */
  readonly approvers: string;
  readonly authority: KeyAndCertificate;
  readonly server: KeyAndCertificate;
}

/**
 * The data folder at `path`; made whole or not at all where there is none: private authority, server certificate, and
 * trust. Drafts that a power cut has left in it are removed.
 *
 * @param now seconds
 * @param trust a signed ceremony of new trust, or a folder of trust metadata to go on from; demo approvers where absent
 * @throws TillsyncError DATA_FOLDER_INVALID where something else is at that path, a file is missing, or the folder was
 *   made by an older version; whatever `installTrust` throws
 */
export async function openDataFolder(
  path: string,
  now: number,
  trust?: string,
): Promise<{ readonly folder: DataFolder; readonly created: boolean }> {
  if (existsSync(path)) {
    const folder = readDataFolder(path);
    await removeDrafts(path);
    return { folder, created: false };
  }
  const parent = dirname(resolve(path));
  const draft = makeDraft(parent, basename(path));
  try {
    await fillDataFolder(draft, now);
    if (trust === undefined) await writeDemoTrust(draft, now);
    else await installTrust(join(draft, "trust"), { path, trust, now });
    await writeFileDurably(join(draft, MARKER), toMarker(), PUBLIC);
    const created = claim(draft, path);
    await syncFolder(parent);
    if (created) rmSync(toFirstKeyFile(path), { force: true });
    return { folder: readDataFolder(path), created };
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** @throws TillsyncError DATA_FOLDER_INVALID where no folder can be made there */
function makeDraft(parent: string, name: string): string {
  try {
    mkdirSync(parent, { recursive: true });
    return mkdtempSync(join(parent, `.${name}-`));
  } catch (cause) {
    throw new TillsyncError("DATA_FOLDER_INVALID", { parent, expected: "a folder that can be written to" }, cause);
  }
}

/** @throws TillsyncError DATA_FOLDER_INVALID */
export function readDataFolder(path: string): DataFolder {
  const absolute = resolve(path);
  const marker = readText(absolute, MARKER);
  if (marker !== toMarker()) {
    const expected = `layout ${LAYOUT_VERSION}: make a new folder with tillsync init`;
    throw new TillsyncError("DATA_FOLDER_INVALID", { file: MARKER, expected });
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
  await writeProfileDefaults(folder, { acquiring: SAMPLE_ACQUIRING, parameters: SAMPLE_PARAMETERS });
}

function toMarker(): string {
  return `${JSON.stringify({ layout: LAYOUT_VERSION })}\n`;
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
