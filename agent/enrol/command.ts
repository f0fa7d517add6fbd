import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { toDigits } from "../../certs/sign/render/fingerprint.ts";
import { toDigest, toHex } from "../../proto/bytes.ts";
import { type ErrorCode, TillsyncError, toErrorCode } from "../../proto/errors.ts";
import { type Config, loadConfig, parseServiceUrl } from "../config.ts";
import { acquireLock } from "../lock.ts";
import { makeFolders } from "../slots/file-system.ts";
import { openPlace } from "../slots/place.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { type Enrolled, enrol, findEnrolled } from "./enrol.ts";
import { pin, readPinned } from "./pinned.ts";
import { openEnrolmentService } from "./service.ts";

export const DEFAULT_WAIT_MINUTES = 15;
export const MAX_WAIT_MINUTES = 1_440;
const DEFAULT_CONFIG = "agent.json";
const MAX_TOKEN_FILE_BYTES = 1_024;
/** As people type it: the service knows which of it counts. */
const TOKEN = /^[\x20-\x7e]{8,128}$/;
const WHOLE = /^\d{1,4}$/;

const DONE = 0;
const FAILED = 1;
const PENDING = 3;

/** What was written on the command line. */
export interface EnrolArguments {
  readonly config?: string | undefined;
  readonly url?: string | undefined;
  readonly ca?: string | undefined;
  readonly root?: string | undefined;
  readonly token?: string | undefined;
  readonly "token-file"?: string | undefined;
  readonly wait?: string | undefined;
  readonly again?: boolean | undefined;
  readonly json?: boolean | undefined;
}

export interface EnrolCommandPorts {
  openTerminal(config: Config): { readonly terminal: Terminal; close(): void };
  readonly clock: () => number;
  readonly uptime: () => number;
  /** The result, and what is going on meanwhile. */
  readonly write: (text: string) => void;
  readonly writeAside: (text: string) => void;
}

/** What a person has to do where trying again is of no use. */
const ADVICE: Readonly<Partial<Record<ErrorCode, string>>> = {
  TOKEN_INVALID: "Ask the operator for a new token for this very terminal.",
  ENROLMENT_LOCKED: "The operator has to find out who tried, and unlock the enrolment of this terminal.",
  KEY_INVALID:
    "The device key is not good any more: it was unbound or revoked, is another terminal's, or cannot be read. Put the file\n" +
    "`keyFile` away and give the same command again: the terminal makes a new key.",
  ENROLMENT_HELD:
    "The service knows this terminal by another device key. Where that key is lost, two people have to part the terminal\n" +
    "from it: a maker and a checker each run `tillsync-sign unbind`. Then enrol again with a new token. Where nobody has\n" +
    "lost a key, another device may be using this terminal's name: tell the operator.",
  PROOF_UNAVAILABLE:
    "The service wants this terminal to prove its TUSN, and it has no SN key, or `computeCryptogram` is not configured.",
  PROOF_WRONG: "The terminal's SN key is not the one that its maker filed with this TUSN: tell the operator.",
  CERTIFICATE_INVALID: "Nothing was changed. Whoever answered is not to be trusted, or this terminal's clock is wrong.",
};

/** Enrols a terminal as its installer asks. The exit code: 0 done, 1 failed, 3 it still waits for a second person. */
export async function runEnrol(values: EnrolArguments, ports: EnrolCommandPorts): Promise<number> {
  const { write, writeAside } = ports;
  try {
    const config = loadConfig(values.config ?? DEFAULT_CONFIG);
    const enrolled = await enrolUnderLock(config, values, ports);
    write(values.json === true ? `${JSON.stringify(toJson(config, enrolled))}\n` : toText(config, enrolled));
    return enrolled.kind === "pending" ? PENDING : DONE;
  } catch (error) {
    const code = toErrorCode(error);
    writeAside(`${error instanceof Error ? error.message : String(error)}\n`);
    const advice = ADVICE[code];
    if (advice !== undefined) writeAside(`${advice}\n`);
    if (values.json === true) write(`${JSON.stringify({ state: "failed", code })}\n`);
    return FAILED;
  }
}

