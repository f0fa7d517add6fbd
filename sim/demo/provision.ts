import { type KeyObject, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createCardKey } from "../../certs/seal.ts";
import { issueTerminalCertificate, type KeyAndCertificate } from "../../certs/x509/authority.ts";
import { generateRsaKey, parseRsaKey, toRsaKeyPem, toRsaPublicKey } from "../../certs/x509/rsa-key.ts";
import { toHex } from "../../proto/bytes.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { writeFileDurably } from "../../src/app/durable-file.ts";
import { toSimulatedSnKey, toSimulatedTmk } from "../keys.ts";

const CERTIFICATE_DAYS = 30;
const CARD_KEY_FILE = "card.key";
const OWNER_ONLY = 0o700;
const SECRET = 0o600;
const PUBLIC = 0o644;
const RENEW_BEFORE_MS = 10 * 86_400_000;
/** Short, so that a story of seconds shows a reconnect; a real terminal keeps the agent's defaults. */
const RECONNECT_BASE_MS = 100;
const RECONNECT_CAP_MS = 1_000;

/** A simulated terminal's folder, as an installer would leave it on a real one before it enrols. */
export interface InstalledTerminal {
  readonly tusn: Tusn;
  readonly folder: string;
  readonly configFile: string;
}

/** One that has a certificate, too. */
export interface ProvisionedTerminal extends InstalledTerminal {
  /** PEM. */
  readonly certificate: string;
}

export interface InstallationRequest {
  readonly tusn: Tusn;
  /** Folder that holds one folder per terminal. */
  readonly agents: string;
  /** Certificate of the private authority in PEM. */
  readonly ca: string;
  /** Pinned trust root. */
  readonly root: Uint8Array;
  readonly port: number;
  /** The model settles with the number of the card itself: it gets a card key. */
  readonly needsCardNumber: boolean;
  /** Where it renews its certificate; where absent it does not. */
  readonly enrolUrl?: string;
}

export interface ProvisionRequest extends Omit<InstallationRequest, "ca"> {
  readonly authority: KeyAndCertificate;
  readonly now: Date;
}

/** Makes device key, certificate and configuration where they are missing, without any enrolment. */
export async function provisionTerminal(request: ProvisionRequest): Promise<ProvisionedTerminal> {
  const installed = await installTerminal({ ...request, ca: request.authority.certificate });
  return { ...installed, certificate: await openCertificate(installed.folder, request) };
}

/** Writes the installer's part: authority, root, configuration, card key. Ports are always written anew. */
export async function installTerminal(request: InstallationRequest): Promise<InstalledTerminal> {
  const folder = join(request.agents, request.tusn);
  // The simulated terminal keeps the profile it trades on in a folder of its own.
  mkdirSync(join(folder, "terminal"), { recursive: true, mode: OWNER_ONLY });
  writeFileSync(join(folder, "ca.pem"), request.ca);
  // Pinned once: later roots reach the terminal by rotation.
  if (!existsSync(join(folder, "root.json"))) writeFileSync(join(folder, "root.json"), request.root);
  if (request.needsCardNumber) await makeCardKey(join(folder, CARD_KEY_FILE));
  const configFile = join(folder, "agent.json");
  writeFileSync(configFile, `${JSON.stringify(toConfig(request), null, 2)}\n`);
  return { tusn: request.tusn, folder, configFile };
}

/** A certificate that lasts: a new one for the same key where the old one is near its end or cannot be read. */
async function openCertificate(folder: string, request: ProvisionRequest): Promise<string> {
  const file = join(folder, "device.pem");
  const held = readCertificate(file);
  const renewFrom = request.now.getTime() + RENEW_BEFORE_MS;
  if (held !== undefined && Date.parse(held.validTo) > renewFrom) return held.toString();
  const key = await openDeviceKey(join(folder, "device.key"));
  const certificate = await issueTerminalCertificate(request.authority, {
    tusn: request.tusn,
    publicKey: toRsaPublicKey(key),
    days: CERTIFICATE_DAYS,
    now: request.now,
  });
  await writeFileDurably(file, certificate, PUBLIC);
  return certificate;
}

async function openDeviceKey(file: string): Promise<KeyObject> {
  if (existsSync(file)) return parseRsaKey(readFileSync(file, "utf8"));
  const key = await generateRsaKey();
  await writeFileDurably(file, toRsaKeyPem(key), SECRET);
  return key;
}

async function makeCardKey(file: string): Promise<void> {
  if (existsSync(file)) return;
  await writeFileDurably(file, createCardKey().export({ type: "pkcs8", format: "pem" }).toString(), SECRET);
}

function readCertificate(file: string): X509Certificate | undefined {
  try {
    return new X509Certificate(readFileSync(file));
  } catch {
    return undefined;
  }
}

function toConfig({ tusn, port, needsCardNumber, enrolUrl }: InstallationRequest): object {
  return {
    tusn,
    host: "localhost",
    port,
    caFile: "ca.pem",
    certFile: "device.pem",
    keyFile: "device.key",
    rootFile: "root.json",
    ...(needsCardNumber ? { cardKeyFile: CARD_KEY_FILE } : {}),
    stateDir: "state",
    ...(enrolUrl === undefined ? {} : { enrolUrl }),
    terminal: {
      kind: "simulated",
      file: "terminal/profile.bin",
      tmk: toHex(toSimulatedTmk(tusn)),
      snKey: toHex(toSimulatedSnKey(tusn)),
    },
    reconnectBaseMs: RECONNECT_BASE_MS,
    reconnectCapMs: RECONNECT_CAP_MS,
  };
}
