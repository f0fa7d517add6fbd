import type { Command } from "commander";
import { MAX_SIGNED_DOCUMENT_BYTES } from "../../../certs/attestation/envelope.ts";
import { MAX_RELEASE_FILE_BYTES } from "../../../proto/bounds.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { adoptRelease } from "../../app/backup/adopt-release.ts";
import { createBackupKey, MAX_KEY_FILE_BYTES, parseIdentities, parseRecipients } from "../../app/backup/age.ts";
import { makeBackup } from "../../app/backup/make-backup.ts";
import type { BackupSource } from "../../app/backup/open-backup.ts";
import { writeOutput } from "../../app/backup/output-file.ts";
import { restoreBackup } from "../../app/backup/restore.ts";
import { readRestoreStatus } from "../../app/backup/restore-status.ts";
import { verifyBackup } from "../../app/backup/verify-backup.ts";
import { parseAct } from "../../app/registry/act.ts";
import { collect, toWholeNumber } from "./arguments.ts";
import { toBackupText, toRestoredText, toStatusText } from "./backup-text.ts";
import { readBytes } from "./files.ts";
import { print } from "./output.ts";
import { type CliPorts, toGlobals, toOutput, withBackend } from "./ports.ts";

const OPERATOR = "operator";
const SCHEDULED = "backup";
const LISTED = 20;
const MAX_LISTED = 1_000;

interface MakeOptions {
  readonly to?: string;
  readonly recipient: readonly string[];
  readonly recipientsFile?: string;
  readonly force: boolean;
  readonly by: string;
  readonly reason: string;
}

interface SourceOptions {
  readonly identity: string;
  readonly sha256?: string;
}

interface RestoreCommandOptions extends SourceOptions {
  readonly closeWaiting: boolean;
  readonly attestation?: string;
  readonly by: string;
  readonly reason: string;
}

/** @param version of Tillsync, which a backup tells */
export function addBackupCommands(program: Command, ports: CliPorts, version: string): void {
  const backup = program
    .command("backup")
    .description("back up the whole service while it runs, encrypted for the keys of `backup keygen` (docs/backup.md)")
    .option("--to <file>", "backup to write")
    .option("--recipient <age1…>", "public key that can open it; may be repeated", collect, [])
    .option("--recipients-file <file>", "the same, one a line")
    .option("--force", "write over a file that is there", false)
    .option("--by <name>", "who does it", OPERATOR)
    .option("--reason <text>", "why", SCHEDULED)
    .action((options: MakeOptions, command: Command) => make(ports, command, options, version));

  backup
    .command("keygen")
    .description("make the key that opens backups; keep it off line, never beside the service")
    .requiredOption("--out <file>", "identity file to write")
    .action(async ({ out }: { out: string }, command: Command) => {
      const { recipient, text } = await createBackupKey(toNow());
      await writeOutput(out, toChunks(text), false);
      print(toOutput(ports, command), { recipient }, () => recipient);
    });

  addSource(backup.command("verify"), "check everything in a backup, and restore nothing")
    .option("--scratch <folder>", "where the database is put for the time being, in clear (default: the system's)")
    .action(async (file: string, options: SourceOptions & { scratch?: string }, command: Command) => {
      const verified = await verifyBackup(readSource(file, options), options.scratch);
      print(toOutput(ports, command), verified, (found) => `sound: ${toBackupText(found)}`);
    });

  const restore = addSource(program.command("restore"), "make a data folder (--data) from a backup (docs/backup.md)")
    .option("--reason <text>", "why (needed)", "")
    .option("--by <name>", "who does it", OPERATOR)
    .option("--close-waiting", "close directives that waited to be sent: they may have been superseded since", false)
    .option("--attestation <file>", "a signed attestation that was issued later, as proof of what is lost")
    .action(async (file: string, options: RestoreCommandOptions, command: Command) => {
      const { by, reason, closeWaiting, attestation } = options;
      const target = toGlobals(command).data;
      const restored = await restoreBackup({
        ...{ ...readSource(file, options), target, closeWaiting, act: parseAct(reason, by), now: toNow },
        ...(attestation === undefined ? {} : { attestation: readBytes(attestation, MAX_SIGNED_DOCUMENT_BYTES) }),
      });
      print(toOutput(ports, command), restored, (done) => toRestoredText(done, target));
    });
  addAfterwards(restore, ports);
}

function addAfterwards(restore: Command, ports: CliPorts): void {
  restore
    .command("status")
    .description("count the terminals that have not said hello since the last restore, and get nothing until then")
    .option("--limit <n>", "name at most so many", toWholeNumber(0, MAX_LISTED), LISTED)
    .option("--after <tusn>", "those behind this TUSN", "")
    .action((options: { limit: number; after: string }, command: Command) =>
      withBackend(ports, command, async ({ context, trust }, output) => {
        const { versions, rootVersion } = trust.trust();
        const held = { timestampVersion: versions.timestamp, rootVersion };
        print(output, await readRestoreStatus(context.store, held, options), toStatusText);
      }),
    );

  restore
    .command("adopt")
    .description(
      "take the profiles of a release that was published after the backup into the records; publishes nothing",
    )
    .argument("<file>", "the signed release")
    .option("--reason <text>", "why (needed)")
    .option("--by <name>", `who does it (default: "${OPERATOR}")`)
    .action((file: string, _options: object, command: Command) =>
      withBackend(ports, command, async ({ context, trust }, output) => {
        // Options of the same name are those of the command above, wherever they stand.
        const { reason, by } = command.optsWithGlobals<Pick<RestoreCommandOptions, "reason" | "by">>();
        const bytes = readBytes(file, MAX_RELEASE_FILE_BYTES);
        const adopted = await adoptRelease(context, bytes, trust.trust().policy, parseAct(reason, by));
        print(output, adopted, ({ profiles }) => `${profiles} profiles are known again`);
      }),
    );
}

function addSource(command: Command, description: string): Command {
  return command
    .description(description)
    .argument("<file>", "the backup")
    .option("--identity <file>", "key that opens it, as `backup keygen` made it", "")
    .option("--sha256 <hex>", "digest that the file must have, as the ledger's entry backup.made tells it");
}

function make(ports: CliPorts, command: Command, options: MakeOptions, version: string): Promise<void> {
  return withBackend(ports, command, async ({ context, folder, settings }, output) => {
    const { to, recipient, recipientsFile, force, by, reason } = options;
    if (to === undefined) throw new TillsyncError("CONFIG_INVALID", { expected: "--to" });
    const listed = recipientsFile === undefined ? "" : readText(recipientsFile);
    const recipients = parseRecipients([...recipient, listed].join("\n"));
    const act = parseAct(reason, by);
    const made = await makeBackup(context, { folder, settings, to, recipients, force, version, act });
    print(output, made, toBackupText);
  });
}

function readSource(file: string, { identity, sha256 }: SourceOptions): BackupSource {
  if (identity === "") throw new TillsyncError("CONFIG_INVALID", { expected: "--identity" });
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) {
    throw new TillsyncError("CONFIG_INVALID", { expected: "64 hexadecimal digits" });
  }
  return {
    ...{ file, identities: parseIdentities(readText(identity)) },
    ...(sha256 === undefined ? {} : { expected: Buffer.from(sha256, "hex") }),
  };
}

function readText(file: string): string {
  return Buffer.from(readBytes(file, MAX_KEY_FILE_BYTES)).toString("utf8");
}

async function* toChunks(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

function toNow(): number {
  return Math.floor(Date.now() / 1_000);
}
