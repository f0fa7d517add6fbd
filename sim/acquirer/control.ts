import type { Acquirer } from "./acquirer.ts";
import type { Behaviour } from "./behaviour.ts";
import type { AcquirerRecord } from "./books.ts";

/** What the parent of an acquirer process may tell it to do. JSON throughout. */
export type Command =
  | {
      readonly type: "terminals";
      /** `tmk` in hexadecimal. */
      readonly terminals: readonly { terminalNo: string; merchantNo: string; tmk: string }[];
    }
  | { readonly type: "script"; readonly terminalNo: string; readonly behaviours: readonly Behaviour[] }
  | { readonly type: "records" };

/** Carries out a command; gives the records so far where it asks for them, and none elsewhere. */
export function applyCommand(acquirer: Acquirer, command: Command): readonly AcquirerRecord[] {
  switch (command.type) {
    case "terminals":
      acquirer.addTerminals(
        command.terminals.map(({ terminalNo, merchantNo, tmk }) => ({
          terminalNo,
          merchantNo,
          tmk: Buffer.from(tmk, "hex"),
        })),
      );
      return [];
    case "script":
      acquirer.script(command.terminalNo, command.behaviours);
      return [];
    case "records":
      return acquirer.records();
  }
}
