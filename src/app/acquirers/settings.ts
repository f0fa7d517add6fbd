import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { MERCHANT_MEMBERS } from "../../../certs/acquirer/lakala-body.ts";
import { check, checkChoice } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { ADAPTERS } from "./acquirer.ts";
import { CHANNELS, type Channel } from "./manual/checklists.ts";

export const ACQUIRERS_FILE = "acquirers.json";
const MAX_CHARACTERS = 1_048_576;
const MAX_ACQUIRERS = 64;
const MAX_ENTRIES = 10_000;
const CODE = /^[0-9A-Za-z._-]{1,32}$/;
const ID = /^[0-9A-Za-z._-]{1,64}$/;
const URL_TEXT = /^https?:\/\/[\x21-\x7e]{1,500}$/;
const PATH = /^(\/[0-9A-Za-z._-]+)+$/;
const MERCHANT = /^\d{15}$/;

/** Names by our names: merchant numbers there by merchant numbers here, key files by key ids. */
export type Names = Readonly<Record<string, string>>;

interface Remote {
  readonly code: string;
  readonly url: string;
  /** PEM of the authority that is believed; the system's where absent. */
  readonly caFile?: string;
  /** What the acquirer calls our merchants. */
  readonly merchants: Names;
}

/** Paths are absolute throughout. */
export interface WechatPaySettings extends Remote {
  readonly adapter: "wechatpay";
  /** The service provider's merchant number. */
  readonly mchid: string;
  /** Serial number of the certificate that belongs to the key. */
  readonly serial: string;
  readonly keyFile: string;
  /** The platform's public keys or certificates by their ids, of which the first seals. */
  readonly platformKeys: Names;
  /** What WeChat Pay calls a bank, by the first three digits of CNAPS codes. */
  readonly banks: Names;
  /** Code of the place where a merchant's bank is, by our merchant numbers; `*` for all others. */
  readonly areas: Names;
}

export const LAKALA_PATHS = ["change", "follow", "account", "terminal", "bind", "unbind"] as const;
export type LakalaPaths = Readonly<Record<(typeof LAKALA_PATHS)[number], string>>;

export interface LakalaSettings extends Remote {
  readonly adapter: "lakala";
  readonly appid: string;
  readonly serial: string;
  readonly keyFile: string;
  readonly platformKeys: Names;
  readonly organisation: string;
  readonly member: (typeof MERCHANT_MEMBERS)[number];
  readonly callback: string;
  readonly settlePeriod: string;
  /** Empty where our account may not use it. */
  readonly paths: LakalaPaths;
}

export interface WebhookSettings extends Remote {
  readonly adapter: "webhook";
  readonly algorithm: "hmac-sha256" | "ed25519";
  readonly keyId: string;
  /** The shared secret in hexadecimal, or our private key. */
  readonly keyFile: string;
  /** The acquirer's public key, for Ed25519. */
  readonly answerKeyFile?: string;
}

export interface ManualSettings {
  readonly adapter: "manual";
  readonly code: string;
  readonly channel: Channel;
}

export type AcquirerSettings = WechatPaySettings | LakalaSettings | WebhookSettings | ManualSettings;

type Members = Readonly<Record<string, unknown>>;

/** Facts found in public code, of which no official page could be had; what our account may not use is left empty. */
const DEFAULT_PATHS: LakalaPaths = {
  change: "/api/v2/mms/openApi/changeMer",
  follow: "/api/v2/mms/openApi/queryContract",
  account: "",
  terminal: "",
  bind: "",
  unbind: "",
};

const REMOTE = ["adapter", "url", "caFile", "merchants"];
const MEMBERS = {
  wechatpay: [...REMOTE, "mchid", "serial", "keyFile", "platformKeys", "banks", "areas"],
  lakala: [
    ...REMOTE,
    ...["appid", "serial", "keyFile", "platformKeys", "organisation", "member", "callback", "settlePeriod", "paths"],
  ],
  webhook: [...REMOTE, "algorithm", "keyId", "keyFile", "answerKeyFile"],
  manual: ["adapter", "channel"],
} as const;

/**
 * `acquirers.json` in the data folder, by acquirers' codes (docs/acquirers.md); no acquirer where there is none. No secret
 * stands in it. Relative paths count from the data folder.
 *
 * @throws TillsyncError DATA_FOLDER_INVALID
 */
