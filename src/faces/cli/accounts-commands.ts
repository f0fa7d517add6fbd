import { type Command, Option } from "commander";
import { parseAct } from "../../app/registry/act.ts";
import { RIGHTS } from "../../domain/accounts/rights.ts";
import { ROLES, type Role } from "../../domain/accounts/roles.ts";
import { addAccountKeysCommands } from "./accounts-keys-commands.ts";
import { withAccounts, withAct } from "./accounts-open.ts";
import { toAccountsText, toAccountText, toNewAccountText, toRolesText } from "./accounts-text.ts";
import { collect } from "./arguments.ts";
import { print } from "./output.ts";
import { type CliPorts, toOutput } from "./ports.ts";

interface ActOptions {
  readonly reason: string;
  readonly by?: string;
}

interface AddOptions extends ActOptions {
  readonly role: Role;
  readonly display?: string;
  readonly person: string;
  readonly merchant: readonly string[];
}

/** Whoever may run these on the service's own machine can write to its database anyway: they ask for no login. */
export function addAccountsCommands(program: Command, ports: CliPorts): void {
  const accounts = program.command("accounts").description("people's accounts and programs' keys for the API");

  withAct(accounts.command("add").description("add an account; its one-time password is shown this once"))
    .argument("<name>", "lower-case letters, digits, dot and hyphen")
    .addOption(new Option("--role <role>", "what it is for; see accounts roles").choices(ROLES).makeOptionMandatory())
    .option("--display <text>", "as people read it (default: the name)")
    .option("--person <id>", "the same human being in the trust policy", "")
    .option("--merchant <number>", "a merchant of an agent's (may be repeated)", collect, [])
    .action((name: string, { role, display = name, person, merchant, reason, by }: AddOptions, command: Command) =>
      withAccounts(ports, command, async (administration, output) => {
        const account = { name, role, displayName: display, person, merchants: merchant };
        const { password } = await administration.add(account, parseAct(reason, by));
        print(output, { name, role, password }, toNewAccountText);
      }),
    );

  accounts
    .command("list")
    .description("list accounts")
    .action((_options: object, command: Command) =>
      withAccounts(ports, command, async (administration, output) => {
        print(output, await administration.list(), toAccountsText);
      }),
    );

  accounts
    .command("show")
    .description("show one account")
    .argument("<name>", "of an account")
    .action((name: string, _options: object, command: Command) =>
      withAccounts(ports, command, async (administration, output) => {
        print(output, await administration.show(name), toAccountText);
      }),
    );

  accounts
    .command("roles")
    .description("show which role has which right")
    .action((_options: object, command: Command) => {
      print(toOutput(ports, command), RIGHTS, toRolesText);
    });

  addChanges(accounts, ports);
  addAccountKeysCommands(accounts, ports);
}

function addChanges(accounts: Command, ports: CliPorts): void {
  withAct(accounts.command("role").description("give an account another role; an agent's scope goes with his role"))
    .argument("<name>", "of an account")
    .argument("<role>", ROLES.join(", "))
    .action((name: string, role: Role, { reason, by }: ActOptions, command: Command) =>
      withAccounts(ports, command, async (administration, output) => {
        await administration.setRole(name, role, parseAct(reason, by));
        print(output, { name, role }, () => `${name} is ${role} now`);
      }),
    );

  withAct(accounts.command("scope").description("say which merchants an agent may meet, instead of those before"))
    .argument("<name>", "of an agent's account")
    .argument("[merchants...]", "merchant numbers; none: he meets nobody")
    .action((name: string, merchants: readonly string[], { reason, by }: ActOptions, command: Command) =>
      withAccounts(ports, command, async (administration, output) => {
        await administration.setScope(name, merchants, parseAct(reason, by));
        print(output, { name, merchants }, () => `${name} may meet ${merchants.length} merchants now`);
      }),
    );

  const simple = {
    disable: ["end an account's sessions and let nobody log in to it", "disabled"],
    enable: ["let people log in to a disabled account again", "enabled"],
    unlock: ["forget the wrong tries that locked an account", "unlocked"],
  } as const;
  for (const act of ["disable", "enable", "unlock"] as const) {
    const [description, done] = simple[act];
    withAct(accounts.command(act).description(description))
      .argument("<name>", "of an account")
      .action((name: string, { reason, by }: ActOptions, command: Command) =>
        withAccounts(ports, command, async (administration, output) => {
          await administration[act](name, parseAct(reason, by));
          print(output, { name, [done]: true }, () => `${name} is ${done}`);
        }),
      );
  }

  withAct(accounts.command("password").description("make a new one-time password, which is shown this once"))
    .argument("<name>", "of an account")
    .action((name: string, { reason, by }: ActOptions, command: Command) =>
      withAccounts(ports, command, async (administration, output) => {
        const { password } = await administration.resetPassword(name, parseAct(reason, by));
        print(output, { name, password }, () => `One-time password of ${name}, shown this once: ${password}`);
      }),
    );

  withAct(accounts.command("totp").description("make a new second factor, which is shown this once, or take it away"))
    .argument("<name>", "of an account")
    .option("--remove", "the person sets a new one at the next login", false)
    .action((name: string, { remove, reason, by }: ActOptions & { remove: boolean }, command: Command) =>
      withAccounts(ports, command, async (administration, output) => {
        const act = parseAct(reason, by);
        if (remove) {
          await administration.removeTotp(name, act);
          print(output, { name, removed: true }, () => `${name} has no second factor now`);
          return;
        }
        const { uri } = await administration.enrolTotp(name, act);
        print(output, { name, uri }, () => `Second factor of ${name}, shown this once: ${uri}`);
      }),
    );
}
