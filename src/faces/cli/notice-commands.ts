import type { Command } from "commander";
import { retryNotice } from "../../app/notices/retry.ts";
import { parseAct } from "../../app/registry/act.ts";
import { listUndelivered, type StoredNotice } from "../../store/notices.ts";
import { toWholeNumber } from "./arguments.ts";
import { print, toTable, toTime } from "./output.ts";
import { type CliPorts, withBackend } from "./ports.ts";

const MAX_LISTED = 1_000;
const DEFAULT_LIMIT = 100;
const MAX_ID = 9_999_999_999;

interface ListOptions {
  readonly change?: string;
  readonly limit: number;
}

/** Who could not be told of changes; what was delivered stands with each change (`changes show`). */
export function addNoticeCommands(program: Command, ports: CliPorts): void {
  const notices = program.command("notices").description("who could not be told of changes (docs/notices.md)");
  notices
    .command("list", { isDefault: true })
    .description("list the notices that were given up, the newest first")
    .option("--change <id>", "of this change only")
    .option("--limit <n>", "at most so many", toWholeNumber(1, MAX_LISTED), DEFAULT_LIMIT)
    .action(({ change, limit }: ListOptions, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        const query = { limit, ...(change === undefined ? {} : { changeId: change }) };
        print(output, await listUndelivered(context.store, query), toNoticesText);
      }),
    );

  notices
    .command("retry")
    .description("send a notice again that was given up, once what made it fail is put right")
    .argument("<id>", "its number (notices list)", toWholeNumber(1, MAX_ID))
    .requiredOption("--reason <text>", "what was put right; kept in the ledger")
    .option("--by <name>", "who says so (default: operator)")
    .action((id: number, { reason, by }: { reason: string; by?: string }, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        const { changeId } = await retryNotice(context, id, parseAct(reason, by));
        print(output, { id, changeId }, () => `notice ${id} of ${changeId} is sent again with the next look`);
      }),
    );
}

function toNoticesText(notices: readonly StoredNotice[]): string {
  if (notices.length === 0) return "none was given up";
  const rows = notices.map(({ id, changeId, event, channel, recipient, attempts, code, createdAt }) => [
    ...[String(id), changeId, event, channel, recipient, String(attempts), code, toTime(createdAt)],
  ]);
  return toTable(["notice", "change", "event", "channel", "to", "sent", "code", "planned"], rows);
}
