import { type Command, Option } from "commander";
import { TillsyncError } from "../../../proto/errors.ts";
import { parseTusn } from "../../../proto/tusn.ts";
import { listDeployments } from "../../app/queries/deployments.ts";
import { listLedger, tailLedger, verifyLedger } from "../../app/queries/ledger.ts";
import { DEPLOYMENT_STATES, type DeploymentState } from "../../domain/deployment.ts";
import { toWholeNumber } from "./arguments.ts";
import { toDeploymentsText, toLedgerText } from "./deployment-text.ts";
import { print } from "./output.ts";
import { type CliPorts, withBackend } from "./ports.ts";

const DEFAULT_ENTRIES = 50;
const MAX_ENTRIES = 10_000;
const MAX_INDEX = 4_294_967_295;

interface DeploymentOptions {
  readonly tusn?: string;
  readonly state?: DeploymentState;
  readonly release?: string;
}

export function addLedgerCommands(program: Command, ports: CliPorts): void {
  program
    .command("deployments")
    .description("list directives and how each ended, newest first")
    .option("--tusn <tusn>", "of this terminal only")
    .option("--release <id>", "of this release only")
    .addOption(new Option("--state <state>", "in this state only").choices(DEPLOYMENT_STATES))
    .action(({ tusn, state, release }: DeploymentOptions, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        const query = {
          ...(tusn === undefined ? {} : { tusn: parseTusn(tusn) }),
          ...(state === undefined ? {} : { state }),
          ...(release === undefined ? {} : { release }),
        };
        print(output, await listDeployments(context.store, query), toDeploymentsText);
      }),
    );

  const ledger = program.command("ledger").description("read and check the append-only log");

  ledger
    .command("show")
    .description("show the last entries, with size and root of the tree")
    .option("--limit <n>", "how many entries", toWholeNumber(1, MAX_ENTRIES), DEFAULT_ENTRIES)
    .option("--from <index>", "from this index on instead of the last ones", toWholeNumber(0, MAX_INDEX))
    .action((options: { limit: number; from?: number }, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        const view =
          options.from === undefined
            ? await tailLedger(context.store, options.limit)
            : await listLedger(context.store, options.from, options.limit);
        print(output, view, toLedgerText);
      }),
    );

  ledger
    .command("verify")
    .description("recompute every leaf and the root; names the first entry that was altered")
    .action((_options: object, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        const result = await verifyLedger(context.store);
        if (result.firstBad !== undefined) {
          throw new TillsyncError("LEDGER_ALTERED", { firstBad: result.firstBad, size: result.size });
        }
        print(output, result, ({ size, root }) => `${size} entries, root ${Buffer.from(root).toString("hex")}: whole`);
      }),
    );
}
