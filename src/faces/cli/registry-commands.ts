import type { Command } from "commander";
import { parseTusn } from "../../../proto/tusn.ts";
import { parseAct } from "../../app/registry/act.ts";
import { changeLife, LIFE_CHANGES, type LifeChange, type LifeChanged } from "../../app/registry/change-life.ts";
import { type Replacement, replaceTerminal } from "../../app/registry/replace.ts";
import { print } from "./output.ts";
import { type CliPorts, withBackend } from "./ports.ts";

interface ActOptions {
  readonly reason: string;
  readonly by?: string;
}

const DESCRIPTIONS: Readonly<Record<LifeChange, string>> = {
  suspend: "let a terminal say hello and nothing else until it is resumed; what waits for it waits on",
  resume: "end a terminal's suspension",
  retire: "put a terminal out of service for good: revoke its certificates, close what waits for it",
};

export function addRegistryCommands(program: Command, ports: CliPorts): void {
  const terminals = program.commands.find((command) => command.name() === "terminals") ?? program.command("terminals");
  for (const change of LIFE_CHANGES) {
    withAct(terminals.command(change).description(DESCRIPTIONS[change]))
      .argument("<tusn>", "the terminal's unique serial number")
      .action((tusn: string, { reason, by }: ActOptions, command: Command) =>
        withBackend(ports, command, async ({ context }, output) => {
          print(output, await changeLife(context, parseTusn(tusn), change, parseAct(reason, by)), toLifeText);
        }),
      );
  }
  withAct(
    terminals
      .command("replace")
      .description("put a registered terminal in the place of another one, which is out of service from then on"),
  )
    .argument("<old>", "TUSN or legacy serial number of the terminal that goes")
    .argument("<new>", "TUSN of the one that comes")
    .action((old: string, tusn: string, { reason, by }: ActOptions, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        print(output, await replaceTerminal(context, old, parseTusn(tusn), parseAct(reason, by)), toReplacementText);
      }),
    );
}

function withAct(command: Command): Command {
  return command
    .requiredOption("--reason <text>", "why; kept in the terminal's history")
    .option("--by <name>", "who says so (default: operator)");
}

function toLifeText({ tusn, life, already, certificates, directives }: LifeChanged): string {
  if (already) return `${tusn} is ${life} already: nothing was done.`;
  const closed = life === "retired" ? `: ${certificates} certificates revoked, ${directives} directives closed` : "";
  return `${tusn} is ${life} now${closed}.`;
}

function toReplacementText({ replaced, tusn, merchantNumber, terminalNo, ...taken }: Replacement): string {
  return [
    `${tusn} takes the place of ${replaced}: terminal ${terminalNo} of merchant ${merchantNumber}.`,
    `${replaced} is out of service: ${taken.certificates} certificates revoked, ${taken.directives} directives closed.`,
    `${tusn} has no settlement yet: enrol it, and release its first profile (tillsync release build --tusn ${tusn}).`,
  ].join("\n");
}
