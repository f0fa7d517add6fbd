import { openSimulatorProcess, type SimulatorProcess } from "../process.ts";
import type { Command, Look } from "./control.ts";

/** A simulated acquirer running as a process of its own. */
export type AcquirerProcess = SimulatorProcess<Command, Look>;

/**
 * Starts the compiled `main` of this folder and waits until it listens.
 *
 * @param entry path of the compiled main.js
 * @param config path of a file with an AcquirerConfig in JSON: it holds private keys, which belong on no command line
 * @throws TillsyncError PORT_IN_USE, or INTERNAL where the process does not come up
 */
export function openAcquirerProcess(entry: string, config: string): Promise<AcquirerProcess> {
  return openSimulatorProcess<Command, Look>({ name: "acquirer", entry, args: [config] });
}
