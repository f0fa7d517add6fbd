import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { TillsyncError, toErrorCode } from "../proto/errors.ts";
import { parseTusn, type Tusn } from "../proto/tusn.ts";
import { RECONNECT_BASE_MS, RECONNECT_CAP_MS } from "./link/link.ts";
import { choice, list, optional, type Reader, readJson, record, text, variant, whole } from "./read-json.ts";
import type { CommandLines } from "./terminal/executables.ts";

const MAX_ARGUMENTS = 64;
const MAX_TIME_LIMIT_MS = 600_000;
const DEFAULT_TIME_LIMIT_MS = 60_000;
const MAX_RECONNECT_MS = 3_600_000;

export type TerminalConfig =
  /** `tmk`: terminal master key, 16 bytes; `snKey`: SM4 key that proves the TUSN, 16 bytes. */
  | {
      readonly kind: "simulated";
      readonly file: string;
      readonly tmk: Uint8Array;
      readonly snKey: Uint8Array | undefined;
    }
  | { readonly kind: "commands"; readonly commands: CommandLines; readonly timeLimitMs: number };

/** An agent's settings; paths are absolute. */
export interface Config {
  readonly tusn: Tusn;
  readonly host: string;
  readonly port: number;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly rootFile: string;
  /** Private key under which card numbers are sealed to this terminal; only where its model needs them (clause 3.5). */
  readonly cardKeyFile: string | undefined;
  readonly stateDir: string;
  /** Where the service enrols terminals and renews their certificates; where absent nothing is renewed. */
  readonly enrolUrl: URL | undefined;
  /** Where the agent polls while the broker cannot be had; where absent there is no other way than the broker. */
  readonly pollUrl: URL | undefined;
  readonly terminal: TerminalConfig;
  readonly reconnectBaseMs: number;
  readonly reconnectCapMs: number;
}

/** @throws TillsyncError CONFIG_INVALID naming file and field */
export function loadConfig(file: string): Config {
  const json = readConfigFile(file, file).toString("utf8");
  try {
    return readJson(json, toConfigReader(dirname(resolve(file))));
  } catch (error) {
    const fields = error instanceof TillsyncError ? error.fields : {};
    throw new TillsyncError("CONFIG_INVALID", { ...fields, file, what: toErrorCode(error) }, error);
  }
}

/** The bytes of a file that the settings name. @throws TillsyncError CONFIG_INVALID */
export function readConfigFile(path: string, name: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new TillsyncError("CONFIG_INVALID", { file: name }, cause);
  }
}

/** `https://host[:port]`, and nothing that would say more. */
const SERVICE_URL = /^https:\/\/(?:[0-9A-Za-z.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?\/?$/;

/** @throws TillsyncError CONFIG_INVALID */
export function parseServiceUrl(value: string, field: string): URL {
  if (!SERVICE_URL.test(value) || !URL.canParse(value)) {
    throw new TillsyncError("CONFIG_INVALID", { field, expected: "https://host[:port]" });
  }
  return new URL(value);
}

const serviceUrl: Reader<URL> = (value, field) => parseServiceUrl(text(/./)(value, field), field);
const tusn: Reader<Tusn> = (value, field) => parseTusn(text(/./)(value, field));
const reconnectMs = optional(whole(1, MAX_RECONNECT_MS));
const timeLimitMs = optional(whole(1, MAX_TIME_LIMIT_MS));

/** Relative paths count from `folder`. */
function toConfigReader(folder: string): Reader<Config> {
  const path: Reader<string> = (value, field) => resolve(folder, text(/^[^\0]+$/)(value, field));
  const key16: Reader<Uint8Array> = (value, field) => Buffer.from(text(/^[0-9a-fA-F]{32}$/)(value, field), "hex");
  const argument = text(/^[^\0]*$/);
  const commandLine: Reader<readonly string[]> = (value, field) => {
    const [executable, ...rest] = list(argument, MAX_ARGUMENTS)(value, field);
    return [path(executable, field), ...rest];
  };

  const simulated = record<{ kind: "simulated"; file: string; tmk: Uint8Array; snKey: Uint8Array | undefined }>({
    kind: choice(["simulated"]),
    file: path,
    tmk: key16,
    snKey: optional(key16),
  });
  const commands = record<CommandLines & { kind: "commands"; timeLimitMs: number | undefined }>({
    kind: choice(["commands"]),
    readStatus: commandLine,
    apply: commandLine,
    loadWorkingKeys: commandLine,
    computeMac: commandLine,
    computeCryptogram: optional(commandLine),
    timeLimitMs,
  });
  const terminal = variant<TerminalConfig["kind"], TerminalConfig>("kind", {
    simulated,
    commands: (value, field) => {
      const { kind, timeLimitMs: limit = DEFAULT_TIME_LIMIT_MS, ...lines } = commands(value, field);
      return { kind, commands: lines, timeLimitMs: limit };
    },
  });

  const raw = record<Omit<Config, ReconnectField> & { [F in ReconnectField]: number | undefined }>({
    tusn,
    host: text(/^[0-9A-Za-z.:-]{1,253}$/),
    port: whole(1, 65_535),
    caFile: path,
    certFile: path,
    keyFile: path,
    rootFile: path,
    cardKeyFile: optional(path),
    stateDir: path,
    enrolUrl: optional(serviceUrl),
    pollUrl: optional(serviceUrl),
    terminal,
    reconnectBaseMs: reconnectMs,
    reconnectCapMs: reconnectMs,
  });
  return (value, field) => {
    const { reconnectBaseMs = RECONNECT_BASE_MS, reconnectCapMs = RECONNECT_CAP_MS, ...rest } = raw(value, field);
    return { ...rest, reconnectBaseMs, reconnectCapMs };
  };
}

type ReconnectField = "reconnectBaseMs" | "reconnectCapMs";
