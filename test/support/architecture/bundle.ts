import { build } from "esbuild";

/** What MQTT's `ws` would try to load for speed, and does without: never installed, and native. */
export const OPTIONAL_MODULES = ["bufferutil", "utf-8-validate"];

export interface Bundle {
  /** Every file that went in, from the repository's root. */
  readonly inputs: readonly string[];
  /** Modules that stay outside and are loaded at run time. */
  readonly external: readonly string[];
  readonly bytes: number;
}

/** Bundles a program as agent/build.ts does, but from its source and in memory, and tells what went in. */
export async function bundle(entry: string): Promise<Bundle> {
  const { metafile, outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  return {
    inputs: Object.keys(metafile.inputs),
    external: Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path)),
    bytes: outputFiles.reduce((sum, { contents }) => sum + contents.length, 0),
  };
}
