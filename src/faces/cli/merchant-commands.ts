import { createReadStream } from "node:fs";
import { type Command, Option } from "commander";
import { TillsyncError } from "../../../proto/errors.ts";
import { showBin } from "../../app/queries/bins.ts";
import {
  listMerchantChanges,
  listMerchants,
  MAX_LISTED_HISTORY,
  MAX_LISTED_MERCHANTS,
  type MerchantHistoryOptions,
  type MerchantListQuery,
  showMerchant,
} from "../../app/queries/merchants.ts";
import { loadBins } from "../../app/records/load-bins.ts";
import { parseAct } from "../../app/registry/act.ts";
import { OWNER_KINDS } from "../../domain/records/owner.ts";
import { HISTORY_GROUPS } from "../../store/records-schema.ts";
import { toWholeNumber } from "./arguments.ts";
import { toBinText, toMerchantHistoryText, toMerchantsText, toMerchantText } from "./merchant-text.ts";
import { type Output, print } from "./output.ts";
import { type CliPorts, withBackend } from "./ports.ts";

const DEFAULT_LIMIT = 100;
const MAX_ID = 9_999_999_999;

export function addMerchantCommands(program: Command, ports: CliPorts): void {
  const merchants = program.command("merchants").description("list and show merchants, and what changed of them");
  merchants
    .command("list")
    .description("list merchants with where they settle to (masked), in order of number")
    .addOption(new Option("--owner-kind <kind>", "of this kind of owner only").choices(OWNER_KINDS))
    .option("--limit <n>", "at most so many", toWholeNumber(1, MAX_LISTED_MERCHANTS), DEFAULT_LIMIT)
    .option("--after <number>", "those behind this one")
    .action((query: MerchantListQuery & { limit: number }, command: Command) =>
      withBackend(ports, command, async ({ context: { store } }, output) => {
        const views = await listMerchants(store, query);
        print(output, views, toMerchantsText);
        if (views.length === query.limit) tellMore(output, "--after", views.at(-1)?.number);
      }),
    );

  merchants
    .command("show")
    .description("show one merchant with its contacts, settlement accounts (masked) and terminals")
    .argument("<number>", "merchant number, 15 digits")
    .action((number: string, _options: object, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        print(output, await showMerchant(context.store, number), toMerchantText);
      }),
    );

  merchants
    .command("history")
    .description("show what changed of one merchant, the newest first (account numbers masked)")
    .argument("<number>", "merchant number, 15 digits")
    .addOption(new Option("--group <group>", "changes of this group only").choices(HISTORY_GROUPS))
    .option("--limit <n>", "at most so many", toWholeNumber(1, MAX_LISTED_HISTORY), DEFAULT_LIMIT)
    .option("--before <id>", "older than this one", toWholeNumber(1, MAX_ID))
    .action((number: string, query: MerchantHistoryOptions & { limit: number }, command: Command) =>
      withBackend(ports, command, async ({ context: { store } }, output) => {
        const views = await listMerchantChanges(store, number, query);
        print(output, views, toMerchantHistoryText);
        if (views.length === query.limit) tellMore(output, "--before", String(views.at(-1)?.id));
      }),
    );
}

export function addBinCommands(program: Command, ports: CliPorts): void {
  const bins = program.command("bins").description("tables that tell a card's kind by its first digits");
  bins
    .command("show")
    .description("show what the tables say of cards that begin with these digits")
    .argument("<digits>", "the first 6 or 8 digits of a card, never more")
    .action((digits: string, _options: object, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        print(output, await showBin(context.store, digits), toBinText);
      }),
    );

  bins
    .command("load")
    .description("put a CSV file (columns bin, issuer, class) in the place of your own table, which comes first")
    .argument("<file>", "CSV; class is debit, credit, semi_credit or prepaid")
    .requiredOption("--reason <text>", "why; kept in the ledger")
    .option("--by <name>", "who says so (default: operator)")
    .action((file: string, { reason, by }: { reason: string; by?: string }, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        const loaded = await loadBins(context, createReadStream(file), parseAct(reason, by)).catch(toUnreadable(file));
        print(output, loaded, ({ bins: count }) => `${count} BINs are in your own table now.`);
      }),
    );
}

function tellMore(output: Output, option: "--after" | "--before", value: string | undefined): void {
  if (value === undefined) return;
  const more = { [option.slice(2)]: value };
  output.err(output.json ? `${JSON.stringify({ more })}\n` : `There may be more: ${option} ${value}\n`);
}

function toUnreadable(file: string): (cause: unknown) => never {
  return (cause) => {
    throw cause instanceof TillsyncError ? cause : new TillsyncError("CONFIG_INVALID", { unreadable: file }, cause);
  };
}
