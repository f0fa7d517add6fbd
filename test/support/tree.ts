import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { toDigest, toHex } from "../../proto/bytes.ts";

/** Every folder and file below a folder by path, with mode and digest: two of these are equal where nothing changed. */
export type Tree = Readonly<Record<string, string>>;

export function readTree(folder: string): Tree {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).toSorted();
  return Object.fromEntries(
    paths.map((path) => {
      const stats = statSync(join(folder, path));
      const content = stats.isFile() ? toHex(toDigest(readFileSync(join(folder, path)))) : "folder";
      return [path, `${stats.mode.toString(8)} ${content}`];
    }),
  );
}
