import { rename, writeFile } from "node:fs/promises";
import { type SimulatedControl, toControlPath } from "../agent/terminal/simulated.ts";

/** Makes the simulated terminal behind `profilePath` behave so from its next call on, also in another process. */
export async function steerTerminal(profilePath: string, control: SimulatedControl): Promise<void> {
  const path = toControlPath(profilePath);
  const temporary = `${path}.new`;
  await writeFile(temporary, JSON.stringify(control));
  await rename(temporary, path);
}
