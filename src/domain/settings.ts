import { TillsyncError } from "../../proto/errors.ts";
import { MAX_MERCHANT_NAME, MAX_SHORT_NAME, parseName } from "../../proto/identifiers/name.ts";
import type { Acquiring, Merchant, Parameters } from "../../proto/profile.ts";
import { toRedacted } from "../../proto/redaction.ts";
import { checkNotSensitive } from "../../proto/sensitive.ts";
import { parseLicence } from "./identifiers/licence.ts";
import { parseMcc } from "./identifiers/mcc.ts";
import { parseTaxNumber } from "./identifiers/tax-number.ts";
import { parseTerminalNumber } from "./identifiers/terminal-number.ts";
import { parseUscc } from "./identifiers/uscc.ts";

/** Changes as a person writes them, `group.field=value`, by group. A settlement change is never among them. */
export interface Settings {
  readonly merchant: Partial<Merchant>;
  readonly acquiring: Partial<Acquiring>;
  readonly parameters: Partial<Parameters>;
}

type Parse = (text: string) => string | number;

const asText: Parse = (text) => text;

const FIELDS: Readonly<Record<keyof Settings, Readonly<Record<string, readonly [field: string, parse: Parse]>>>> = {
  merchant: {
    name: ["name", (text) => parseName(text, MAX_MERCHANT_NAME)],
    short_name: ["shortName", (text) => parseName(text, MAX_SHORT_NAME)],
    licence_no: ["licenceNo", (text) => (text.length === 18 ? parseUscc(text) : parseLicence(text))],
    tax_no: ["taxNo", parseTaxNumber],
    uscc: ["uscc", parseUscc],
    mcc: ["mcc", parseMcc],
  },
  acquiring: {
    acquirer: ["acquirer", asText],
    terminal_no: ["terminalNo", parseTerminalNumber],
    host: ["host", parseHost],
    port: ["port", parseCount],
  },
  parameters: {
    amount_fen: ["amountFen", parseCount],
    connect_ms: ["connectMs", parseCount],
    answer_ms: ["answerMs", parseCount],
    attempts: ["attempts", parseCount],
    retry_base_ms: ["retryBaseMs", parseCount],
    reversal_base_ms: ["reversalBaseMs", parseCount],
    deadline_s: ["deadlineS", parseCount],
  },
};

/** The names that `parseSettings` takes, for help and errors. */
export const SETTING_NAMES: readonly string[] = Object.entries(FIELDS).flatMap(([group, fields]) =>
  Object.keys(fields).map((field) => `${group}.${field}`),
);

/** The name under which a merchant's field is set. @throws TillsyncError INTERNAL for what is no such field */
export function toMerchantSetting(field: keyof Merchant): string {
  const named = Object.entries(FIELDS.merchant).find(([, [name]]) => name === field);
  if (named === undefined) throw new TillsyncError("INTERNAL", { field });
  return `merchant.${named[0]}`;
}

/**
 * Reads settings like `merchant.name=茉莉茶庄`. Ranges that the profile itself demands are checked where it is built.
 *
 * @throws TillsyncError SENSITIVE_DATA; CONFIG_INVALID for an unknown or repeated name; the identifier's own code for a
 *   bad value
 */
export function parseSettings(texts: readonly string[]): Settings {
  const settings: Record<keyof Settings, Record<string, string | number>> = {
    merchant: {},
    acquiring: {},
    parameters: {},
  };
  // All of them before anything is told of any.
  for (const text of texts) checkNotSensitive(text);
  for (const text of texts) {
    const [, group = "", name = "", value = ""] = /^([a-z]+)\.([a-z_]+)=(.*)$/s.exec(text) ?? [];
    const entry = isGroup(group) && Object.hasOwn(FIELDS[group], name) ? FIELDS[group][name] : undefined;
    if (!isGroup(group) || entry === undefined) throw unknown(text);
    const [field, parse] = entry;
    if (Object.hasOwn(settings[group], field)) throw new TillsyncError("CONFIG_INVALID", { repeated: name });
    settings[group][field] = parse(value);
  }
  return settings;
}

function isGroup(text: string): text is keyof Settings {
  return Object.hasOwn(FIELDS, text);
}

/** What a name may hold is the profile's matter; that of a computer has no card number in it. */
function parseHost(text: string): string {
  if (toRedacted(text) !== text) throw new TillsyncError("CONFIG_INVALID", { expected: "a host" });
  return text;
}

function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new TillsyncError("CONFIG_INVALID", { expected: "a whole number" });
  return Number(text);
}

function unknown(text: string): TillsyncError {
  const name = text.split("=", 1).join("").slice(0, 60);
  return new TillsyncError("CONFIG_INVALID", { setting: name, expected: SETTING_NAMES.join(", ") });
}
