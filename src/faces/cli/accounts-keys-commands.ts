import { type Command, Option } from "commander";
import { parseAct } from "../../app/registry/act.ts";
import { KEY_ROLES, type KeyRole } from "../../domain/accounts/roles.ts";
import { withAccounts, withAct } from "./accounts-open.ts";
import { toApiKeysText } from "./accounts-text.ts";
import { collect, toDuration } from "./arguments.ts";
import { print, toTime } from "./output.ts";
import type { CliPorts } from "./ports.ts";

const VALID = "90d";

interface AddOptions {
  readonly role: KeyRole;
  readonly merchant: readonly string[];
  readonly valid: number;
  readonly reason: string;
  readonly by?: string;
}

export function addAccountKeysCommands(accounts: Command, ports: CliPorts): void {
  const keys = accounts.command("keys").description("API keys of programs");

  withAct(keys.command("add").description("make an API key, which is shown this once"))
    .argument("<name>", "lower-case letters, digits, dot and hyphen; of the program")
    .addOption(new Option("--role <role>", "what it is for").choices(KEY_ROLES).makeOptionMandatory())
    .option("--merchant <number>", "good for this merchant (may be repeated; all where absent)", collect, [])
    .option("--valid <duration>", "how long it may be used, at most a year", toDuration, toDuration(VALID))
    .action((name: string, { role, merchant, valid, reason, by }: AddOptions, command: Command) =>
      withAccounts(ports, command, async (administration, output) => {
        const asked = { name, role, merchants: merchant, validS: valid };
        const added = { name, role, ...(await administration.addKey(asked, parseAct(reason, by))) };
        print(
          output,
          added,
          ({ key, expiresAt }) => `Key of ${name}, shown this once, good until ${toTime(expiresAt)}: ${key}`,
        );
      }),
    );

  keys
    .command("list")
    .description("list API keys")
    .action((_options: object, command: Command) =>
      withAccounts(ports, command, async (administration, output) => {
        print(output, await administration.listKeys(), toApiKeysText);
      }),
    );

  withAct(keys.command("revoke").description("make an API key good for nothing, from now on"))
    .argument("<name>", "of an API key")
    .action((name: string, { reason, by }: Pick<AddOptions, "reason" | "by">, command: Command) =>
      withAccounts(ports, command, async (administration, output) => {
        await administration.revokeKey(name, parseAct(reason, by));
        print(output, { name, revoked: true }, () => `${name} is revoked`);
      }),
    );
}
