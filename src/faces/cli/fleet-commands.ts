import { createReadStream } from "node:fs";
import type { Command } from "commander";
import { TillsyncError } from "../../../proto/errors.ts";
import { parseTusn } from "../../../proto/tusn.ts";
import { importFleet } from "../../app/import/import-fleet.ts";
import { parseFleet } from "../../app/import/parse-fleet.ts";
import { showMerchant } from "../../app/queries/merchants.ts";
import { listTerminals, showTerminal } from "../../app/queries/terminals.ts";
import { toMerchantText, toTerminalsText, toTerminalText } from "./fleet-text.ts";
import { print, toTable } from "./output.ts";
import { type CliPorts, withBackend } from "./ports.ts";

export function addFleetCommands(program: Command, ports: CliPorts): void {
  const terminals = program.command("terminals").description("import, list and show terminals");

  terminals
    .command("import")
    .description("import merchants and terminals from CSV; a file with any bad row is refused whole")
    .argument("<file>", "CSV with a header row; sim/data/fleet.csv is a sample with every column")
    .action((file: string, _options: object, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        const { rows, faults, faultCount } = await parseFleet(createReadStream(file)).catch(toUnreadable(file));
        if (faultCount > 0) {
          const shown = faults.map(({ line, column, code }) => [String(line), column, code]);
          if (output.json) output.err(`${JSON.stringify({ faults, faultCount })}\n`);
          else output.err(`${toTable(["line", "column", "code"], shown)}\n`);
          throw new TillsyncError("IMPORT_REFUSED", { faults: faultCount });
        }
        const result = await importFleet(context, rows);
        if (result.conflicts.length > 0) {
          output.err(`${JSON.stringify({ conflicts: result.conflicts })}\n`);
          throw new TillsyncError("IMPORT_REFUSED", { conflicts: result.conflicts.length });
        }
        print(
          output,
          result,
          ({ merchants, terminals: added, unchanged }) =>
            `${added} terminals of ${merchants} merchants imported, ${unchanged} were there already`,
        );
      }),
    );

  terminals
    .command("list")
    .description("list terminals with what they run")
    .option("--merchant <number>", "of this merchant only")
    .action((options: { merchant?: string }, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        print(output, await listTerminals(context.store, options.merchant), toTerminalsText);
      }),
    );

  terminals
    .command("show")
    .description("show one terminal: what it runs, what it said last, every deployment")
    .argument("<tusn>", "the terminal's unique serial number")
    .action((tusn: string, _options: object, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        print(output, await showTerminal(context.store, parseTusn(tusn)), toTerminalText);
      }),
    );

  program
    .command("merchants")
    .description("show merchants")
    .command("show")
    .description("show one merchant with its settlement (masked) and terminals")
    .argument("<number>", "merchant number, 15 digits")
    .action((number: string, _options: object, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        print(output, await showMerchant(context.store, number), toMerchantText);
      }),
    );
}

function toUnreadable(file: string): (cause: unknown) => never {
  return (cause) => {
    throw cause instanceof TillsyncError ? cause : new TillsyncError("CONFIG_INVALID", { unreadable: file }, cause);
  };
}
