import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { TillsyncError } from "../../../proto/errors.ts";
import { parseTusn } from "../../../proto/tusn.ts";
import type { Arguments, Option } from "../arguments.ts";
import type { Desk } from "../desk.ts";
import { readBounded } from "../files.ts";
import type { PassphraseSource } from "../key-file.ts";
import type { Ports } from "../ports.ts";
import { PROMPTS, type Prompts } from "../prompts.ts";
import type { ReleaseOptions } from "../render/release/view.ts";
import { LANGUAGES, type Language } from "../render/words.ts";

// What several commands take, and what they make of it.

const MAX_CA_BYTES = 262_144;
const PERSON = /^[a-z0-9][a-z0-9.-]{0,31}$/;
const TUSN = /^[0-9A-Z]{9,50}$/;

type Options = Readonly<Record<string, Option>>;

export const LANG: Options = {
  lang: { value: "zh|en", about: "language (zh where the system's is Chinese)", pattern: /^(zh|en)$/ },
};

export const PASSPHRASE: Options = {
  "passphrase-file": { value: "FILE", about: "the passphrase, one line, mode 0600; else it is asked for" },
};

export const KEY: Options = {
  key: { value: "KEY", about: "your private key, made with keygen", isRequired: true },
  ...PASSPHRASE,
};

export const PERSON_ID: Options = {
  person: { value: "ID", about: "whose key it is, noted in the .pub file", pattern: PERSON },
};

export const VIEW: Options = {
  ...LANG,
  terminal: { value: "TUSN", about: "this terminal in full", pattern: TUSN },
  all: { about: "every terminal in full" },
};

export const STALE: Options = {
  "accept-stale": { about: "take trust that is stale by 30 days at most" },
};

export const SERVICE: Options = {
  service: {
    value: "URL",
    about: "the service, https://HOST:PORT",
    isRequired: true,
    pattern: /^https:\/\/[^/?#@]+\/?$/,
  },
  ca: { value: "CA.pem", about: "certificate authority to take its certificate from" },
};

export function toHome(given: Arguments, ports: Ports): string {
  return given.text("home") ?? ports.home;
}

export function toLanguage(given: Arguments, ports: Ports): Language {
  const wanted = given.text("lang");
  return LANGUAGES.find((language) => language === wanted) ?? ports.lang;
}

/**
 * Where a command writes what it made of a file: over it, or into a new one.
 *
 * @throws TillsyncError CONFIG_INVALID where that would take the place of another file, such as a key
 */
export function toOut(path: string, given: Arguments): string {
  const out = given.text("out") ?? path;
  if (resolve(out) !== resolve(path) && existsSync(out)) throw new TillsyncError("CONFIG_INVALID", { exists: out });
  return out;
}

export function toPrompts(given: Arguments, ports: Ports): Prompts {
  return PROMPTS[toLanguage(given, ports)];
}

export function toPassphraseSource(given: Arguments, ports: Ports): PassphraseSource {
  return { file: given.text("passphrase-file"), prompt: ports.prompt, prompts: toPrompts(given, ports) };
}

/** @throws TillsyncError CONFIG_INVALID, BYTES_TOO_LARGE */
export function toDesk(service: string, given: Arguments): Desk {
  if (!URL.canParse(service)) throw new TillsyncError("CONFIG_INVALID", { expected: "https://HOST:PORT" });
  const ca = given.text("ca");
  return { service, ca: ca === undefined ? undefined : readBounded(ca, MAX_CA_BYTES) };
}

/** @throws TillsyncError TUSN_INVALID */
export function toView(given: Arguments, ports: Ports): Pick<ReleaseOptions, "lang" | "terminal" | "all"> {
  const terminal = given.text("terminal");
  return {
    lang: toLanguage(given, ports),
    ...(terminal === undefined ? {} : { terminal: parseTusn(terminal) }),
    all: given.flag("all"),
  };
}
