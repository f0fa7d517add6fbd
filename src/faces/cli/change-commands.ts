import { basename } from "node:path";
import { type Command, Option } from "commander";
import { MAX_ATTACHMENT_BYTES, openAttachments } from "../../app/changes/attachments.ts";
import { amendChange, createChange, rejectChange, withdrawChange } from "../../app/changes/draft.ts";
import { previewChange, submitChange } from "../../app/changes/submit.ts";
import { doTask } from "../../app/changes/tasks.ts";
import { toChangeTools } from "../../app/changes/tools.ts";
import { MAX_LISTED_CHANGES, showChange, viewChanges } from "../../app/queries/changes.ts";
import {
  CHANGE_KINDS,
  CHANGE_STATES,
  type ChangeKind,
  type ChangeState,
  REASON_CODES,
  type ReasonCode,
} from "../../domain/changes/change.ts";
import { EVIDENCE_KINDS, type EvidenceKind, TASK_KINDS, type TaskKind } from "../../domain/changes/pack.ts";
import { collect, toWholeNumber } from "./arguments.ts";
import { type ContentOptions, hasContent, toContact, toContent, toDay, toDayOrNone } from "./change-arguments.ts";
import { toChangeLineText, toChangesText, toChangeText, toPreviewText } from "./change-text.ts";
import { readBytes } from "./files.ts";
import { print } from "./output.ts";
import { type CliPorts, withBackend } from "./ports.ts";

const OPERATOR = "operator";
const DEFAULT_LIMIT = 100;

interface CreateOptions extends ContentOptions {
  readonly merchant: string;
  readonly kind: ChangeKind;
  readonly reasonCode: ReasonCode;
  readonly reason: string;
  readonly recovery: boolean;
  readonly by: string;
}

interface AmendOptions extends ContentOptions {
  readonly reasonCode?: ReasonCode;
  readonly reason?: string;
  readonly by: string;
}

/** The operator's workflow: ask, show, hand in; approvers sign with `tillsync-sign`, and the service carries it out. */
export function addChangeCommands(program: Command, ports: CliPorts): void {
  const changes = program
    .command("changes")
    .description("ask for changes of merchants' data and settlement, and follow them");
  addWriting(changes, ports);
  addDeciding(changes, ports);
  addReading(changes, ports);
}

function addWriting(changes: Command, ports: CliPorts): void {
  withContent(changes.command("create").description("begin a change"))
    .requiredOption("--merchant <number>", "merchant number, 15 digits")
    .addOption(new Option("--kind <kind>", "what it changes").choices(CHANGE_KINDS).makeOptionMandatory())
    .addOption(new Option("--reason-code <code>", "why, for reports").choices(REASON_CODES).makeOptionMandatory())
    .requiredOption("--reason <words>", "why, in words")
    .option("--recovery", "the present account is forgotten: evidence of who he is stands in for it", false)
    .option("--by <name>", "who asks", OPERATOR)
    .action((options: CreateOptions, command: Command) => {
      const content = toContent(options.kind, options);
      return withBackend(ports, command, async ({ context }, output) => {
        const { merchant, kind, reasonCode, reason, recovery: isRecovery, by: requester } = options;
        const asked = { merchant, kind, reasonCode, reason, isRecovery, content, requester };
        print(output, toLine(await createChange(context, asked)), toChangeLineText);
      });
    });

  withContent(changes.command("amend").description("alter a change that is not handed in, was rejected, or failed"))
    .argument("<change>", "id of the change")
    .addOption(new Option("--reason-code <code>", "why, for reports").choices(REASON_CODES))
    .option("--reason <words>", "why, in words")
    .option("--by <name>", "who alters it", OPERATOR)
    .action((id: string, options: AmendOptions, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        const { reason, reasonCode, by } = options;
        const { kind } = await showChange(context.store, id);
        const amendment = {
          ...(reason === undefined ? {} : { reason }),
          ...(reasonCode === undefined ? {} : { reasonCode }),
          ...(hasContent(options) ? { content: toContent(kind, options) } : {}),
        };
        print(output, toLine(await amendChange(context, id, amendment, by)), toChangeLineText);
      }),
    );

  changes
    .command("attach")
    .description("add evidence: PDF, JPEG or PNG. Cover the middle digits of a card before you take its picture")
    .argument("<change>", "id of the change")
    .argument("<file>", "the file")
    .addOption(new Option("--kind <kind>", "what it shows").choices(EVIDENCE_KINDS).makeOptionMandatory())
    .option("--by <name>", "who adds it", OPERATOR)
    .action((id: string, file: string, { kind, by }: { kind: EvidenceKind; by: string }, command: Command) =>
      withBackend(ports, command, async ({ context, folder }, output) => {
        const bytes = readBytes(file, MAX_ATTACHMENT_BYTES);
        const added = { kind, name: basename(file), bytes, actor: by };
        const row = await openAttachments(context, folder.path).add(id, added);
        print(output, row, ({ size, type }) => `${type}, ${size} bytes, added to ${id} as ${kind}`);
      }),
    );
}

