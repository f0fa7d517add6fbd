import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { toHex } from "../../proto/bytes.ts";
import { TillsyncError } from "../../proto/errors.ts";
import type { Behaviour } from "./behaviour.ts";
import type { AcquirerRecord } from "./books.ts";
import type { Command, Notice } from "./control.ts";
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

/** From fork to "listening". */
export const START_MS = 10_000;

type CommandBody = Command extends infer C ? (C extends Command ? Omit<C, "id"> : never) : never;

/**
 * Starts the compiled `main` of this folder and waits until it listens.
 *
 * @param entry path of the compiled main.js
 * @param port 0 takes any free port
 * @throws TillsyncError PORT_IN_USE, or INTERNAL where the process does not come up
 */
export async function openAcquirerProcess(entry: string, port = 0): Promise<AcquirerProcess> {
  const child = fork(entry, [String(port)], { execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const pending = new Map<number, (records: readonly AcquirerRecord[] | undefined) => void>();
  let lastId = 0;
  child.on("message", (notice: Notice) => {
    if (notice.type !== "done") return;
    pending.get(notice.id)?.(notice.records);
    pending.delete(notice.id);
  });
  child.once("exit", () => {
    for (const settle of pending.values()) settle(undefined);
    pending.clear();
  });

  function command(body: CommandBody): Promise<readonly AcquirerRecord[]> {
    return new Promise((resolve, reject) => {
      lastId += 1;
      const id = lastId;
      pending.set(id, (records) => {
        if (records === undefined) reject(new TillsyncError("INTERNAL", { process: "acquirer", what: "gone" }));
        else resolve(records);
      });
      child.send({ id, ...body }, (error) => {
        if (error !== null && pending.delete(id)) reject(error);
      });
    });
  }

  const listening = await waitUntilListening(child);
  return {
    pid: child.pid ?? 0,
    port: listening,
    addTerminals: async (terminals) => {
      await command({ type: "terminals", terminals: terminals.map((t) => ({ ...t, tmk: toHex(t.tmk) })) });
    },
    script: async (terminalNo, behaviours) => {
      await command({ type: "script", terminalNo, behaviours });
    },
    records: () => command({ type: "records" }),
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

function waitUntilListening(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: TillsyncError): void => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      reject(error);
    };
    const timer = setTimeout(
      () => fail(new TillsyncError("INTERNAL", { process: "acquirer", what: "did not start in time" })),
      START_MS,
    );
    child.once("error", (cause) => fail(new TillsyncError("INTERNAL", { process: "acquirer" }, cause)));
    child.once("exit", () => fail(new TillsyncError("INTERNAL", { process: "acquirer", what: "exited" })));
    child.on("message", (notice: Notice) => {
      if (notice.type === "failed") fail(new TillsyncError(notice.code, { process: "acquirer" }));
      if (notice.type !== "listening") return;
      clearTimeout(timer);
      resolve(notice.port);
    });
  });
}
