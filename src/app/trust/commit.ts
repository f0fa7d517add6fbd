import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { TillsyncError } from "../../../proto/errors.ts";
import { syncFolder, writeFileDurably } from "../durable-file.ts";

// Several files of the trust folder change as one. They are written into a draft folder, which is renamed to NEXT: from
// that moment on they are in force, because whoever reads looks into NEXT first. Then they move to their places one by
// one. A power cut before the rename leaves the old set; after it, the new one, wherever its files are by then.

export const NEXT = "next";
const DRAFT = "next.draft";
const FOLDER_MODE = 0o700;

/** A file that takes its place, named as in the trust folder. */
export interface NewFile {
  readonly name: string;
  readonly bytes: Uint8Array | string;
  readonly mode: number;
}

/** One operation, durable when it is done; names relative to the trust folder. Doing it again does no more. */
export type Step =
  | { readonly kind: "folder" | "remove"; readonly name: string }
  | { readonly kind: "write"; readonly name: string; readonly bytes: Uint8Array | string; readonly mode: number }
  | { readonly kind: "move"; readonly from: string; readonly to: string };

/** Everything it takes to put these files in force, in order. */
export function toCommitSteps(files: readonly NewFile[]): readonly Step[] {
  return [
    { kind: "remove", name: DRAFT },
    { kind: "folder", name: DRAFT },
    ...files.map((file): Step => ({ kind: "write", ...file, name: `${DRAFT}/${file.name}` })),
    { kind: "move", from: DRAFT, to: NEXT },
    ...toFinishSteps(files.map(({ name }) => name)),
  ];
}

/** @throws TillsyncError DATA_FOLDER_INVALID where a step could not be made durable: the old set or the new is in force */
export async function runSteps(folder: string, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    try {
      await runStep(folder, step);
    } catch (cause) {
      if (cause instanceof TillsyncError) throw cause;
      throw new TillsyncError("DATA_FOLDER_INVALID", { file: step.kind === "move" ? step.to : step.name }, cause);
    }
  }
}

/** Brings to its end what a power cut interrupted. One writer at a time. */
export async function finishCommit(folder: string): Promise<void> {
  const names = await listNext(folder);
  if (names !== undefined) await runSteps(folder, toFinishSteps(names));
}

/** Files that are in force and not in their places yet; undefined where there is no such folder. */
export async function listNext(folder: string): Promise<readonly string[] | undefined> {
  try {
    return (await readdir(join(folder, NEXT))).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function toFinishSteps(names: readonly string[]): readonly Step[] {
  return [
    ...names.map((name): Step => ({ kind: "move", from: `${NEXT}/${name}`, to: name })),
    { kind: "remove", name: NEXT },
  ];
}

async function runStep(folder: string, step: Step): Promise<void> {
  switch (step.kind) {
    case "folder":
      await mkdir(join(folder, step.name), { recursive: true, mode: FOLDER_MODE });
      return await syncFolder(folder);
    case "write":
      return await writeFileDurably(join(folder, step.name), step.bytes, step.mode);
    case "move":
      // The new name first: on no file system is the file then in neither place.
      await rename(join(folder, step.from), join(folder, step.to));
      await syncFolder(folder);
      return await syncNext(folder, step);
    case "remove":
      await rm(join(folder, step.name), { recursive: true, force: true });
      return await syncFolder(folder);
  }
}

async function syncNext(folder: string, { from }: { readonly from: string }): Promise<void> {
  if (from.startsWith(`${NEXT}/`)) await syncFolder(join(folder, NEXT));
}
