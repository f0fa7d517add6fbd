import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type Pack, pack } from "tar-stream";
import { isEqual } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { FoundFile } from "./list-files.ts";

/** What one file of an archive is written into. */
type Entry = ReturnType<Pack["entry"]>;

// The time of each file is left out: two backups of the same content are the same archive.
const KEPT = { uid: 0, gid: 0, mtime: new Date(0), type: "file" } as const;

/**
 * A tar archive of the files, in order, piece by piece.
 *
 * @throws TillsyncError DATA_FOLDER_INVALID where a file is not any more what its digest says
 */
export async function* toArchive(files: Iterable<FoundFile>): AsyncGenerator<Uint8Array> {
  const archive = pack();
  let failure: unknown;
  const feeding = feed(archive, files).catch((error) => {
    failure = error;
    archive.destroy();
  });
  try {
    for await (const chunk of archive) yield chunk as Uint8Array;
  } catch (error) {
    failure ??= error;
  } finally {
    archive.destroy();
    await feeding;
  }
  if (failure !== undefined) throw failure;
}

async function feed(archive: Pack, files: Iterable<FoundFile>): Promise<void> {
  for (const file of files) {
    const { path: name, size, mode } = file;
    await new Promise<void>((resolve, reject) => {
      const entry = archive.entry({ ...KEPT, name, size, mode }, (error) => (error ? reject(error) : resolve()));
      write(entry, file).catch(reject);
    });
  }
  archive.finalize();
}

async function write(entry: Entry, { path, source, size, digest }: FoundFile): Promise<void> {
  const hash = createHash("sha256");
  let left = size;
  for await (const chunk of typeof source === "string" ? createReadStream(source) : [source]) {
    left -= chunk.length;
    if (left < 0) break;
    hash.update(chunk);
    if (!entry.write(chunk)) await untilDrained(entry);
    if (entry.destroyed) throw new Error("the archive was given up");
  }
  if (left !== 0 || !isEqual(hash.digest(), digest)) {
    throw new TillsyncError("DATA_FOLDER_INVALID", { file: path, expected: "unchanged" });
  }
  entry.end(null);
}

/** What streams of archives tell: more may be written, or they are at their end. */
interface Drainable {
  on(event: "drain" | "close", listener: () => void): unknown;
  off(event: "drain" | "close", listener: () => void): unknown;
}

/** Resolves when more may be written, or never will be. */
export function untilDrained(stream: Drainable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off("drain", done);
      stream.off("close", done);
      resolve();
    };
    stream.on("drain", done);
    stream.on("close", done);
  });
}
