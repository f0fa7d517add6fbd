import type { KeyObject } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { toHex, toUtf8 } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import { MAX_KEY_FILE_BYTES, parseEncryptedPem, toEncryptedPem } from "../keys/encrypted-key.ts";
import { checkPassphrase } from "../keys/passphrase.ts";
import { type ApproverKey, createApproverKey, toPublicKey } from "../keys.ts";
import { PUBLIC, readSecret, SECRET, writeNew } from "./files.ts";
import type { Prompt } from "./ports.ts";
import type { Prompts } from "./prompts.ts";

const MAX_PASSPHRASE_FILE_BYTES = 1_024;
/** How often a person may mistype a passphrase before the program ends. */
const PASSPHRASE_TRIES = 3;

/** Where a passphrase comes from: a file of one line, or the person. */
export interface PassphraseSource {
  readonly file: string | undefined;
  readonly prompt: Prompt;
  readonly prompts: Prompts;
}

/**
 * Makes a key pair: `path` gets the private key, encrypted; `path`.pub one line with the public key in hexadecimal, its
 * id, and whose it is. Neither takes the place of a file that is there.
 *
 * @throws TillsyncError CONFIG_INVALID
 */
export function createKeyFile(path: string, passphrase: string, person: string | undefined): ApproverKey {
  const publicPath = `${path}.pub`;
  for (const file of [path, publicPath])
    if (existsSync(file)) throw new TillsyncError("CONFIG_INVALID", { exists: file });
  const privateKey = createApproverKey();
  const key = toPublicKey(privateKey);
  writeNew(path, toUtf8(toEncryptedPem(privateKey, passphrase)), SECRET);
  try {
    writeNew(
      publicPath,
      toUtf8(`${[toHex(key.raw), key.id, ...(person === undefined ? [] : [person])].join(" ")}\n`),
      PUBLIC,
    );
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
  return key;
}

/**
 * A passphrase for a new key, typed twice.
 *
 * @throws TillsyncError CONFIG_INVALID for one that may not be used; NOT_CONFIRMED where the two differ
 */
export async function chooseNewPassphrase({ file, prompt, prompts }: PassphraseSource): Promise<string> {
  if (file !== undefined) return checkPassphrase(readPassphrase(file));
  demandPerson(prompt);
  const first = checkPassphrase(await prompt.ask(prompts.newPassphrase, true));
  if ((await prompt.ask(prompts.samePassphrase, true)) !== first) {
    throw new TillsyncError("NOT_CONFIRMED", { expected: "the same passphrase twice" });
  }
  return first;
}

/**
 * Opens a private key; a person may try PASSPHRASE_TRIES times.
 *
 * @throws TillsyncError KEY_INVALID, also for a file that others may read; PASSPHRASE_WRONG; CONFIG_INVALID; NOT_CONFIRMED
 */
export async function openKeyFile(path: string, { file, prompt, prompts }: PassphraseSource): Promise<KeyObject> {
  const pem = readSecret(path, MAX_KEY_FILE_BYTES, "KEY_INVALID").toString("latin1");
  if (file !== undefined) return parseEncryptedPem(pem, readPassphrase(file));
  demandPerson(prompt);
  for (let tries = 1; ; tries += 1) {
    try {
      return parseEncryptedPem(pem, await prompt.ask(prompts.passphrase(path), true));
    } catch (error) {
      const mayTryAgain =
        error instanceof TillsyncError && error.code === "PASSPHRASE_WRONG" && tries < PASSPHRASE_TRIES;
      if (!mayTryAgain) throw error;
    }
  }
}

function readPassphrase(path: string): string {
  const text = readSecret(path, MAX_PASSPHRASE_FILE_BYTES, "CONFIG_INVALID").toString("utf8");
  const line = text.replace(/\r?\n$/, "");
  if (/[\r\n]/.test(line)) throw new TillsyncError("CONFIG_INVALID", { file: path, expected: "one line" });
  return line;
}

function demandPerson({ isInteractive }: Prompt): void {
  if (!isInteractive) throw new TillsyncError("CONFIG_INVALID", { expected: "--passphrase-file, or a terminal" });
}
