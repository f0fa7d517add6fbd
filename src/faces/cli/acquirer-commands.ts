import type { Command } from "commander";
import { toChangeFactsJson } from "../../../certs/acquirer/lakala-body.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { Acquirer } from "../../app/acquirers/acquirer.ts";
import { checkAcquirer } from "../../app/acquirers/check.ts";
import { toChangeFacts } from "../../app/acquirers/facts.ts";
import { toChannel } from "../../app/acquirers/manual/channel.ts";
import type { Channel } from "../../app/acquirers/manual/checklists.ts";
import { listChecklist, tickStep } from "../../app/acquirers/manual/tick.ts";
import type { OrderRunner } from "../../app/acquirers/runner.ts";
import type { AcquirerSettings } from "../../app/acquirers/settings.ts";
import { type RecordView, viewRecord } from "../../app/acquirers/view.ts";
import type { Context } from "../../app/context.ts";
import { parseAct } from "../../app/registry/act.ts";
import { MAX_EVIDENCE_BYTES } from "../../app/verifiers/record.ts";
import { findOrder, listOrders } from "../../store/acquirer-orders.ts";
import type { AcquirerOrderRow } from "../../store/acquirers-schema.ts";
import { toChecklistText, toChecksText, toListText, toOrdersText, toRecordText } from "./acquirer-text.ts";
import { readBytes } from "./files.ts";
import { print } from "./output.ts";
import { type CliPorts, withBackend } from "./ports.ts";

const MAX_ORDERS = 1_000;
const FAILED = 1;

/** What only the composition root can make of a data folder. */
export interface OpenedAcquirers {
  readonly settings: readonly AcquirerSettings[];
  readonly acquirers: ReadonlyMap<string, Acquirer>;
  readonly runner: OrderRunner;
}
export type OpenAcquirers = (context: Context, folder: string) => OpenedAcquirers;

interface ActOptions {
  readonly reason: string;
  readonly by?: string;
}

interface TickOptions extends ActOptions {
  readonly note: string;
  readonly evidence?: string;
}

export function addAcquirerCommands(
  program: Command,
  ports: CliPorts,
  open: OpenAcquirers,
  setExitCode: (code: number) => void,
): void {
  const acquirers = program.command("acquirers").description("where merchants' money settles, and asking for a change");

  acquirers
    .command("list")
    .description("list the acquirers of acquirers.json")
    .action((_options: object, command: Command) =>
      withBackend(ports, command, async ({ context, folder }, output) => {
        const { settings } = open(context, folder.path);
        print(output, settings.map(toPublic), toListText);
      }),
    );

  acquirers
    .command("check")
    .description("read the keys, reach every acquirer, and verify a signed answer of each")
    .action((_options: object, command: Command) =>
      withBackend(ports, command, async ({ context, folder }, output) => {
        const opened = open(context, folder.path);
        const checks = await Promise.all([...opened.acquirers].map(([code, one]) => checkAcquirer(code, one)));
        print(output, checks, toChecksText);
        if (checks.some(({ result }) => result !== "OK")) setExitCode(FAILED);
      }),
    );

  acquirers
    .command("query")
    .description("show the account that an acquirer has on record for a merchant, masked, beside ours")
    .argument("<merchant>", "merchant number")
    .option("--acquirer <code>", "this one; else all that know the merchant")
    .action((merchant: string, { acquirer }: { readonly acquirer?: string }, command: Command) =>
      withBackend(ports, command, async ({ context, folder }, output) => {
        const opened = open(context, folder.path);
        print(output, await queryAll(context, opened, merchant, acquirer), (views) =>
          views.map(toRecordText).join("\n\n"),
        );
      }),
    );

  acquirers
    .command("facts")
    .description(
      "print what tillsync-sign acquirer-seal --facts needs, for an acquirer that takes whole requests sealed",
    )
    .argument("<acquirer>", "its code")
    .argument("<merchant>", "merchant number")
    .requiredOption("--request <no>", "request number of the order that it will go with")
    .action((code: string, merchant: string, { request }: { readonly request: string }, command: Command) =>
      withBackend(ports, command, async ({ context, folder }, output) => {
        const facts = toChangeFacts(
          demandSettings(open(context, folder.path), code),
          { merchant, request },
          context.now(),
        );
        print(output, facts, (one) => toChangeFactsJson(one).trimEnd());
      }),
    );

  acquirers
    .command("orders")
    .description("list what acquirers were asked for, newest first")
    .action((_options: object, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        const rows = await listOrders(context.store, MAX_ORDERS);
        print(output, rows.map(toOrderView), toOrdersText);
      }),
    );

  withAct(acquirers.command("resume").description("ask about an order now, and send it once more if need be"))
    .argument("<request>", "request number")
    .action((request: string, { reason, by }: ActOptions, command: Command) =>
      withBackend(ports, command, async ({ context, folder }, output) => {
        await open(context, folder.path).runner.resume(request, parseAct(reason, by));
        print(output, { request }, () => `${request} is asked about at once.`);
      }),
    );

  for (const [name, isDone, about] of [
    ["confirm", true, "take an order as done: you have seen the new account on the acquirer's record yourself"],
    ["give-up", false, "end an order: the acquirer's record shows something else, and that is to stay so"],
  ] as const) {
    withAct(acquirers.command(name).description(about))
      .argument("<request>", "request number")
      .action((request: string, { reason, by }: ActOptions, command: Command) =>
        withBackend(ports, command, async ({ context, folder }, output) => {
          await open(context, folder.path).runner.judge(request, isDone, parseAct(reason, by));
          print(output, { request, isDone }, () => `${request} is ${isDone ? "confirmed" : "given up"}.`);
        }),
      );
  }

  acquirers
    .command("checklist")
    .description("show the steps of an order that people carry out, and which are done")
    .argument("<request>", "request number")
    .action((request: string, _options: object, command: Command) =>
      withBackend(ports, command, async ({ context, folder }, output) => {
        const channel = await readChannel(context, open(context, folder.path), request);
        print(output, await listChecklist(context, channel, request), toChecklistText);
      }),
    );

  withAct(acquirers.command("tick").description("take a step of an order's checklist as done"))
    .argument("<request>", "request number")
    .argument("<step>", "its name; refused where the acquirer will not")
    .option(
      "--note <text>",
      "case number, the account's number as it is shown (6228****0018), or why it was refused",
      "",
    )
    .option("--evidence <file>", "picture, recording or letter; a copy is kept in the data folder")
    .action((request: string, step: string, { note, evidence, reason, by }: TickOptions, command: Command) =>
      withBackend(ports, command, async ({ context, folder }, output) => {
        const channel = await readChannel(context, open(context, folder.path), request);
        const file = evidence === undefined ? {} : { evidence: readBytes(evidence, MAX_EVIDENCE_BYTES) };
        const tick = { requestNo: request, step, note, ...file };
        await tickStep(context, { folder: folder.path, channel }, tick, parseAct(reason, by));
        print(output, { request, step }, () => `${step} is done.`);
      }),
    );
}

