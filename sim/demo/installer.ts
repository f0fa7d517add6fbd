import { execFile } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ERRORS, type ErrorCode, TillsyncError } from "../../proto/errors.ts";
import type { AgentProcess } from "./agent-process.ts";

const TIME_LIMIT_MS = 60_000;
const SECRET = 0o600;

const run = promisify(execFile);

/**
 * What an installer does on a terminal: `tillsync-agent enrol` with the one-time token he was given.
 *
 * @throws TillsyncError with the program's code
 */
export async function enrol({ program, terminal }: AgentProcess, url: string, token: string): Promise<void> {
  const { folder, configFile } = terminal;
  const tokenFile = join(folder, "token");
  writeFileSync(tokenFile, `${token}\n`, { mode: SECRET });
  const given = ["--config", configFile, "--url", url, "--ca", join(folder, "ca.pem"), "--token-file", tokenFile];
  try {
    await run(process.execPath, [program, "enrol", "--json", ...given], { timeout: TIME_LIMIT_MS });
  } catch (cause) {
    throw toFault(cause);
  } finally {
    rmSync(tokenFile, { force: true });
  }
}

/** With `--json` the program ends with one line of it. */
function toFault(cause: unknown): TillsyncError {
  const { stdout = "", stderr = "" } = cause as { readonly stdout?: string; readonly stderr?: string };
  const code = /"code":"([A-Z_]+)"/.exec(stdout)?.[1] ?? "";
  const known = Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : "STORY_FAILED";
  return new TillsyncError(known, { said: stderr.trim().slice(0, 200) }, cause);
}
