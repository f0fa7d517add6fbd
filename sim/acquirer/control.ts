import type { ErrorCode } from "../../proto/errors.ts";
import type { Acquirer } from "./acquirer.ts";
import type { Behaviour } from "./behaviour.ts";
import type { AcquirerRecord } from "./books.ts";

// What parent and acquirer process say to each other over node's IPC channel, as JSON.

/** From the parent. Each is answered by a notice with its `id`. */
export type Command = { readonly id: number } & (
  | {
      readonly type: "terminals";
      /** `tmk` in hexadecimal. */
      readonly terminals: readonly { terminalNo: string; merchantNo: string; tmk: string }[];
    }
  | { readonly type: "script"; readonly terminalNo: string; readonly behaviours: readonly Behaviour[] }
  | { readonly type: "records" }
);

/** From the acquirer process. */
export type Notice =
  | { readonly type: "listening"; readonly port: number }
  | { readonly type: "failed"; readonly code: ErrorCode }
  | { readonly type: "done"; readonly id: number; readonly records: readonly AcquirerRecord[] };

/** Carries out a command and gives what to answer. */
export function applyCommand(acquirer: Acquirer, command: Command): Notice {
  switch (command.type) {
    case "terminals":
      acquirer.addTerminals(
        command.terminals.map(({ terminalNo, merchantNo, tmk }) => ({
          terminalNo,
          merchantNo,
          tmk: Buffer.from(tmk, "hex"),
        })),
      );
      return { type: "done", id: command.id, records: [] };
    case "script":
      acquirer.script(command.terminalNo, command.behaviours);
      return { type: "done", id: command.id, records: [] };
    case "records":
      return { type: "done", id: command.id, records: acquirer.records() };
  }
}