function withAct(command: Command): Command {
  return command
    .requiredOption("--reason <text>", "why; kept in the ledger")
    .option("--by <name>", "who says so (default: operator)");
}

/** @throws TillsyncError what `viewRecord` throws; NOT_FOUND where no acquirer knows the merchant */
async function queryAll(
  context: Context,
  { acquirers, settings }: OpenedAcquirers,
  merchant: string,
  code: string | undefined,
): Promise<readonly RecordView[]> {
  const known = settings.filter(
    (one) => one.adapter === "manual" || one.adapter === "webhook" || merchant in one.merchants,
  );
  const wanted = known.filter((one) => code === undefined || one.code === code);
  if (wanted.length === 0)
    throw new TillsyncError("NOT_FOUND", { merchant, ...(code === undefined ? {} : { acquirer: code }) });
  const views: RecordView[] = [];
  for (const one of wanted) {
    const acquirer = acquirers.get(one.code);
    if (acquirer !== undefined) views.push(await viewRecord(context, one.code, acquirer, merchant));
  }
  return views;
}

function demandSettings({ settings }: OpenedAcquirers, code: string): AcquirerSettings {
  const found = settings.find((one) => one.code === code);
  if (found === undefined) throw new TillsyncError("NOT_FOUND", { acquirer: code });
  return found;
}

/** @throws TillsyncError NOT_FOUND, CONFIG_INVALID */
async function readChannel(context: Context, { settings }: OpenedAcquirers, request: string): Promise<Channel> {
  const order = await findOrder(context.store, request);
  if (order === undefined) throw new TillsyncError("NOT_FOUND", { order: request });
  return toChannel(settings, order.acquirer);
}

/** Without keys' paths: whoever reads the list need not know where they lie. */
function toPublic(settings: AcquirerSettings) {
  const { code, adapter } = settings;
  if (adapter === "manual") return { code, adapter, where: settings.channel, merchants: null };
  return { code, adapter, where: settings.url, merchants: Object.keys(settings.merchants).length };
}
export type ListedAcquirer = ReturnType<typeof toPublic>;

function toOrderView({ wanted: _w, before: _b, sealed: _s, ...row }: AcquirerOrderRow) {
  return { ...row, onRecord: row.onRecord === "" ? null : JSON.parse(row.onRecord) };
}
export type ListedOrder = ReturnType<typeof toOrderView>;
