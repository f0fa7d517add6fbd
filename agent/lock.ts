import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TillsyncError } from "../proto/errors.ts";
import { isAlive, parseProcess, toProcessText } from "./process.ts";

const LOCK_FILE = "agent.lock";
/** Whoever loses so many races in a row for a stale lock has another agent beside it. */
const MAX_TAKEOVERS = 5;

/**
 * Keeps a second agent off the same state folder while this process lives; a lock whose process is gone is taken over.
 * The function given back lets go.
 *
 * @throws TillsyncError AGENT_RUNNING
 */
export function acquireLock(folder: string): () => void {
  const path = join(folder, LOCK_FILE);
  const own = `${path}.${process.pid}`;
  writeFileSync(own, toProcessText(process.pid));
  try {
    for (let takeovers = 0; takeovers < MAX_TAKEOVERS; takeovers += 1) {
      if (claim(own, path)) return () => rmSync(path, { force: true });
      const found = readText(path);
      const holder = parseProcess(found);
      if (holder !== undefined && holder.pid !== process.pid && isAlive(holder))
        throw new TillsyncError("AGENT_RUNNING", { pid: holder.pid });
      removeStale(path, found);
    }
    throw new TillsyncError("AGENT_RUNNING");
  } finally {
    rmSync(own, { force: true });
  }
}

/** A link to a whole file: the lock is never there without its content. */
function claim(own: string, path: string): boolean {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Removes the lock that was found stale, and not one that another agent has put in its place meanwhile. */
function removeStale(path: string, found: string): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
    if (readText(aside) !== found) claim(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** Empty where the file is gone. */
function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
