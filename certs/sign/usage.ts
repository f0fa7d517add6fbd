import { type Command, GENERAL, type Option } from "./arguments.ts";

const INTRODUCTION = `tillsync-sign: the approvers' own program. It shows what you sign from the very bytes that you sign, and works off line.

Your private key stays in one encrypted file, on a machine of yours. Who may sign what is read from trust metadata that
goes back to a root which you pinned once, never from a release or a server.`;

const STEPS = `In the order of use:
  tillsync-sign keygen --out me.key --person li.mei      then hand in me.key.pub
  tillsync-sign trust init root.json                     then read its fingerprint out to a colleague
  tillsync-sign trust update https://tillsync.example:8884 --ca ca.pem
  tillsync-sign show change.release
  tillsync-sign sign change.release --key me.key
  tillsync-sign verify change.release

A question is asked at a terminal only. Where there is none its answer has to come as an option (--passphrase-file, --last4,
--yes), else the program ends. Exit status: 0 done, 1 refused (one line: CODE: meaning (facts)), 2 wrong usage.`;

/** The help of the whole program. */
export function toProgramUsage(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => toSynopsis(command).length));
  const list = commands.map((command) => `  ${toSynopsis(command).padEnd(width)}  ${command.about}`);
  return [INTRODUCTION, "", "Commands (COMMAND --help tells the options):", ...list, "", STEPS, ""].join("\n");
}

/** The help of one command. */
export function toCommandUsage(command: Command): string {
  const demanded = Object.entries(command.options).filter(([, { isRequired }]) => isRequired === true);
  const needs = demanded.map(([name, option]) => ` ${toOptionName(name, option)}`).join("");
  const options = [...Object.entries(command.options), ...Object.entries(GENERAL)];
  const width = Math.max(...options.map(([name, option]) => toOptionName(name, option).length));
  return [
    `Usage: tillsync-sign ${toSynopsis(command)}${needs} [options]`,
    "",
    `To ${command.about}.`,
    "",
    ...options.map(([name, option]) => `  ${toOptionName(name, option).padEnd(width)}  ${option.about}`),
    "",
  ].join("\n");
}

function toSynopsis({ name, operands }: Command): string {
  return [name, ...operands].join(" ");
}

function toOptionName(name: string, { value }: Option): string {
  return value === undefined ? `--${name}` : `--${name} ${value}`;
}
