import { parseArgs } from "node:util";
import type { Ports } from "./ports.ts";

/** An option that takes a value, named `value` in the help; or a flag where there is none. */
export interface Option {
  readonly value?: string;
  readonly about: string;
  readonly isRequired?: boolean;
  readonly isRepeated?: boolean;
  readonly pattern?: RegExp;
}

/** One command of the program. */
export interface Command {
  /** One word or two. */
  readonly name: string;
  readonly about: string;
  /** Names of what comes without a dash, all of it demanded. */
  readonly operands: readonly string[];
  readonly options: Readonly<Record<string, Option>>;
  /** The exit status; 0 where it is silent about it. */
  run(given: Arguments, ports: Ports): Promise<number> | Promise<void>;
}

/** What was given, as the command's options ask. */
export interface Arguments {
  readonly operands: readonly string[];
  text(name: string): string | undefined;
  /** The value of an option that is demanded. */
  demanded(name: string): string;
  flag(name: string): boolean;
  list(name: string): readonly string[];
}

/** Options of every command. */
export const GENERAL: Readonly<Record<string, Option>> = {
  home: { value: "DIR", about: "where the pinned root and the policy are kept (~/.tillsync-sign)" },
  json: { about: "print JSON" },
  help: { about: "show this help" },
};

/** What was given, or in words what is wrong with it. */
export function parseArguments({ operands, options }: Command, argv: readonly string[]): Arguments | string {
  const all = { ...options, ...GENERAL };
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: Object.fromEntries(Object.entries(all).map(([name, option]) => [name, toConfig(option)])),
      allowPositionals: true,
      strict: true,
    });
    const given = new Map(Object.entries(values).map(([name, value]) => [name, [value].flat().map(String)]));
    if (given.has("help")) return toArguments(positionals, given);
    if (positionals.length !== operands.length) return `expected ${operands.join(" ") || "no operand"}`;
    return findFault(all, given) ?? toArguments(positionals, given);
  } catch (error) {
    return (error as Error).message;
  }
}

function findFault(options: Command["options"], given: ReadonlyMap<string, readonly string[]>): string | undefined {
  for (const [name, { isRequired = false, pattern = /^./s, value }] of Object.entries(options)) {
    const values = given.get(name);
    if (values === undefined && isRequired) return `expected --${name} ${value}`;
    if (value !== undefined && values?.every((text) => pattern.test(text)) === false) {
      return `--${name} is not a ${value}`;
    }
  }
  return undefined;
}

function toConfig({ value, isRepeated = false }: Option) {
  return value === undefined ? ({ type: "boolean" } as const) : ({ type: "string", multiple: isRepeated } as const);
}

function toArguments(operands: readonly string[], given: ReadonlyMap<string, readonly string[]>): Arguments {
  return {
    operands,
    text: (name) => given.get(name)?.[0],
    demanded: (name) => given.get(name)?.[0] ?? "",
    flag: (name) => given.has(name),
    list: (name) => given.get(name) ?? [],
  };
}
