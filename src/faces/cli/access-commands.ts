import type { Command } from "commander";
import { parseTusn, type Tusn } from "../../../proto/tusn.ts";
import { type QuarantineView, showQuarantines, viewQuarantines } from "../../app/admission/list-quarantines.ts";
import { type ReleasedQuarantine, releaseQuarantine } from "../../app/admission/quarantine.ts";
import { revokeTerminal } from "../../app/admission/revoke.ts";
import type { Context } from "../../app/context.ts";
import { toWholeNumber } from "./arguments.ts";
import { print, toSheet, toTable, toTime } from "./output.ts";
import { type CliPorts, withBackend } from "./ports.ts";

const OPERATOR = "operator";
const DEFAULT_ROWS = 100;
const MAX_ROWS = 10_000;

interface Words {
  readonly reason: string;
  readonly by: string;
}

export function addAccessCommands(program: Command, ports: CliPorts): void {
  const terminals = program.commands.find((command) => command.name() === "terminals") ?? program.command("terminals");
  addDecision(terminals, ports, {
    name: "revoke",
    description: "revoke every certificate of a terminal and cut it off: it is stolen, or its key is known to others",
    decide: revokeTerminal,
    toText: ({ tusn, certificates }) =>
      `${tusn}: ${certificates} certificates revoked. It enrols anew once two people have unbound it from its key`,
  });

  const quarantine = program.command("quarantine").description("terminals of which there may be two");
  quarantine
    .command("list")
    .description("list terminals in quarantine: nothing is sent to them")
    .option("--all", "those that were released, too", false)
    .option("--limit <n>", "how many, newest first", toWholeNumber(1, MAX_ROWS), DEFAULT_ROWS)
    .action((query: { all: boolean; limit: number }, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        print(output, await viewQuarantines(context.store, query), toQuarantinesText);
      }),
    );
  quarantine
    .command("show")
    .description("show what is known of both sides")
    .argument("<tusn>", "the terminal's unique serial number")
    .action((tusn: string, _options: object, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        print(output, await showQuarantines(context.store, parseTusn(tusn)), (views) =>
          views.map(toQuarantineText).join("\n\n"),
        );
      }),
    );
  addDecision(quarantine, ports, {
    name: "release",
    description: "let a terminal in again after somebody has looked",
    decide: releaseQuarantine,
    toText: toReleasedText,
  });
}

interface Decision<T> {
  readonly name: string;
  readonly description: string;
  decide(context: Context, tusn: Tusn, words: Words): Promise<T>;
  toText(result: T): string;
}

function addDecision<T>(group: Command, ports: CliPorts, { name, description, decide, toText }: Decision<T>): void {
  group
    .command(name)
    .description(description)
    .argument("<tusn>", "the terminal's unique serial number")
    .requiredOption("--reason <words>", "why")
    .option("--by <name>", "who decides", OPERATOR)
    .action((tusn: string, words: Words, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        print(output, await decide(context, parseTusn(tusn), words), toText);
      }),
    );
}

function toQuarantinesText(views: readonly QuarantineView[]): string {
  if (views.length === 0) return "no terminal is in quarantine";
  return toTable(
    ["TUSN", "since", "sign", "released"],
    views.map(({ tusn, at, why, releasedAt }) => [tusn, toTime(at), why, toTime(releasedAt)]),
  );
}

function toQuarantineText(view: QuarantineView): string {
  const { tusn, at, why, before, now, releasedAt, releasedBy, reason } = view;
  const released =
    releasedAt === undefined ? [] : ([["released", `${toTime(releasedAt)} by ${releasedBy}: ${reason}`]] as const);
  return toSheet([["TUSN", tusn], ["since", toTime(at)], ["sign", why], ["before", before], ["now", now], ...released]);
}

function toReleasedText({ tusn, counter }: ReleasedQuarantine): string {
  const heard = counter === undefined ? "" : `, and listened to above counter ${counter}`;
  return [
    `${tusn}: let in again${heard}.`,
    "Where its key was copied, the copy has it still: have two people unbind it, and enrol it anew with another key.",
  ].join("\n");
}
