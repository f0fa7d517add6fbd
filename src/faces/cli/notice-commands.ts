import type { Command } from "commander";
import { listUndelivered, type StoredNotice } from "../../store/notices.ts";
import { toWholeNumber } from "./arguments.ts";
import { print, toTable, toTime } from "./output.ts";
import { type CliPorts, withBackend } from "./ports.ts";

const MAX_LISTED = 1_000;
const DEFAULT_LIMIT = 100;

/** Who could not be told of changes; what was delivered stands with each change (`changes show`). */
export function addNoticeCommands(program: Command, ports: CliPorts): void {
  program
    .command("notices")
    .description("list the notices that were given up, the newest first (docs/notices.md)")
    .option("--limit <n>", "at most so many", toWholeNumber(1, MAX_LISTED), DEFAULT_LIMIT)
    .action(({ limit }: { limit: number }, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        print(output, await listUndelivered(context.store, limit), toNoticesText);
      }),
    );
}

function toNoticesText(notices: readonly StoredNotice[]): string {
  if (notices.length === 0) return "none was given up";
  const rows = notices.map(({ changeId, event, channel, recipient, attempts, code, createdAt }) => [
    ...[changeId, event, channel, recipient, String(attempts), code, toTime(createdAt)],
  ]);
  return toTable(["change", "event", "channel", "to", "sent", "code", "planned"], rows);
}
