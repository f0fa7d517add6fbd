import { type Command, InvalidArgumentError, Option } from "commander";
import { readAcquirerSettings } from "../../app/acquirers/settings.ts";
import {
  countReviews,
  MAX_LISTED_REVIEWS,
  pageReviews,
  type ReviewQuery,
  readReviews,
} from "../../app/queries/reviews.ts";
import { parseAct } from "../../app/registry/act.ts";
import { listQuestions, RecordAsker } from "../../app/reviews/asker.ts";
import { listReviewsOf, noteReview } from "../../app/reviews/done.ts";
import {
  parsePlace,
  REVIEW_KINDS,
  REVIEW_SEVERITIES,
  type ReviewKind,
  type ReviewSeverity,
  toPlaceText,
} from "../../domain/reviews/row.ts";
import type { OpenAcquirers } from "./acquirer-commands.ts";
import { toWholeNumber } from "./arguments.ts";
import { checkWritable } from "./files.ts";
import { type Output, print } from "./output.ts";
import { type Backend, type CliPorts, withBackend } from "./ports.ts";
import { STANDARD_OUTPUT, writeCsv } from "./review-file.ts";
import { toAskedText, toCountsText, toReviewedText, toReviewsText } from "./review-text.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;
const MAX_ID = 9_999_999_999;
const DEFAULT_ASKED = 100;
const MAX_ASKED = 10_000;

interface FilterOptions {
  readonly merchant?: string;
  readonly kind?: readonly ReviewKind[];
  readonly severity?: ReviewSeverity;
}

interface ListOptions extends FilterOptions {
  readonly csv?: string;
  readonly force: boolean;
  readonly after?: string;
  readonly limit: number;
}

/** What is not in order of merchants and terminals, and what to do about it (docs/reviews.md). */
export function addReviewCommands(program: Command, ports: CliPorts, open: OpenAcquirers): void {
  const reviews = program
    .command("reviews")
    .description("what ends, is overdue, or differs between records, terminals and acquirers, with what to do next");
  addReport(reviews, ports);
  addDone(reviews, ports);
  addAsk(reviews, ports, open);
}

function addReport(reviews: Command, ports: CliPorts): void {
  withFilter(reviews.command("list").description("show all that is not in order, by merchant"))
    .option("--csv <file>", "write all of it as CSV instead; - for standard output")
    .option("--force", "write over a file that is there already", false)
    .option("--after <place>", "what stands behind this, as the list before told it")
    .option("--limit <n>", "at most so many; not of --csv", toWholeNumber(1, MAX_LISTED_REVIEWS), DEFAULT_LIMIT)
    .action((options: ListOptions, command: Command) =>
      withBackend(ports, command, async (backend, output) => {
        const { csv, force, after, limit } = options;
        const query = { ...toQuery(backend, options), ...(after === undefined ? {} : { after: parsePlace(after) }) };
        if (csv === undefined) {
          const { rows, next } = await pageReviews(backend.context, query, limit);
          print(output, rows, toReviewsText);
          if (next !== undefined) tellMore(output, "--after", toPlaceText(next));
          return;
        }
        if (csv !== STANDARD_OUTPUT) checkWritable(csv, force);
        const count = await writeCsv(readReviews(backend.context, query), csv, output);
        if (csv !== STANDARD_OUTPUT) print(output, { file: csv, rows: count }, () => `${count} rows are in ${csv}`);
      }),
    );

  withFilter(reviews.command("summary").description("count what is not in order, by kind")).action(
    (options: FilterOptions, command: Command) =>
      withBackend(ports, command, async (backend, output) => {
        print(output, await countReviews(backend.context, toQuery(backend, options)), toCountsText);
      }),
  );
}

interface DoneOptions {
  readonly note: string;
  readonly by?: string;
}

function addDone(reviews: Command, ports: CliPorts): void {
  reviews
    .command("done")
    .description("note that a merchant's data was looked through: the next review is due anew from now on")
    .argument("<merchant>", "merchant number, 15 digits")
    .requiredOption("--note <words>", "what there was to note; kept in the ledger")
    .option("--by <name>", "who looked (default: operator)")
    .action((merchant: string, { note, by }: DoneOptions, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        const review = await noteReview(context, merchant, parseAct(note, by));
        print(output, review, ({ actor }) => `${merchant} is reviewed, by ${actor}`);
      }),
    );

  reviews
    .command("history")
    .description("show who looked through a merchant's data when, the newest first")
    .argument("<merchant>", "merchant number, 15 digits")
    .option("--before <id>", "older than this one", toWholeNumber(1, MAX_ID))
    .option("--limit <n>", "at most so many", toWholeNumber(1, MAX_LIMIT), DEFAULT_LIMIT)
    .action((merchant: string, page: { before?: number; limit: number }, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        const found = await listReviewsOf(context.store, merchant, page);
        print(output, found, toReviewedText);
        if (found.length === page.limit) tellMore(output, "--before", String(found.at(-1)?.id));
      }),
    );
}

function addAsk(reviews: Command, ports: CliPorts, open: OpenAcquirers): void {
  reviews
    .command("ask")
    .description("ask acquirers now what they have on record, one question after the other")
    .option("--merchant <number>", "for this merchant; else for all that are due")
    .option("--limit <n>", "at most so many questions to each acquirer", toWholeNumber(1, MAX_ASKED), DEFAULT_ASKED)
    .action(({ merchant, limit }: { merchant?: string; limit: number }, command: Command) =>
      withBackend(ports, command, async ({ context, folder }, output) => {
        const asker = new RecordAsker(context, open(context, folder.path).acquirers);
        const wanted = merchant === undefined ? undefined : await listQuestions(context.store, merchant);
        print(output, await asker.askNow(wanted, limit), toAskedText);
      }),
    );
}

function withFilter(command: Command): Command {
  return command
    .option("--merchant <number>", "of this merchant only")
    .addOption(
      new Option("--kind <kind>", `of this kind only (may be repeated): ${REVIEW_KINDS.join(", ")}`).argParser(toKinds),
    )
    .addOption(new Option("--severity <severity>", "of this severity only").choices(REVIEW_SEVERITIES));
}

function toKinds(text: string, previous: readonly ReviewKind[] = []): readonly ReviewKind[] {
  const kind = REVIEW_KINDS.find((one) => one === text);
  if (kind === undefined) throw new InvalidArgumentError(`Expected one of ${REVIEW_KINDS.join(", ")}.`);
  return [...previous, kind];
}

function toQuery({ folder }: Backend, { merchant, kind, severity }: FilterOptions): ReviewQuery {
  return {
    acquirers: new Map(readAcquirerSettings(folder.path).map((settings) => [settings.code, settings])),
    ...(merchant === undefined ? {} : { merchant }),
    ...(kind === undefined ? {} : { kinds: kind }),
    ...(severity === undefined ? {} : { severity }),
  };
}

function tellMore(output: Output, option: "--after" | "--before", value: string): void {
  const more = { [option.slice(2)]: value };
  output.err(output.json ? `${JSON.stringify({ more })}\n` : `There may be more: ${option} '${value}'\n`);
}
