import { writeFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { PAGE_LANGUAGES, type PageLanguage } from "../../../certs/attestation/words.ts";
import { toReceiptBytes } from "../../../certs/receipt/format.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { type KeptReceipt, MAX_LISTED_RECEIPTS, readReceiptOf, viewReceipts } from "../../app/queries/receipts.ts";
import { retryReceipt } from "../../app/receipts/retry.ts";
import { toWholeNumber } from "./arguments.ts";
import { checkWritable } from "./files.ts";
import { print } from "./output.ts";
import { type CliPorts, withBackend } from "./ports.ts";
import { toReceiptsText, toReceiptText } from "./receipt-text.ts";

const OPERATOR = "operator";
const DEFAULT_LIMIT = 50;
const MAX_NUMBER = 2 ** 31;
/** A receipt names people, and what was changed for whom. */
const PRIVATE_MODE = 0o600;

interface ListOptions {
  readonly merchant?: string;
  readonly change?: string;
  readonly before?: number;
  readonly limit: number;
}

interface ReadOptions {
  readonly number?: number;
  readonly lang: PageLanguage;
}

interface ExportOptions extends ReadOptions {
  readonly out: string;
  /** Where the trust files go. */
  readonly trust?: string;
  readonly force: boolean;
}

/** Receipts of changes that have ended: signed by the service, kept, verifiable off line. */
export function addReceiptCommands(program: Command, ports: CliPorts): void {
  const receipts = program.command("receipts").description("receipts of changes that have ended: read, keep, hand out");

  receipts
    .command("list")
    .description("list receipts, the newest first")
    .option("--merchant <number>", "of this merchant only")
    .option("--change <id>", "of this change only: one that failed may have ended more than once")
    .option("--before <number>", "those older than this one", toWholeNumber(1, MAX_NUMBER))
    .option("--limit <n>", "at most so many", toWholeNumber(1, MAX_LISTED_RECEIPTS), DEFAULT_LIMIT)
    .action(({ merchant, change, ...query }: ListOptions, command: Command) =>
      withBackend(ports, command, async ({ context: { store } }, output) => {
        const of = {
          ...(merchant === undefined ? {} : { merchants: [merchant] }),
          ...(change === undefined ? {} : { changeId: change }),
        };
        print(output, await viewReceipts(store, { ...query, ...of }), toReceiptsText);
      }),
    );

  withReading(receipts.command("show").description("show the receipt of a change"), "en").action(
    (change: string, { number, lang }: ReadOptions, command: Command) =>
      withBackend(ports, command, async ({ context: { store } }, output) => {
        const kept = await readReceiptOf(store, change, number);
        print(output, toJson(kept), () => toReceiptText(kept, lang));
      }),
  );

  withReading(receipts.command("export").description("write a receipt to a file"), "zh")
    .requiredOption(
      "--out <path>",
      "ends in .json: signed (DSSE), for tillsync-sign verify; in .pdf: to print, with that inside",
    )
    .option("--trust <path>", "write the trust files of that time, too: for a check when people and keys have changed")
    .option("--force", "write over files that are there", false)
    .action((change: string, { number, lang, out, trust, force }: ExportOptions, command: Command) =>
      withBackend(ports, command, async ({ context: { store } }, output) => {
        checkWritable(out, force);
        if (trust !== undefined) checkWritable(trust, force);
        const kept = await readReceiptOf(store, change, number);
        writeOut(out, await toFile(kept, out, lang, ports));
        if (trust !== undefined) writeOut(trust, kept.trust);
        const { digest } = kept;
        print(output, { change, out, digest }, () => `${out} is written; the receipt's SHA-256 is ${digest}`);
      }),
    );

  addRetry(receipts, ports);
}

function addRetry(receipts: Command, ports: CliPorts): void {
  receipts
    .command("retry")
    .description("have a receipt made after all that could not be made, once the records are right again")
    .argument("<change>", "id of the change")
    .requiredOption("--reason <words>", "what was put right")
    .option("--by <name>", "who says so", OPERATOR)
    .action((change: string, { reason, by }: { reason: string; by: string }, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        const retried = await retryReceipt(context, change, reason, by);
        print(output, { change, retried }, () => `${retried} receipts of ${change} are made again with the next look`);
      }),
    );
}

function withReading(command: Command, lang: PageLanguage): Command {
  return command
    .argument("<change>", "id of the change")
    .option("--number <n>", "an earlier receipt of it (receipts list)", toWholeNumber(1, MAX_NUMBER))
    .addOption(new Option("--lang <language>", "of its words").choices(PAGE_LANGUAGES).default(lang));
}

/** @throws TillsyncError CONFIG_INVALID for another ending */
async function toFile(kept: KeptReceipt, out: string, lang: PageLanguage, { font }: CliPorts): Promise<Uint8Array> {
  if (out.endsWith(".json")) return kept.file;
  if (!out.endsWith(".pdf")) throw new TillsyncError("CONFIG_INVALID", { option: "out", expected: ".json or .pdf" });
  const { toReceiptPdf } = await import("../pdf/receipt.ts");
  return toReceiptPdf(kept, lang, font());
}

function toJson({ id, receipt, digest }: KeptReceipt): object {
  return { number: id, digest, receipt: JSON.parse(Buffer.from(toReceiptBytes(receipt)).toString("utf8")) };
}

function writeOut(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes, { mode: PRIVATE_MODE });
  } catch (cause) {
    throw new TillsyncError("CONFIG_INVALID", { unwritable: path }, cause);
  }
}
