import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** Made by tools, never committed. */
const MADE = new Set([".git", ".tillsync", "node_modules", "dist", "coverage"]);
/** Folders that hold our TypeScript; configuration files stand at the root. */
export const SOURCE_FOLDERS = ["proto", "certs", "broker", "agent", "src", "sim", "bench", "test"];
/** What ships or runs beside the tests. */
export const PRODUCT_FOLDERS = ["proto", "certs", "broker", "agent", "src", "sim"];

export interface SourceFile {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Every file that is, or should be, committed. */
export function listFiles(folder = ""): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      if (MADE.has(entry.name) || entry.name.endsWith(".log")) return [];
      return entry.isDirectory() ? listFiles(path) : [path];
    });
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** Our TypeScript, generated code left out. */
export function readSources(folders: readonly string[] = SOURCE_FOLDERS): readonly SourceFile[] {
  return listFiles()
    .filter((path) => path.endsWith(".ts") && !path.startsWith("proto/gen/"))
    .filter((path) => folders.includes(path.split("/", 1).join("")) || (folders === SOURCE_FOLDERS && isConfig(path)))
    .map((path) => ({ path, text: readText(path) }));
}

export function isConfig(path: string): boolean {
  return /^[^/]+\.config\.ts$/.test(path);
}
