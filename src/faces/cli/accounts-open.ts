import type { Command } from "commander";
import { toAccountKeyFile } from "../../app/accounts/account-key.ts";
import type { Administration } from "../../app/accounts/administration.ts";
import { openAccounts } from "../../app/accounts/open-accounts.ts";
import type { Output } from "./output.ts";
import { type CliPorts, withBackend } from "./ports.ts";

/** Who does something to an account, and why. */
export function withAct(command: Command): Command {
  return command
    .requiredOption("--reason <text>", "why; kept in the ledger")
    .option("--by <name>", "who says so (default: operator)");
}

/** Runs `work` on the accounts of the data folder that the command names. */
export function withAccounts(
  ports: CliPorts,
  command: Command,
  work: (administration: Administration, output: Output) => Promise<void>,
): Promise<void> {
  return withBackend(ports, command, async ({ context, folder }, output) => {
    const accounts = openAccounts(context, { keyFile: toAccountKeyFile(folder.path) });
    try {
      await work(accounts.administration, output);
    } finally {
      await accounts.close();
    }
  });
}