/** What changes anything, not beside a running agent: both would write the certificate and call the terminal. */
async function enrolUnderLock(config: Config, values: EnrolArguments, ports: EnrolCommandPorts): Promise<Enrolled> {
  const { clock, uptime, writeAside } = ports;
  const url = readUrl(config, values);
  const token = readToken(values);
  const waitS = readWait(values) * 60;
  const pinned = readPinned(config, values);
  const { tusn, keyFile, certFile } = config;
  const places = { keyPlace: openPlace(keyFile), certificatePlace: openPlace(certFile) };
  const installed = { tusn, ...places, authorities: pinned.authorities, clock };
  const held = pinned.missing.length > 0 || values.again === true ? undefined : findEnrolled(installed);
  if (held !== undefined) return { kind: "present", certificate: held };

  makeFolders(config.stateDir, []);
  const release = acquireLock(config.stateDir);
  try {
    pin(pinned);
    const { terminal, close } = ports.openTerminal(config);
    try {
      return await enrol({
        ...installed,
        ...{ token, terminal, uptime, waitS },
        service: openEnrolmentService({ url, ca: pinned.ca }),
        again: values.again === true,
        pause: (seconds) => delay(seconds * 1_000),
        tell: (text) => writeAside(`${text}\n`),
      });
    } finally {
      close();
    }
  } finally {
    release();
  }
}

function readUrl({ enrolUrl }: Config, { url }: EnrolArguments): URL {
  if (url !== undefined) return parseServiceUrl(url, "--url");
  if (enrolUrl === undefined) throw new TillsyncError("CONFIG_INVALID", { missing: "--url https://HOST:PORT" });
  return enrolUrl;
}

function readToken({ token, "token-file": file }: EnrolArguments): string {
  if ((token === undefined) === (file === undefined)) {
    throw new TillsyncError("CONFIG_INVALID", { expected: "--token TOKEN or --token-file FILE" });
  }
  const text = token ?? readTokenFile(file ?? "");
  if (!TOKEN.test(text)) throw new TillsyncError("CONFIG_INVALID", { field: "token" });
  return text;
}

function readTokenFile(file: string): string {
  try {
    const bytes = readFileSync(file);
    return bytes.length > MAX_TOKEN_FILE_BYTES ? "" : bytes.toString("utf8").trim();
  } catch (cause) {
    throw new TillsyncError("CONFIG_INVALID", { file: "--token-file" }, cause);
  }
}

function readWait({ wait = String(DEFAULT_WAIT_MINUTES) }: EnrolArguments): number {
  if (!WHOLE.test(wait) || Number(wait) > MAX_WAIT_MINUTES) {
    throw new TillsyncError("CONFIG_INVALID", { field: "--wait", expected: `0 to ${MAX_WAIT_MINUTES} minutes` });
  }
  return Number(wait);
}

function toJson({ tusn }: Config, enrolled: Enrolled): object {
  if (enrolled.kind === "pending") {
    return { state: "pending", tusn, deviceKey: toHex(enrolled.deviceKey), digits: toDigits(enrolled.deviceKey) };
  }
  const { certificate } = enrolled;
  const until = new Date(certificate.validTo).toISOString();
  const state = enrolled.kind === "issued" ? "enrolled" : "present";
  return { state, tusn, until, fingerprint: toHex(toDigest(certificate.raw)) };
}

function toText({ tusn }: Config, enrolled: Enrolled): string {
  if (enrolled.kind === "pending") {
    return [
      `${tusn} is not admitted yet. Give the same command again, with the same token; nothing is lost.`,
      `Read out to whoever admits it (device key): ${toDigits(enrolled.deviceKey)}\n`,
    ].join("\n");
  }
  const { certificate } = enrolled;
  const what = `certificate until ${new Date(certificate.validTo).toISOString()}, ${toHex(toDigest(certificate.raw))}`;
  return enrolled.kind === "issued" ? `${tusn} is enrolled: ${what}\n` : `${tusn} is enrolled already: ${what}\n`;
}
