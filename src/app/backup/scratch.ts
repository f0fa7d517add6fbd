import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { TillsyncError } from "../../../proto/errors.ts";

// What is half done has a name that tells by which process, so that what a killed one left is found and removed: it may
// hold secrets.

/** What another machine left is removed after this. */
const ABANDONED_MS = 2 * 86_400_000;
const HOST_DIGITS = 8;
const OWNER_ONLY = 0o700;

/** A name that no other process uses; what has it is removed by `removeAbandoned` once this process is gone. */
export function toScratchName(prefix: string): string {
  return `${prefix}${toHost()}-${process.pid}-${randomBytes(8).toString("hex")}`;
}

/**
 * Runs `work` with a new folder for its owner alone within `parent`, which is made where it is not there. The folder is
 * gone when it resolves or throws, and what killed ones left under the prefix is removed first.
 *
 * @throws TillsyncError DATA_FOLDER_INVALID where it cannot be made; whatever `work` throws
 */
export async function withScratch<T>(
  parent: string,
  prefix: string,
  work: (scratch: string) => Promise<T>,
): Promise<T> {
  const scratch = join(parent, toScratchName(prefix));
  try {
    await mkdir(parent, { recursive: true, mode: OWNER_ONLY });
    await removeAbandoned(parent, prefix);
    await mkdir(scratch, { mode: OWNER_ONLY });
  } catch (cause) {
    throw new TillsyncError("DATA_FOLDER_INVALID", { file: parent, cannot: "be written" }, cause);
  }
  try {
    return await work(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Removes what processes that are gone left in the folder under the prefix. Nothing where there is no such folder. */
export async function removeAbandoned(folder: string, prefix: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((candidate) => candidate.startsWith(prefix))) {
    const path = join(folder, name);
    if (await isAbandoned(path, name.slice(prefix.length))) await rm(path, { recursive: true, force: true });
  }
}

async function isAbandoned(path: string, tail: string): Promise<boolean> {
  const [, host, pid] = /^([0-9a-f]{8})-([0-9]{1,10})-[0-9a-f]{16}$/.exec(tail) ?? [];
  if (pid === undefined) return false;
  if (host === toHost()) return !isAlive(Number(pid));
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > ABANDONED_MS;
}

function toHost(): string {
  return createHash("sha256").update(hostname()).digest("hex").slice(0, HOST_DIGITS);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
