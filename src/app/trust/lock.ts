import { randomBytes } from "node:crypto";
import { linkSync, lstatSync, readFileSync, renameSync, rmSync } from "node:fs";
import { link, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { TillsyncError } from "../../../proto/errors.ts";

// The service renews the timestamp while a command may apply a ceremony: one at a time. Nobody holds the lock for longer
// than a few writes take.

const LOCK_FILE = "lock";
/** A lock that somebody found stale, and is about to remove. */
const ASIDE = /^lock\.[0-9a-f]{16}\.stale$/;
const PAUSE_MS = 20;
const PUT_BACK_MS = 1;
const MAX_WAIT_MS = 20_000;
/** Whoever wrote an older one is gone, even where that cannot be seen from this machine, or not be read from the lock. */
const STALE_MS = 10_000;

/** A lock as it was looked at. */
interface Look {
  /** Neither renaming nor linking changes it. */
  readonly name: string;
  readonly isStale: boolean;
}

/**
 * Runs `work` while no other process writes to the folder. A lock whose process is gone is taken over; so is an old one
 * that says nothing of who wrote it, such as a power cut leaves behind.
 *
 * @param now milliseconds
 * @throws TillsyncError DATA_FOLDER_INVALID where the lock is not to be had; whatever `work` throws
 */
export async function withLock<T>(folder: string, work: () => Promise<T>, now: () => number = Date.now): Promise<T> {
  const path = join(folder, LOCK_FILE);
  const own = `${path}.${randomBytes(8).toString("hex")}`;
  const content = `${process.pid} ${hostname()} ${own}\n`;
  await writeFile(own, content).catch(toInvalid);
  try {
    await acquire(path, own, now);
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

async function acquire(path: string, own: string, now: () => number): Promise<void> {
  for (let waited = 0; waited < MAX_WAIT_MS; waited += PAUSE_MS) {
    if (await claim(own, path)) {
      if (!(await isOneAside(dirname(path), now))) return;
      await rm(path, { force: true });
    } else {
      const held = lookAt(path, now);
      if (held?.isStale === true && (await removeStale(path, `${own}.stale`, held, now))) continue;
    }
    await pause(PAUSE_MS);
  }
  throw new TillsyncError("DATA_FOLDER_INVALID", { file: LOCK_FILE, expected: "no other writer" });
}

/** A link to a whole file: the lock is never there without its content, unless the power was cut. */
async function claim(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if (toCode(error) === "EEXIST") return false;
    return toInvalid(error);
  }
}

/**
 * Whether a lock that may be in force was moved aside by mistake and is about to be put back: whoever has got in between has
 * to stand back. What was left there by a process that is gone is removed.
 */
async function isOneAside(folder: string, now: () => number): Promise<boolean> {
  let isOne = false;
  for (const name of (await readdir(folder)).filter((one) => ASIDE.test(one))) {
    const aside = lookAt(join(folder, name), now);
    if (aside?.isStale === true) await rm(join(folder, name), { force: true });
    else if (aside !== undefined) isOne = true;
  }
  return isOne;
}

/** Undefined where none is there, or what is there is no file of ours. What cannot be read is judged by its age alone. */
function lookAt(path: string, now: () => number): Look | undefined {
  try {
    const stats = lstatSync(path);
    if (!stats.isFile() && !stats.isSymbolicLink()) return undefined;
    const { dev, ino, mtimeMs, ctimeMs } = stats;
    const content = readContent(path);
    const [pid = "", host] = content.split(" ");
    const isGone = host === hostname() && /^[1-9]\d*$/.test(pid) && !isAlive(Number(pid));
    return { name: `${dev} ${ino} ${mtimeMs} ${content}`, isStale: isGone || now() - ctimeMs > STALE_MS };
  } catch (error) {
    if (toCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function readContent(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/**
 * Removes the lock that was found stale, and not one that another process has put in its place meanwhile: that one is put
 * back. In one go, so that it is aside for no longer than that takes.
 *
 * @returns whether it is gone
 */
async function removeStale(path: string, aside: string, found: Look, now: () => number): Promise<boolean> {
  try {
    renameSync(path, aside);
  } catch (error) {
    if (toCode(error) === "ENOENT") return true;
    throw error;
  }
  // Renaming makes it look young: what tells is that it is the one that was found stale.
  if (lookAt(aside, now)?.name === found.name) {
    rmSync(aside, { force: true });
    return true;
  }
  await putBack(aside, path);
  return false;
}

/** Whoever has taken the place meanwhile sees the one that is aside, and stands back. */
async function putBack(aside: string, path: string): Promise<void> {
  for (let waited = 0; waited < STALE_MS; waited += PUT_BACK_MS) {
    try {
      linkSync(aside, path);
      break;
    } catch (error) {
      if (toCode(error) !== "EEXIST") return toInvalid(error);
      await pause(PUT_BACK_MS);
    }
  }
  await rm(aside, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return toCode(error) !== "ESRCH";
  }
}

function toCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function toInvalid(cause: unknown): never {
  throw new TillsyncError("DATA_FOLDER_INVALID", { file: LOCK_FILE }, cause);
}
