import { type Command, Option } from "commander";
import { toAccountKeyFile } from "../../app/accounts/account-key.ts";
import { type AccountRotation, rotateAccountKey } from "../../app/accounts/rotate.ts";
import { parseAct } from "../../app/registry/act.ts";
import { KEY_ROLES, type KeyRole } from "../../domain/accounts/roles.ts";
import { withAccounts, withAct } from "./accounts-open.ts";
import { toApiKeysText } from "./accounts-text.ts";
import { collect, toDuration } from "./arguments.ts";
import { print, toTime } from "./output.ts";
import { type CliPorts, withBackend } from "./ports.ts";

const VALID = "90d";
const OPERATOR = "operator";

interface AddOptions {
  readonly role: KeyRole;
  readonly merchant: readonly string[];
  readonly valid: number;
  readonly reason: string;
  readonly by?: string;
}

export function addAccountKeysCommands(accounts: Command, ports: CliPorts): void {
  const keys = accounts.command("keys").description("API keys of programs");

  accounts
    .command("rotate-key")
    .description("put accounts, sessions and keys under a new key of the key file; finishes what was broken off")
    .option("--by <name>", "who does it", OPERATOR)
    .action(({ by }: { by: string }, command: Command) =>
      withBackend(ports, command, async ({ context, folder }, output) => {
        print(output, await rotateAccountKey(context, toAccountKeyFile(folder.path), by), toRotationText);
      }),
    );

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

function toRotationText({ keyId, resumed, resealed, removed, waiting, altered }: AccountRotation): string {
  const begun = resumed ? "The rotation that was begun goes on" : "Rotated";
  return [
    `${begun}: ${resealed} rows written anew under ${keyId}, ${removed.length} old keys removed`,
    ...(waiting === 0
      ? []
      : [`${waiting} passwords are under an old key until their people log in: run it again then`]),
    ...(altered === 0 ? [] : [`${altered} rows were altered past the service: see tillsync accounts list`]),
  ].join("\n");
}
