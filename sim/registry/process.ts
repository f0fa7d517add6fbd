import { openSimulatorProcess } from "../process.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Command, RegistryConfig } from "./control.ts";
import type { RegistryQuestion } from "./registry.ts";

/** A registry of terminals running as a process of its own. Every promise resolves when it has acted. */
export interface RegistryProcess {
  readonly pid: number;
  readonly port: number;
  script(behaviours: readonly Behaviour[]): Promise<void>;
  questions(): Promise<readonly RegistryQuestion[]>;
  /** Ends the process. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts the compiled `main` of this folder and waits until it listens.
 *
 * @param entry path of the compiled main.js
 * @throws TillsyncError PORT_IN_USE, or INTERNAL where the process does not come up
 */
export async function openRegistryProcess(entry: string, config: RegistryConfig): Promise<RegistryProcess> {
  const { pid, port, command, close } = await openSimulatorProcess<Command, readonly RegistryQuestion[]>({
    name: "registry",
    entry,
    args: [JSON.stringify(config)],
  });
  return {
    pid,
    port,
    script: async (behaviours) => void (await command({ type: "script", behaviours })),
    questions: () => command({ type: "questions" }),
    close,
  };
}
