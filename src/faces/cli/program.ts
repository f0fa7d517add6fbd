import { Command, CommanderError } from "commander";
import { addAccessCommands } from "./access-commands.ts";
import { addAccountsCommands } from "./accounts-commands.ts";
import { addAcquirerCommands } from "./acquirer-commands.ts";
import { toWholeNumber } from "./arguments.ts";
import { addBackupCommands } from "./backup-commands.ts";
import { addBrokerCommands } from "./broker-commands.ts";
import { addChangeCommands } from "./change-commands.ts";
import { addEnrolmentCommands } from "./enrolment-commands.ts";
import { printFailure } from "./failure.ts";
import { addFleetCommands } from "./fleet-commands.ts";
import { addKeysCommands } from "./keys-commands.ts";
import { addLedgerCommands } from "./ledger-commands.ts";
import { addBinCommands, addMerchantCommands } from "./merchant-commands.ts";
import { addNoticeCommands } from "./notice-commands.ts";
import { print } from "./output.ts";
import { addPolicyCommands } from "./policy-commands.ts";
import { type CliPorts, type DemoCommandOptions, type ServeCommandOptions, toGlobals, toOutput } from "./ports.ts";
import { addProofCommands } from "./proof-commands.ts";
import { addReceiptCommands } from "./receipt-commands.ts";
import { addRegistryCommands } from "./registry-commands.ts";
import { addReleaseCommands } from "./release-commands.ts";
import { addReviewCommands } from "./review-commands.ts";
import { addTrustCommands } from "./trust-commands.ts";
import { addVerdictCommands } from "./verdict-commands.ts";
import { addVerifyCommands } from "./verify-commands.ts";

export const DEFAULT_DATA = ".tillsync";
const DEFAULT_PORT = 8_883;
const DEFAULT_DESK_PORT = 8_884;
const DEFAULT_ENROLMENT_PORT = 8_885;
const DEFAULT_LOOKUP_PORT = 8_886;
const DEFAULT_API_PORT = 8_887;
const DEFAULT_TERMINAL_PORT = 8_888;
const DEFAULT_ACQUIRER_PORT = 18_583;
const DEFAULT_AGENTS = 8;
const MAX_AGENTS = 64;
const MAX_PORT = 65_535;

const EXAMPLES = `
Examples:
  tillsync init                                      make a data folder
  tillsync terminals import sim/data/fleet.csv       import merchants and terminals
  tillsync serve                                     run the fleet service
  tillsync release build --merchant 822391058121070 \\
      --set merchant.name=新名字 --reason "renamed" --out rename.release
  tillsync-sign show rename.release                  each approver, on a machine of his own
  tillsync-sign sign rename.release --key wang.li.pem
  tillsync-sign sign rename.release --key chen.bo.pem
  tillsync release publish rename.release
  tillsync release rollback RELEASE-ID --reason "misprinted" --out back.release
  tillsync deployments --state rolled_back

Every error has a code; docs/errors.md tells what to do about each.`;

/** Runs a command line (without node and script); resolves with the exit code: 0, 1 for an error, 2 for wrong usage. */
export async function runCli(args: readonly string[], ports: CliPorts, data: string, version: string): Promise<number> {
  let exitCode = 0;
  const program = createProgram(ports, data, version, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    printFailure({ json: args.includes("--json"), out: ports.out, err: ports.err }, error, ports.errorsPage);
    return 1;
  }
}