function addDeciding(changes: Command, ports: CliPorts): void {
  changes
    .command("preview")
    .description("what handing a change in would do, whom it reaches, and everything that speaks against it")
    .argument("<change>", "id of the change")
    .action((id: string, _options: object, command: Command) =>
      withBackend(ports, command, async (backend, output) => {
        print(output, await previewChange(backend.context, toChangeTools(backend), id), toPreviewText);
      }),
    );

  changes
    .command("submit")
    .description("hand a change in: approvers find its release on the signing desk")
    .argument("<change>", "id of the change")
    .option("--by <name>", "who hands it in", OPERATOR)
    .action((id: string, { by }: { by: string }, command: Command) =>
      withBackend(ports, command, async (backend, output) => {
        const row = await submitChange(backend.context, toChangeTools(backend), id, by);
        print(output, toLine(row), toChangeLineText);
      }),
    );

  for (const [name, description, act] of [
    ["reject", "send a change back with a comment", rejectChange],
    ["withdraw", "give a change up", withdrawChange],
  ] as const) {
    changes
      .command(name)
      .description(description)
      .argument("<change>", "id of the change")
      .requiredOption("--comment <words>", "why")
      .option("--by <name>", "who says so", OPERATOR)
      .action((id: string, { comment, by }: { comment: string; by: string }, command: Command) =>
        withBackend(ports, command, async ({ context }, output) => {
          print(output, toLine(await act(context, id, comment, by)), toChangeLineText);
        }),
      );
  }

  changes
    .command("task")
    .description("note that what follows a change was done")
    .argument("<change>", "id of the change")
    .addArgument(changes.createArgument("<task>", "which").choices(TASK_KINDS))
    .requiredOption("--note <words>", "what was done")
    .option("--by <name>", "who did it", OPERATOR)
    .action((id: string, task: TaskKind, { note, by }: { note: string; by: string }, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        print(output, toLine(await doTask(context, id, task, note, by)), toChangeLineText);
      }),
    );
}

interface ListOptions {
  readonly merchant?: string;
  readonly state?: ChangeState;
  readonly after?: string;
  readonly limit: number;
}

function addReading(changes: Command, ports: CliPorts): void {
  changes
    .command("list")
    .description("list changes, the newest first")
    .option("--merchant <number>", "of this merchant only")
    .addOption(new Option("--state <state>", "in this state only").choices(CHANGE_STATES))
    .option("--after <change>", "those behind this one")
    .option("--limit <n>", "at most so many", toWholeNumber(1, MAX_LISTED_CHANGES), DEFAULT_LIMIT)
    .action((query: ListOptions, command: Command) =>
      withBackend(ports, command, async ({ context: { store } }, output) => {
        print(output, await viewChanges(store, query), toChangesText);
      }),
    );

  changes
    .command("show")
    .description("show one change: what it brings, evidence, tasks, acquirer, terminals, and who decided what when")
    .argument("<change>", "id of the change")
    .action((id: string, _options: object, command: Command) =>
      withBackend(ports, command, async ({ context: { store } }, output) => {
        print(output, await showChange(store, id), toChangeText);
      }),
    );
}

function withContent(command: Command): Command {
  return command
    .option(
      "--set <name=value>",
      "a field of the merchant, such as merchant.name=新名字 (may be repeated)",
      collect,
      [],
    )
    .option("--principal <name>", "legal representative, or who runs the business")
    .option(
      "--licence-valid-until <day>",
      "the first day on which the business licence is good no more; 9999-12-31 where it has no end, none where unknown",
      toDayOrNone,
    )
    .option(
      "--contact <role,name,phone,email>",
      "a contact (repeat for each; they replace those on record)",
      toContact,
      [],
    )
    .option("--binding <json>", "file with the new account, as tillsync-sign binding makes it: never the number")
    .option("--valid-from <day>", "when the new account becomes good, such as 2026-05-01", toDay)
    .option("--valid-until <day>", "the first day on which it is good no more", toDay)
    .option("--account <id>", "the account that goes (tillsync merchants show)", toWholeNumber(1, 2 ** 31))
    .option("--sealed <file>", "the new number for the acquirer, as tillsync-sign acquirer-seal makes it")
    .option("--sealed-before <file>", "the present number likewise, for the way back");
}

function toLine<
  T extends { readonly id: string; readonly kind: ChangeKind; readonly state: ChangeState; readonly revision: number },
>({ id, kind, state, revision }: T) {
  return { id, kind, state, revision };
}
