import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type DurableFolder, openDurableFolder, readAtMost } from "../durable-folder.ts";

export { makeFolders } from "../durable-folder.ts";

/**
 * An encoded name is a run of plain characters and `%XX`, so that a draft can never bear the name of another file. Each
 * process has drafts of its own: of two that write at once neither puts the other's half-written one in place.
 */
const DRAFT = `%new${randomBytes(3).toString("hex")}`;
const ANY_DRAFT = /%new[0-9a-f]{6}$/;
/** Whoever wrote an older draft is gone: a power cut or a signal came in between. */
const OLD_DRAFT_MS = 3_600_000;

/** The files of one folder. Every method throws whatever the system says. */
export interface Files extends DurableFolder {
  /** Undefined where there is no such file, or one of more than `most` bytes. */
  read(name: string, most: number): Uint8Array | undefined;
  /** Nothing where there is no such file. */
  remove(name: string): void;
}

/** The folder on disk. Old drafts in it are removed. */
export function openFiles(folder: string): Files {
  removeOldDrafts(folder);
  return {
    ...openDurableFolder(folder),
    read: (name, most) => readAtMost(join(folder, name), most, undefined),
    remove: (name) => rmSync(join(folder, name), { force: true }),
  };
}

/** Replaces a file so that after a power cut it holds the old content or the new, whole; durable when this returns. */
export function writeDurably(files: Files, name: string, bytes: Uint8Array): void {
  files.write(`${name}${DRAFT}`, bytes);
  files.sync(`${name}${DRAFT}`);
  files.rename(`${name}${DRAFT}`, name);
  files.sync(toFolder(name));
}

/** Removes a file; durable when this returns. */
export function removeDurably(files: Files, name: string): void {
  files.remove(name);
  files.sync(toFolder(name));
}

function toFolder(name: string): string {
  return name.includes("/") ? name.slice(0, name.lastIndexOf("/")) : ".";
}

function removeOldDrafts(folder: string): void {
  const drafts = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => ANY_DRAFT.test(name))
    : [];
  for (const draft of drafts) {
    const { mtimeMs = Number.POSITIVE_INFINITY } = statSync(join(folder, draft), { throwIfNoEntry: false }) ?? {};
    if (Date.now() - mtimeMs > OLD_DRAFT_MS) rmSync(join(folder, draft), { force: true });
  }
}