function createProgram(ports: CliPorts, data: string, version: string, setExitCode: (code: number) => void): Command {
  const program = new Command("tillsync")
    .description("Device management for fleets of POS terminals")
    .version(version)
    .option("--data <folder>", "data folder (environment: TILLSYNC_DATA)", data)
    .option("--json", "print JSON for programs")
    .addHelpText("after", EXAMPLES)
    .showHelpAfterError("(tillsync --help shows all commands)")
    .configureOutput({ writeOut: ports.out, writeErr: ports.err })
    .exitOverride();

  program
    .command("init")
    .description("make a data folder: private CA, certificates, trust root with two demo approvers")
    .option(
      "--trust <path>",
      "no demo approvers: a signed ceremony of trust init, or a folder of metadata to go on from",
    )
    .action(async ({ trust }: { trust?: string }, command: Command) => {
      const { data } = toGlobals(command);
      const created = await ports.init(data, trust);
      print(toOutput(ports, command), { created }, () => (created ? toInitText(data, trust) : "it is there"));
    });

  addServe(program, ports);
  addDemo(program, ports, setExitCode);
  addFleetCommands(program, ports);
  addMerchantCommands(program, ports);
  addBinCommands(program, ports);
  addChangeCommands(program, ports);
  addReceiptCommands(program, ports);
  addPolicyCommands(program, ports);
  addNoticeCommands(program, ports);
  addAcquirerCommands(program, ports, ports.openAcquirers, setExitCode);
  addReviewCommands(program, ports, ports.openAcquirers);
  addReleaseCommands(program, ports);
  addLedgerCommands(program, ports);
  addTrustCommands(program, ports);
  addRegistryCommands(program, ports);
  addEnrolmentCommands(program, ports);
  addKeysCommands(program, ports);
  addVerdictCommands(program, ports);
  addProofCommands(program, ports);
  addAccessCommands(program, ports);
  addAccountsCommands(program, ports);
  addVerifyCommands(program, ports, setExitCode);
  addBrokerCommands(program, ports);
  addBackupCommands(program, ports, version);
  // Commands inherit neither of these by themselves.
  for (const command of allCommands(program)) {
    command.exitOverride().configureOutput({ writeOut: ports.out, writeErr: ports.err });
  }
  return program;
}

function addServe(program: Command, ports: CliPorts): void {
  program
    .command("serve")
    .description("run the fleet service until it is told to end")
    .option("--host <address>", "address to listen on", "0.0.0.0")
    .option("--port <port>", "TLS port for terminals", toWholeNumber(0, MAX_PORT), DEFAULT_PORT)
    .option("--desk-port <port>", "HTTPS port for approvers", toWholeNumber(0, MAX_PORT), DEFAULT_DESK_PORT)
    .option("--no-desk", "open no signing desk")
    .option(
      "--enrolment-port <port>",
      "HTTPS port where terminals enrol",
      toWholeNumber(0, MAX_PORT),
      DEFAULT_ENROLMENT_PORT,
    )
    .option("--no-enrolment", "let no terminal enrol or renew its certificate")
    .option(
      "--lookup-port <port>",
      "HTTPS port for auditors and merchants",
      toWholeNumber(0, MAX_PORT),
      DEFAULT_LOOKUP_PORT,
    )
    .option("--no-lookup", "answer no look-ups")
    .option("--api-port <port>", "HTTPS port for operators", toWholeNumber(0, MAX_PORT), DEFAULT_API_PORT)
    .option("--no-api", "serve no operators over HTTPS")
    .option(
      "--terminal-port <port>",
      "HTTPS port where terminals poll",
      toWholeNumber(0, MAX_PORT),
      DEFAULT_TERMINAL_PORT,
    )
    .option("--no-terminal", "let no terminal poll")
    .action(async (_options: object, command: Command) => {
      await ports.serve(command.optsWithGlobals<ServeCommandOptions>(), toOutput(ports, command));
    });
}

function addDemo(program: Command, ports: CliPorts, setExitCode: (code: number) => void): void {
  program
    .command("demo")
    .description("run service, simulated acquirer and terminal agents, and tell a story with them")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <port>", "TLS port for terminals", toWholeNumber(0, MAX_PORT), DEFAULT_PORT)
    .option("--acquirer-port <port>", "TCP port of the acquirer", toWholeNumber(0, MAX_PORT), DEFAULT_ACQUIRER_PORT)
    .option("--enrolment-port <port>", "HTTPS port for enrolment", toWholeNumber(0, MAX_PORT), DEFAULT_ENROLMENT_PORT)
    .option("--lookup-port <port>", "HTTPS port for look-ups", toWholeNumber(0, MAX_PORT), DEFAULT_LOOKUP_PORT)
    .option("--agents <n>", "terminal agents to run", toWholeNumber(1, MAX_AGENTS), DEFAULT_AGENTS)
    .option("--once", "end after the story; exit 0 only if every outcome was the expected one", false)
    .action(async (_options: object, command: Command) => {
      setExitCode(await ports.demo(command.optsWithGlobals<DemoCommandOptions>(), toOutput(ports, command)));
    });
}

function toInitText(folder: string, trust: string | undefined): string {
  if (trust !== undefined)
    return `${folder} is made, with the trust of ${trust}. Give root.json of its folder trust to everybody.`;
  return `${folder} is made. Its approvers' passphrases lie beside their keys: for trying out, never for a real fleet.`;
}

function allCommands(command: Command): readonly Command[] {
  return command.commands.flatMap((child) => [child, ...allCommands(child)]);
}
