import type { Files } from "../../certs/tuf/files.ts";
import type { MemoryFiles } from "./memory-files.ts";

const FOLDER = "m";

/** The files of a client on a disk whose un-synced writes vanish when the power goes. */
export function toFiles(disk: MemoryFiles): Files {
  const at = (name: string) => (name === "." ? FOLDER : `${FOLDER}/${name}`);
  return {
    read: (name, most) => {
      const bytes = disk.read(at(name));
      return bytes === undefined || bytes.length > most ? undefined : bytes;
    },
    write: (name, bytes) => disk.write(at(name), bytes),
    sync: (name) => disk.sync(at(name)),
    rename: (from, to) => disk.rename(at(from), at(to)),
    remove: (name) => {
      const others = disk.list().filter((path) => path !== at(name));
      disk.keepOnly(
        FOLDER,
        others.map((path) => path.slice(FOLDER.length + 1)),
      );
    },
  };
}

/** Files by name, as a later run of the client would find them. */
export function listContent(disk: MemoryFiles): Readonly<Record<string, string>> {
  const names = disk.list().map((path) => path.slice(FOLDER.length + 1));
  const files = toFiles(disk);
  return Object.fromEntries(
    names
      .filter((name) => !name.includes("%"))
      .toSorted()
      .map((name) => [name, Buffer.from(files.read(name, Number.POSITIVE_INFINITY) ?? []).toString()]),
  );
}
