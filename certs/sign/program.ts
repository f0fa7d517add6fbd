import { toPrintable } from "../../proto/printable.ts";
import { type Command, parseArguments } from "./arguments.ts";
import { acquirerSeal } from "./commands/acquirer-seal.ts";
import { binding } from "./commands/binding.ts";
import { approve, changes } from "./commands/change.ts";
import { fetchCommand, submit } from "./commands/exchange.ts";
import { admit, enrolments, unbind } from "./commands/identity.ts";
import { keygen } from "./commands/keygen.ts";
import { seal } from "./commands/seal.ts";
import { show } from "./commands/show.ts";
import { sign } from "./commands/sign.ts";
import { trustInit, trustShow, trustUpdate } from "./commands/trust.ts";
import { verify } from "./commands/verify.ts";
import { printFailure } from "./output.ts";
import type { Ports } from "./ports.ts";
import { toCommandUsage, toProgramUsage } from "./usage.ts";

const REFUSED = 1;
const WRONG_USAGE = 2;

const COMMANDS: readonly Command[] = [
  keygen,
  trustInit,
  trustUpdate,
  trustShow,
  fetchCommand,
  show,
  sign,
  verify,
  submit,
  binding,
  seal,
  acquirerSeal,
  enrolments,
  admit,
  unbind,
  changes,
  approve,
];

/** Runs one command and gives the exit status: 0 done, 1 refused, 2 wrong usage. Throws nothing. */
export async function run(argv: readonly string[], ports: Ports): Promise<number> {
  const command = COMMANDS.find(({ name }) => name.split(" ").every((word, at) => argv[at] === word));
  if (command === undefined) {
    const isHelp = argv.length === 0 || argv.includes("--help") || argv.includes("-h");
    (isHelp ? ports.out : ports.err)(toProgramUsage(COMMANDS));
    return isHelp ? 0 : WRONG_USAGE;
  }
  const rest = argv.slice(command.name.split(" ").length);
  const given = parseArguments(command, rest);
  if (typeof given === "string") {
    ports.err(`${toPrintable(given)}\n\n${toCommandUsage(command)}`);
    return WRONG_USAGE;
  }
  if (given.flag("help")) {
    ports.out(toCommandUsage(command));
    return 0;
  }
  try {
    return (await command.run(given, ports)) ?? 0;
  } catch (error) {
    printFailure(ports, given.flag("json"), error);
    return REFUSED;
  }
}
