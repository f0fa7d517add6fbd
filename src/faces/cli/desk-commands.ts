import type { Command } from "commander";
import { toReleaseFileBytes } from "../../../proto/delivery.ts";
import { openDesk } from "../../app/desk/desk.ts";
import type { OpenRelease } from "../../app/desk/outline.ts";
import { readRelease } from "./files.ts";
import { print, toSheet, toTable, toTime } from "./output.ts";
import { type Backend, type CliPorts, withBackend } from "./ports.ts";

const OPERATOR = "operator";

/** The commands of `tillsync release` by which releases come to the approvers and are watched there. */
export function addDesk(release: Command, ports: CliPorts): void {
  release
    .command("submit")
    .description("put a release on the signing desk, where approvers fetch it and hand in their signatures")
    .argument("<file>", "release file, signed or not")
    .option("--by <name>", "who hands it in", OPERATOR)
    .action((file: string, { by }: { by: string }, command: Command) =>
      withBackend(ports, command, async (backend, output) => {
        print(output, await toDesk(backend).submit(toReleaseFileBytes(readRelease(file)), by), toOpenText);
      }),
    );

  release
    .command("list")
    .description("show the releases on the signing desk, and whose signature each waits for")
    .action((_options: object, command: Command) =>
      withBackend(ports, command, async (backend, output) => {
        print(output, await toDesk(backend).list(), toListText);
      }),
    );
}

function toDesk({ context, trust }: Backend) {
  return openDesk(context, () => trust.trust().policy);
}

function toOpenText(release: OpenRelease): string {
  const { id, purpose, merchant, size, reason, expires, recipients, sealed } = release;
  return toSheet([
    ["release", id],
    ["purpose", purpose],
    ["merchant", merchant === "" ? "-" : merchant],
    ["directives", String(size)],
    ["reason", reason],
    ["expires", toTime(expires)],
    ["signed by", toNames(release.signedBy)],
    ["waits for", toNames(release.missing)],
    ["card numbers", recipients === 0 ? "-" : `sealed to ${sealed} of ${recipients} terminals`],
  ]);
}

function toListText(releases: readonly OpenRelease[]): string {
  if (releases.length === 0) return "the desk is empty";
  const rows = releases.map(({ id, purpose, merchant, size, expires, signedBy, missing, reason }) => [
    ...[id, purpose, merchant === "" ? "-" : merchant, String(size), toTime(expires)],
    ...[toNames(signedBy), toNames(missing), reason],
  ]);
  return toTable(["release", "purpose", "merchant", "size", "expires", "signed by", "waits for", "reason"], rows);
}

function toNames(names: readonly string[]): string {
  return names.length === 0 ? "-" : names.join(" + ");
}
