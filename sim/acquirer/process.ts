import { toHex } from "../../proto/bytes.ts";
import { openSimulatorProcess } from "../process.ts";
import type { Behaviour } from "./behaviour.ts";
import type { AcquirerRecord } from "./books.ts";
import type { Command } from "./control.ts";
import type { AcquirerTerminal } from "./host.ts";

/** An acquirer host running as a process of its own. Every promise resolves when the host has acted. */
export interface AcquirerProcess {
  readonly pid: number;
  readonly port: number;
  addTerminals(terminals: readonly AcquirerTerminal[]): Promise<void>;
  script(terminalNo: string, behaviours: readonly Behaviour[]): Promise<void>;
  records(): Promise<readonly AcquirerRecord[]>;
  /** Ends the process. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts the compiled `main` of this folder and waits until it listens.
 *
 * @param entry path of the compiled main.js
 * @param port 0 takes any free port
 * @throws TillsyncError PORT_IN_USE, or INTERNAL where the process does not come up
 */
export async function openAcquirerProcess(entry: string, port = 0): Promise<AcquirerProcess> {
  const acquirer = await openSimulatorProcess<Command, readonly AcquirerRecord[]>({
    name: "acquirer",
    entry,
    args: [String(port)],
  });
  const { command } = acquirer;
  return {
    pid: acquirer.pid,
    port: acquirer.port,
    addTerminals: async (terminals) => {
      await command({ type: "terminals", terminals: terminals.map((t) => ({ ...t, tmk: toHex(t.tmk) })) });
    },
    script: async (terminalNo, behaviours) => {
      await command({ type: "script", terminalNo, behaviours });
    },
    records: () => command({ type: "records" }),
    close: acquirer.close,
  };
}
