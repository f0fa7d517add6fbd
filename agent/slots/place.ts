import { basename, dirname } from "node:path";
import { writeDurably } from "./durable.ts";
import { type FileSystem, openFileSystem } from "./file-system.ts";

/** One file outside the state folder that must survive a power cut whole. */
export interface Place {
  /** Its folder. */
  readonly files: FileSystem;
  readonly name: string;
}

export function openPlace(path: string): Place {
  return { files: openFileSystem(dirname(path)), name: basename(path) };
}

/** Undefined where there is no such file. */
export function readPlace({ files, name }: Place): Uint8Array | undefined {
  return files.read(name);
}

/** The old content or the new, whole; durable when this returns. Its owner only can read it. @throws STATE_WRITE_FAILED */
export function writePlace({ files, name }: Place, bytes: Uint8Array): void {
  writeDurably(files, ".", name, bytes);
}
