import { createHash } from "node:crypto";
import { link, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { TillsyncError } from "../../../proto/errors.ts";
import { syncFolder } from "../durable-file.ts";
import { removeAbandoned, toScratchName } from "./scratch.ts";

const SECRET = 0o600;

export interface WrittenFile {
  readonly bytes: number;
  /** SHA-256. */
  readonly digest: Uint8Array;
}

/**
 * Writes a file as a whole or not at all, for its owner alone; durable when it resolves.
 *
 * @param force takes the place of a file that is there
 * @throws TillsyncError CONFIG_INVALID where one is there and `force` is not given, or where it cannot be written;
 *   whatever `chunks` throws
 */
export async function writeOutput(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  force: boolean,
): Promise<WrittenFile> {
  const folder = dirname(resolve(path));
  const prefix = `.${basename(path)}.part-`;
  await removeAbandoned(folder, prefix);
  const draft = join(folder, toScratchName(prefix));
  try {
    const written = await writeDraft(draft, chunks);
    if (force) await rename(draft, path);
    // Unlike a rename, a link never takes the place of a file.
    else await link(draft, path);
    await rm(draft, { force: true });
    await syncFolder(folder);
    return written;
  } catch (error) {
    if (error instanceof TillsyncError) throw error;
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "EEXIST")
      throw new TillsyncError("CONFIG_INVALID", { exists: path, expected: "a new file, or --force" });
    throw new TillsyncError("CONFIG_INVALID", { file: path, cannot: "be written", why: code }, error);
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeDraft(draft: string, chunks: AsyncIterable<Uint8Array>): Promise<WrittenFile> {
  const hash = createHash("sha256");
  let bytes = 0;
  const file = await open(draft, "wx", SECRET);
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      await file.writeFile(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes, digest: hash.digest() };
}
