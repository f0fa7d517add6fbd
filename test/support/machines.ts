import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CliResult } from "./cli.ts";

const SIGN = fileURLToPath(new URL("../../dist/tillsync-sign.cjs", import.meta.url));
const OWNER_ONLY = 0o700;
const SECRET = 0o600;

/** A machine of one person: a folder with his key, his passphrase and his own pinned root. No other machine sees it. */
export interface Machine {
  readonly folder: string;
  /** File of the public key, the one thing that is handed in. */
  readonly publicKey: string;
  /** Runs the built `tillsync-sign` there. */
  run(...args: readonly string[]): Promise<CliResult>;
  /** Carries a file here, signs it, and carries it back. */
  sign(file: string): Promise<CliResult>;
  /** Pins a root and takes what is held in a folder of trust metadata. */
  trust(root: string, metadata: string): Promise<void>;
}

/** A machine with a new key. */
export async function createMachine(parent: string, person: string): Promise<Machine> {
  const folder = join(parent, person);
  mkdirSync(folder, { mode: OWNER_ONLY });
  const passphrase = join(folder, "passphrase");
  writeFileSync(passphrase, `the passphrase of ${person}\n`, { mode: SECRET });
  const key = join(folder, "me.key");
  const run = (...args: readonly string[]) => runSign(...args, "--home", join(folder, "home"));
  const done = async (...args: readonly string[]) => {
    const result = await run(...args);
    if (result.code !== 0) throw new Error(result.stderr);
  };
  await done("keygen", "--out", key, "--passphrase-file", passphrase, "--person", person);
  return {
    folder,
    publicKey: `${key}.pub`,
    run,
    sign: async (file) => {
      const carried = join(folder, "carried");
      copyFileSync(file, carried);
      const result = await run("sign", carried, "--key", key, "--passphrase-file", passphrase, "--yes", "--json");
      if (result.code === 0) copyFileSync(carried, file);
      return result;
    },
    trust: async (root, metadata) => {
      await done("trust", "init", root);
      await done("trust", "update", metadata);
    },
  };
}

function runSign(...args: readonly string[]): Promise<CliResult> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [SIGN, ...args], (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}
