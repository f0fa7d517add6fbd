import { toDigest, toHex } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import type { Digest } from "../machine/state.ts";
import { writeDurably } from "./durable.ts";
import type { FileSystem } from "./file-system.ts";

export const OBJECTS_FOLDER = "objects";

/** Bytes under the name of their SHA-256: deliveries, trust bundles, trust roots and sealed card numbers. */
export interface Objects {
  /** Durable when it returns. @throws TillsyncError STATE_WRITE_FAILED */
  put(bytes: Uint8Array): Digest;
  /** @throws TillsyncError SLOT_CORRUPT where they are missing or are not the bytes of that name */
  get(name: Digest): Uint8Array;
  /** Removes all others. */
  keepOnly(names: readonly Digest[]): void;
}

export function openObjects(files: FileSystem): Objects {
  const get = (name: Digest): Uint8Array => {
    const bytes = files.read(`${OBJECTS_FOLDER}/${name}`);
    if (bytes === undefined || toHex(toDigest(bytes)) !== name) throw new TillsyncError("SLOT_CORRUPT", { name });
    return bytes;
  };
  return {
    put(bytes) {
      const name = toHex(toDigest(bytes));
      writeDurably(files, OBJECTS_FOLDER, name, bytes);
      return name;
    },
    get,
    keepOnly: (names) => files.keepOnly(OBJECTS_FOLDER, names),
  };
}
