import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { check, checkChoice, checkRange } from "../../../proto/check.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { NOTICE_LANGUAGES, type NoticeLanguage } from "../../domain/notices/words.ts";
import { parseEmail } from "../../domain/records/contact.ts";

export const NOTICES_FILE = "notices.json";
const MAX_CHARACTERS = 65_536;
const MAX_PEOPLE = 50;
const MAX_WEBHOOKS = 16;
const NAME = /^[0-9a-z._-]{1,32}$/;
const HOST = /^[0-9A-Za-z.:-]{1,253}$/;
const URL_TEXT = /^https?:\/\/[\x21-\x7e]{1,500}$/;
const USER = /^[\x20-\x7e]{1,128}$/;

/** A server that takes our mail. Paths are absolute. */
export interface SmtpSettings {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; where false, STARTTLS is demanded unless the server is this very machine. */
  readonly secure: boolean;
  readonly from: string;
  readonly user?: string;
  /** Mode 0600. */
  readonly passwordFile?: string;
  /** PEM of the authority that is believed; the system's where absent. */
  readonly caFile?: string;
}

export interface WebhookSettings {
  readonly name: string;
  readonly url: string;
  /** 32 bytes or more in hexadecimal; mode 0600. */
  readonly secretFile: string;
  readonly caFile?: string;
}

/** Whom an installation tells of changes, and how. */
export interface NoticeSettings {
  readonly language: NoticeLanguage;
  readonly smtp?: SmtpSettings;
  readonly sales: readonly string[];
  readonly finance: readonly string[];
  /** Whether contacts of merchants are told. */
  readonly contacts: boolean;
  readonly webhooks: readonly WebhookSettings[];
}

const NOTHING: NoticeSettings = { language: "zh", sales: [], finance: [], contacts: false, webhooks: [] };

/**
 * `notices.json` in the data folder, all of whose members are optional: `{"language":"zh","smtp":{"host","port","secure",
 * "from","user","passwordFile","caFile"},"sales":[e-mail…],"finance":[e-mail…],"contacts":true,
 * "webhooks":[{"name","url","secretFile","caFile"}]}`. Nobody is told anything without it. Relative paths count from the
 * data folder.
 *
 * @throws TillsyncError DATA_FOLDER_INVALID
 */
export function readNoticeSettings(folder: string): NoticeSettings {
  const path = join(folder, NOTICES_FILE);
  if (!existsSync(path)) return NOTHING;
  try {
    const text = readFileSync(path, "utf8");
    check(text.length <= MAX_CHARACTERS, "length");
    return toSettings(toMembers(JSON.parse(text), MEMBERS), folder);
  } catch (cause) {
    const fields = cause instanceof TillsyncError ? cause.fields : {};
    throw new TillsyncError("DATA_FOLDER_INVALID", { ...fields, file: NOTICES_FILE }, cause);
  }
}

type Members = Readonly<Record<string, unknown>>;
const MEMBERS = ["language", "smtp", "sales", "finance", "contacts", "webhooks"];
const SMTP_MEMBERS = ["host", "port", "secure", "from", "user", "passwordFile", "caFile"];
const WEBHOOK_MEMBERS = ["name", "url", "secretFile", "caFile"];

function toSettings(members: Members, folder: string): NoticeSettings {
  const { language = "zh", smtp, sales, finance, contacts = true, webhooks = [] } = members;
  check(typeof contacts === "boolean", "contacts");
  check(Array.isArray(webhooks) && webhooks.length <= MAX_WEBHOOKS, "webhooks");
  const hooks = (webhooks as unknown[]).map((one) => toWebhook(toMembers(one, WEBHOOK_MEMBERS), folder));
  check(new Set(hooks.map(({ name }) => name)).size === hooks.length, "webhooks.name");
  return {
    language: checkChoice(String(language), NOTICE_LANGUAGES, "language"),
    ...(smtp === undefined ? {} : { smtp: toSmtp(toMembers(smtp, SMTP_MEMBERS), folder) }),
    ...{ sales: toAddresses(sales, "sales"), finance: toAddresses(finance, "finance") },
    ...{ contacts: contacts === true, webhooks: hooks },
  };
}

function toSmtp(members: Members, folder: string): SmtpSettings {
  const { host, port, secure = false, from, user } = members;
  check(typeof host === "string" && HOST.test(host), "smtp.host");
  check(typeof secure === "boolean", "smtp.secure");
  check(user === undefined || (typeof user === "string" && USER.test(user)), "smtp.user");
  return {
    ...{ host: String(host), port: checkRange(Number(port), 1, 65_535, "smtp.port"), secure: secure === true },
    from: parseEmail(String(from)),
    ...(user === undefined ? {} : { user: String(user) }),
    ...toPath(members, "passwordFile", folder),
    ...toPath(members, "caFile", folder),
  };
}

function toWebhook(members: Members, folder: string): WebhookSettings {
  const { name, url, secretFile } = members;
  check(typeof name === "string" && NAME.test(name), "webhooks.name");
  check(typeof url === "string" && URL_TEXT.test(url), "webhooks.url");
  check(typeof secretFile === "string" && secretFile !== "", "webhooks.secretFile");
  return {
    ...{ name: String(name), url: String(url), secretFile: toAbsolute(String(secretFile), folder) },
    ...toPath(members, "caFile", folder),
  };
}

function toAddresses(value: unknown = [], field: string): readonly string[] {
  check(Array.isArray(value) && value.length <= MAX_PEOPLE, field);
  return (value as unknown[]).map((address) => parseEmail(String(address)));
}

function toPath(members: Members, name: string, folder: string): Readonly<Record<string, string>> {
  const value = members[name];
  if (value === undefined) return {};
  check(typeof value === "string" && value !== "", name);
  return { [name]: toAbsolute(String(value), folder) };
}

function toAbsolute(path: string, folder: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

function toMembers(value: unknown, names: readonly string[]): Members {
  check(typeof value === "object" && value !== null && !Array.isArray(value), "object");
  for (const name of Object.keys(value as object)) check(names.includes(name), "member");
  return value as Members;
}
