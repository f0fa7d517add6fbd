import { cpSync } from "node:fs";
import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** What `tillsync init` made before all tests of a run; absent in a run without them, such as the red team's. */
    readonly dataFolder: string | undefined;
  }
}

/**
 * Makes a data folder with demo approvers at a path where nothing is: a copy, so that its RSA keys, which take a second
 * to make, are those of the run.
 */
export async function makeDataFolder(path: string): Promise<void> {
  const made = inject("dataFolder");
  if (made !== undefined) {
    cpSync(made, path, { recursive: true });
    return;
  }
  const { openDataFolder } = await import("../../src/app/data-folder.ts");
  await openDataFolder(path, Math.floor(Date.now() / 1_000));
}
