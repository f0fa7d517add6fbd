import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { check, checkRange } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { DEFAULT_IDENTITY_POLICY, type IdentityPolicy, VERDICTS, type Verdict } from "../../domain/verdict.ts";

export const IDENTITY_FILE = "identity.json";
const MAX_CHARACTERS = 8_192;
const DAY_S = 86_400;
const MAX_DAYS = 3_650;
const MAX_ATTEMPTS = 100;
const MAX_CERTIFICATE_DAYS = 397;

/** A registry of terminals that is asked over HTTPS (docs/registry.md). */
export interface RegistrySettings {
  readonly url: string;
  /** PEM of the authority that is believed; the system's where absent. */
  readonly caFile?: string;
  /** Holds the bearer token. */
  readonly tokenFile?: string;
}

/** What an installation says of its terminals' identities. Paths are absolute. */
export interface IdentitySettings {
  readonly policy: IdentityPolicy;
  /** Keys that SN keys are stored under; made by `tillsync keys rotate` where it is not there. */
  readonly snKeyFile: string;
  readonly registry?: RegistrySettings;
  /** Of terminals' certificates. */
  readonly certificateDays: number;
}

/**
 * `identity.json` in the data folder, all of whose members are optional:
 * `{"sufficient":[verdict…],"maxAgeDays":30,"everyDays":7,"attempts":10,"snKeyFile":path,"certificateDays":30,
 * "registry":{"url":…,"caFile":path,"tokenFile":path}}`. Relative paths count from the data folder.
 *
 * @throws TillsyncError DATA_FOLDER_INVALID
 */
export function readIdentitySettings(folder: string): IdentitySettings {
  const path = join(folder, IDENTITY_FILE);
  try {
    const text = existsSync(path) ? readFileSync(path, "utf8") : "{}";
    check(text.length <= MAX_CHARACTERS, "length");
    return toSettings(toMembers(JSON.parse(text), MEMBERS), folder);
  } catch (cause) {
    const fields = cause instanceof TillsyncError ? cause.fields : {};
    throw new TillsyncError("DATA_FOLDER_INVALID", { ...fields, file: IDENTITY_FILE }, cause);
  }
}

const MEMBERS = ["sufficient", "maxAgeDays", "everyDays", "attempts", "snKeyFile", "certificateDays", "registry"];
const REGISTRY_MEMBERS = ["url", "caFile", "tokenFile"];

type Members = Readonly<Record<string, unknown>>;

function toSettings(members: Members, folder: string): IdentitySettings {
  const { sufficient, maxAgeS, everyS, attempts } = DEFAULT_IDENTITY_POLICY;
  const { registry } = members;
  return {
    policy: {
      sufficient: members["sufficient"] === undefined ? sufficient : toVerdicts(members["sufficient"]),
      maxAgeS: toWhole(members, "maxAgeDays", maxAgeS / DAY_S, MAX_DAYS) * DAY_S,
      everyS: toWhole(members, "everyDays", everyS / DAY_S, MAX_DAYS) * DAY_S,
      attempts: toWhole(members, "attempts", attempts, MAX_ATTEMPTS),
    },
    snKeyFile: toPath(members, "snKeyFile", folder) ?? join(folder, "keys", "sn-keys.json"),
    certificateDays: toWhole(members, "certificateDays", 30, MAX_CERTIFICATE_DAYS),
    ...(registry === undefined ? {} : { registry: toRegistry(toMembers(registry, REGISTRY_MEMBERS), folder) }),
  };
}

function toRegistry(members: Members, folder: string): RegistrySettings {
  const url = members["url"];
  check(typeof url === "string" && /^https?:\/\/[\x21-\x7e]{1,500}$/.test(url), "registry.url");
  const caFile = toPath(members, "caFile", folder);
  const tokenFile = toPath(members, "tokenFile", folder);
  return {
    url: String(url),
    ...(caFile === undefined ? {} : { caFile }),
    ...(tokenFile === undefined ? {} : { tokenFile }),
  };
}

/** Only verdicts that prove something can ever suffice. */
function toVerdicts(value: unknown): readonly Verdict[] {
  check(Array.isArray(value) && value.length >= 1, "sufficient");
  return (value as unknown[]).map((name) => {
    const verdict = VERDICTS.find((candidate) => candidate === name && candidate.startsWith("verified-"));
    check(verdict !== undefined, "sufficient");
    return verdict as Verdict;
  });
}

function toWhole(members: Members, name: string, otherwise: number, max: number): number {
  const value = members[name] ?? otherwise;
  return checkRange(typeof value === "number" ? value : Number.NaN, 1, max, name);
}

function toPath(members: Members, name: string, folder: string): string | undefined {
  const value = members[name];
  if (value === undefined) return undefined;
  check(typeof value === "string" && /^[^\0]{1,500}$/.test(value), name);
  return isAbsolute(String(value)) ? String(value) : join(folder, String(value));
}

function toMembers(value: unknown, names: readonly string[]): Members {
  check(typeof value === "object" && value !== null && !Array.isArray(value), "object");
  for (const name of Object.keys(value as object)) check(names.includes(name), name);
  return value as Members;
}
