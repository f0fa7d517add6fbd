import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toEncryptedPem } from "../../certs/keys/encrypted-key.ts";
import { createApproverKey, toPublicKey } from "../../certs/keys.ts";
import { toHex } from "../../proto/bytes.ts";
import type { CliResult } from "./cli.ts";
import { CHEAP, runSign } from "./sign.ts";

const OWNER_ONLY = 0o700;
const SECRET = 0o600;

/** A machine of one person: a folder with his key, his passphrase and his own pinned root. No other machine sees it. */
export interface Machine {
  readonly folder: string;
  /** File of the public key, the one thing that is handed in. */
  readonly publicKey: string;
  /** Runs `tillsync-sign` there. */
  run(...args: readonly string[]): Promise<CliResult>;
  /** Carries a file here, signs it, and carries it back. */
  sign(file: string): Promise<CliResult>;
  /** Pins a root and takes what is held in a folder of trust metadata. */
  trust(root: string, metadata: string): Promise<void>;
}

/**
 * A machine with a new key, as `keygen` makes it but for the cost of its passphrase.
 *
 * @param program how `tillsync-sign` is run: in this process, where nothing else is said
 */
export function createMachine(
  parent: string,
  person: string,
  program: (...argv: readonly string[]) => Promise<CliResult> = (...argv) => runSign(argv),
): Machine {
  const folder = join(parent, person);
  const [key, passphraseFile] = [join(folder, "me.key"), join(folder, "passphrase")];
  const passphrase = `the passphrase of ${person}`;
  mkdirSync(folder, { mode: OWNER_ONLY });
  writeFileSync(passphraseFile, `${passphrase}\n`, { mode: SECRET });
  const secret = createApproverKey();
  const { raw, id } = toPublicKey(secret);
  writeFileSync(key, toEncryptedPem(secret, passphrase, CHEAP), { mode: SECRET });
  writeFileSync(`${key}.pub`, `${toHex(raw)} ${id} ${person}\n`);
  const run = (...args: readonly string[]) => program(...args, "--home", join(folder, "home"));
  const done = async (...args: readonly string[]) => {
    const result = await run(...args);
    if (result.code !== 0) throw new Error(result.stderr);
  };
  return {
    folder,
    publicKey: `${key}.pub`,
    run,
    sign: async (file) => {
      const carried = join(folder, "carried");
      copyFileSync(file, carried);
      const result = await run("sign", carried, "--key", key, "--passphrase-file", passphraseFile, "--yes", "--json");
      if (result.code === 0) copyFileSync(carried, file);
      return result;
    },
    trust: async (root, metadata) => {
      await done("trust", "init", root);
      await done("trust", "update", metadata);
    },
  };
}
