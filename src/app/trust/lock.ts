import { randomBytes } from "node:crypto";
import { link, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { TillsyncError } from "../../../proto/errors.ts";

// The service renews the timestamp while a command may apply a ceremony: one at a time. Nobody holds the lock for longer
// than a few writes take.

const LOCK_FILE = "lock";
const PAUSE_MS = 20;
const MAX_WAIT_MS = 20_000;
/** Whoever wrote an older one is gone, even where that cannot be seen from this machine. */
const STALE_MS = 10_000;

/**
 * Runs `work` while no other process writes to the folder. A lock whose process is gone is taken over.
 *
 * @throws TillsyncError DATA_FOLDER_INVALID where the lock is not to be had; whatever `work` throws
 */
export async function withLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const path = join(folder, LOCK_FILE);
  const own = `${path}.${randomBytes(8).toString("hex")}`;
  const content = `${process.pid} ${hostname()} ${own}\n`;
  await writeFile(own, content).catch(toInvalid);
  try {
    await acquire(path, own);
  } finally {
    await rm(own, { force: true });
  }
  try {
    return await work();
  } finally {
    // Where it took so long that another took over, it is the other's.
    if ((await readFile(path, "utf8").catch(() => "")) === content) await rm(path, { force: true });
  }
}

async function acquire(path: string, own: string): Promise<void> {
  for (let waited = 0; waited < MAX_WAIT_MS; waited += PAUSE_MS) {
    if (await claim(own, path)) return;
    if (await isStale(path)) await removeStale(path, own);
    else await pause(PAUSE_MS);
  }
  throw new TillsyncError("DATA_FOLDER_INVALID", { file: LOCK_FILE, expected: "no other writer" });
}

/** A link to a whole file: the lock is never there without its content. */
async function claim(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    return toInvalid(error);
  }
}

async function isStale(path: string): Promise<boolean> {
  try {
    const [pid = "", host] = (await readFile(path, "utf8")).split(" ");
    const { ctimeMs } = await stat(path);
    return (host === hostname() && !isAlive(Number(pid))) || Date.now() - ctimeMs > STALE_MS;
  } catch {
    return false;
  }
}

/** Removes the lock that was found stale, and not one that another process has put in its place meanwhile. */
async function removeStale(path: string, own: string): Promise<void> {
  const aside = `${own}.stale`;
  try {
    await rename(path, aside);
    if (!(await isStale(aside))) await claim(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

function toInvalid(cause: unknown): never {
  throw new TillsyncError("DATA_FOLDER_INVALID", { file: LOCK_FILE }, cause);
}
