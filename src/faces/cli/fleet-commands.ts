import { type Command, Option } from "commander";
import { parseTusn } from "../../../proto/tusn.ts";
import { findLegacyTerminal, listLegacy } from "../../app/queries/legacy.ts";
import {
  listTerminals,
  MAX_LISTED_TERMINALS,
  showTerminal,
  type TerminalListQuery,
} from "../../app/queries/terminals.ts";
import { LIVES } from "../../domain/life.ts";
import { VERDICTS } from "../../domain/verdict.ts";
import { toWholeNumber } from "./arguments.ts";
import { toLegacyListText, toLegacyText, toTerminalsText } from "./fleet-text.ts";
import { addImportCommand } from "./import-command.ts";
import { type Output, print } from "./output.ts";
import { type CliPorts, withBackend } from "./ports.ts";
import { toTerminalText } from "./terminal-text.ts";

const DEFAULT_LIMIT = 1_000;

interface ListOptions extends TerminalListQuery {
  readonly legacy: boolean;
  readonly limit: number;
}

export function addFleetCommands(program: Command, ports: CliPorts): void {
  const terminals = program.command("terminals").description("import, list and show terminals, and change their life");
  addImportCommand(terminals, ports);
  addListCommand(terminals, ports);

  terminals
    .command("show")
    .description("show one terminal: its identity, what it runs, what it said last, every deployment")
    .argument("<number>", "the terminal's unique serial number, or a legacy serial number")
    .action((number: string, _options: object, command: Command) =>
      withBackend(ports, command, async ({ context: { store } }, output) => {
        const legacy = await findLegacyTerminal(store, number);
        if (legacy !== undefined) print(output, legacy, toLegacyText);
        else print(output, await showTerminal(store, parseTusn(number)), toTerminalText);
      }),
    );
}

function addListCommand(terminals: Command, ports: CliPorts): void {
  terminals
    .command("list")
    .description("list terminals with what they run, in order of TUSN")
    .option("--merchant <number>", "of this merchant only")
    .addOption(new Option("--life <life>", "that stand here in life only").choices(LIVES))
    .addOption(new Option("--verdict <verdict>", "with this verdict only").choices(VERDICTS))
    .option("--legacy", "old stock without a TUSN instead", false)
    .option("--limit <n>", "at most so many", toWholeNumber(1, MAX_LISTED_TERMINALS), DEFAULT_LIMIT)
    .option("--after <number>", "those behind this one")
    .action(({ legacy, ...query }: ListOptions, command: Command) =>
      withBackend(ports, command, async ({ context: { store } }, output) => {
        if (legacy || query.verdict === "legacy") {
          const views = await listLegacy(store, query);
          print(output, views, toLegacyListText);
          if (views.length === query.limit) tellMore(output, views.at(-1)?.serial);
        } else {
          const views = await listTerminals(store, query);
          print(output, views, toTerminalsText);
          if (views.length === query.limit) tellMore(output, views.at(-1)?.tusn);
        }
      }),
    );
}

function tellMore(output: Output, after: string | undefined): void {
  if (after === undefined) return;
  output.err(output.json ? `${JSON.stringify({ more: { after } })}\n` : `There may be more: --after ${after}\n`);
}
