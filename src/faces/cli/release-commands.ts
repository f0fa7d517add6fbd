import { existsSync } from "node:fs";
import { type Command, Option } from "commander";
import { LANGUAGES, type Language } from "../../../certs/sign/render/words.ts";
import { toHex } from "../../../proto/bytes.ts";
import { toReleaseFileBytes } from "../../../proto/delivery.ts";
import { parseTusn } from "../../../proto/tusn.ts";
import { openDesk } from "../../app/desk/desk.ts";
import { parseReleaseId } from "../../app/queries/deployments.ts";
import { showRelease } from "../../app/queries/releases.ts";
import { type PublishedRelease, publishRelease } from "../../app/release/publish.ts";
import { HELD_CODES } from "../../domain/binding-gate.ts";
import { addBuild } from "./build-command.ts";
import { toPublishedText } from "./deployment-text.ts";
import { addDesk } from "./desk-commands.ts";
import { readRelease } from "./files.ts";
import { print } from "./output.ts";
import { type CliPorts, withBackend } from "./ports.ts";
import { toProofAdvice } from "./proof-text.ts";
import { type Look, toReleaseText, toReleaseView } from "./release-view.ts";
import { addRollback } from "./rollback-command.ts";

const OPERATOR = "operator";

/** People sign with `tillsync-sign`, on their own machines: no command here ever reads an approver's key. */
export function addReleaseCommands(program: Command, ports: CliPorts): void {
  const release = program.command("release").description("build, publish, show and roll back releases");
  addBuild(release, ports);

  release
    .command("publish")
    .description("verify a signed release and put it in the outbox of the service")
    .argument("<file-or-id>", "release file, or the id of a release on the desk")
    .option("--by <name>", "who publishes it", OPERATOR)
    .action((which: string, { by }: { by: string }, command: Command) =>
      withBackend(ports, command, async ({ context, trust }, output) => {
        const bytes = existsSync(which)
          ? toReleaseFileBytes(readRelease(which))
          : await openDesk(context, () => trust.trust().policy).read(parseReleaseId(which));
        const result = await publishRelease(context, bytes, trust.trust().policy, by);
        print(output, result, toPublishResultText);
      }),
    );

  release
    .command("show")
    .description("show a release file, old beside new, or a published release by its id")
    .argument("<file-or-id>", "release file, or the 32 hexadecimal digits of a release id")
    .option("--terminal <tusn>", "of a file: this terminal in full")
    .option("--all", "of a file: every terminal in full")
    .addOption(new Option("--lang <language>", "of a file: language").choices(LANGUAGES).default("en"))
    .action((which: string, options: ShowOptions, command: Command) => {
      const look = toLook(options);
      return withBackend(ports, command, async ({ context, trust }, output) => {
        if (existsSync(which)) {
          const view = toReleaseView(readRelease(which), trust.trust().policy, look);
          print(output, view, () => toReleaseText(view, look));
        } else print(output, await showRelease(context.store, which), toPublishedText);
      });
    });

  addDesk(release, ports);
  addRollback(release, ports);
}

interface ShowOptions {
  readonly terminal?: string;
  readonly all?: boolean;
  readonly lang: Language;
}

/** @throws TillsyncError TUSN_INVALID */
function toLook({ terminal, all = false, lang }: ShowOptions): Look {
  return { all, lang, ...(terminal === undefined ? {} : { terminal: parseTusn(terminal) }) };
}

function toPublishResultText({
  releaseId,
  deployments,
  reserved,
  superseded,
  skipped,
  already,
}: PublishedRelease): string {
  const id = toHex(releaseId);
  if (already) return `release ${id} was published before`;
  return [
    `release ${id} published: ${deployments} deployments, ${superseded} older ones superseded`,
    ...(reserved === 0 ? [] : [`ways back kept: ${reserved}; tillsync release rollback ${id} orders them`]),
    ...skipped.map((one) =>
      HELD_CODES.includes(one.code)
        ? `left out ${one.tusn}: ${one.code}${toProofAdvice(one)}`
        : `left out ${one.tusn}, which moved on since the release was built: ${one.code}`,
    ),
  ].join("\n");
}