export function readAcquirerSettings(folder: string): readonly AcquirerSettings[] {
  const path = join(folder, ACQUIRERS_FILE);
  let at = "";
  try {
    const text = existsSync(path) ? readFileSync(path, "utf8") : "{}";
    check(text.length <= MAX_CHARACTERS, "length");
    const acquirers = Object.entries(toMembers(JSON.parse(text), "acquirers"));
    check(acquirers.length <= MAX_ACQUIRERS, "acquirers");
    return acquirers.map(([code, value]) => {
      at = CODE.test(code) ? code : "";
      check(at !== "", "code");
      return toSettings(code, toMembers(value, "acquirer"), folder);
    });
  } catch (cause) {
    const fields = cause instanceof TillsyncError ? cause.fields : {};
    const acquirer = at === "" ? {} : { acquirer: at };
    throw new TillsyncError("DATA_FOLDER_INVALID", { ...fields, ...acquirer, file: ACQUIRERS_FILE }, cause);
  }
}

function toSettings(code: string, members: Members, folder: string): AcquirerSettings {
  const adapter = checkChoice(toText(members, "adapter", /./), ADAPTERS, "adapter");
  for (const name of Object.keys(members)) check((MEMBERS[adapter] as readonly string[]).includes(name), name);
  if (adapter === "manual")
    return { adapter, code, channel: checkChoice(toText(members, "channel", /./), CHANNELS, "channel") };
  const remote = toRemote(code, members, folder);
  switch (adapter) {
    case "wechatpay":
      return {
        adapter,
        ...remote,
        mchid: toText(members, "mchid", /^\d{8,10}$/),
        serial: toText(members, "serial", ID),
        keyFile: toPath(members, "keyFile", folder),
        platformKeys: toKeyFiles(members, folder),
        banks: toNames(members, "banks", /^\d{3}$/, /^[^\p{C}]{1,128}$/u),
        areas: toNames(members, "areas", /^(\d{15}|\*)$/, /^\d{6}$/),
      };
    case "lakala":
      return {
        adapter,
        ...remote,
        appid: toText(members, "appid", ID),
        serial: toText(members, "serial", ID),
        keyFile: toPath(members, "keyFile", folder),
        platformKeys: toKeyFiles(members, folder),
        organisation: toText(members, "organisation", /^[0-9A-Za-z._-]{1,32}$/),
        member: checkChoice(toText(members, "member", /./, "merCupNo"), MERCHANT_MEMBERS, "member"),
        callback: toText(members, "callback", URL_TEXT),
        settlePeriod: toText(members, "settlePeriod", /^[0-9A-Z]{0,8}$/, ""),
        paths: toPaths(members["paths"]),
      };
    case "webhook": {
      const algorithm = checkChoice(toText(members, "algorithm", /./), ["hmac-sha256", "ed25519"], "algorithm");
      check((algorithm === "ed25519") === (members["answerKeyFile"] !== undefined), "answerKeyFile");
      return {
        adapter,
        ...remote,
        algorithm,
        keyId: toText(members, "keyId", ID),
        keyFile: toPath(members, "keyFile", folder),
        ...(algorithm === "ed25519" ? { answerKeyFile: toPath(members, "answerKeyFile", folder) } : {}),
      };
    }
  }
}

function toRemote(code: string, members: Members, folder: string): Remote {
  return {
    code,
    url: toText(members, "url", URL_TEXT),
    ...(members["caFile"] === undefined ? {} : { caFile: toPath(members, "caFile", folder) }),
    merchants: toNames(members, "merchants", MERCHANT, /^[0-9A-Za-z_-]{1,32}$/),
  };
}

function toPaths(value: unknown): LakalaPaths {
  const paths = { ...DEFAULT_PATHS };
  for (const [name, path] of Object.entries(value === undefined ? {} : toMembers(value, "paths"))) {
    const at = checkChoice(name, LAKALA_PATHS, "paths");
    check(typeof path === "string" && (path === "" || PATH.test(path)), "paths");
    paths[at] = String(path);
  }
  return paths;
}

function toKeyFiles(members: Members, folder: string): Names {
  const files = toNames(members, "platformKeys", ID, /^[^\0]{1,500}$/);
  check(Object.keys(files).length >= 1, "platformKeys");
  return Object.fromEntries(Object.entries(files).map(([id, path]) => [id, toAbsolute(path, folder)]));
}

function toNames(members: Members, name: string, key: RegExp, value: RegExp): Names {
  const entries = Object.entries(toMembers(members[name] ?? {}, name));
  check(entries.length <= MAX_ENTRIES, name);
  for (const [from, to] of entries) check(key.test(from) && typeof to === "string" && value.test(to), name);
  return Object.fromEntries(entries) as Names;
}

function toText(members: Members, name: string, pattern: RegExp, otherwise?: string): string {
  const value = members[name] ?? otherwise;
  check(typeof value === "string" && pattern.test(value), name);
  return String(value);
}

function toPath(members: Members, name: string, folder: string): string {
  return toAbsolute(toText(members, name, /^[^\0]{1,500}$/), folder);
}

function toAbsolute(path: string, folder: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

function toMembers(value: unknown, field: string): Members {
  check(typeof value === "object" && value !== null && !Array.isArray(value), field);
  return value as Members;
}
