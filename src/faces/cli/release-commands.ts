import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { type Command, Option } from "commander";
import { parsePrivateKey, toPublicKey } from "../../../certs/keys.ts";
import { signRelease } from "../../../certs/release.ts";
import { MAX_RELEASE_FILE_BYTES } from "../../../proto/bounds.ts";
import { SALT_BYTES, toHex } from "../../../proto/bytes.ts";
import { parseReleaseFile, toReleaseFileBytes } from "../../../proto/delivery.ts";
import { ON_FAIL, type OnFail } from "../../../proto/directive.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { parseTusn } from "../../../proto/tusn.ts";
import { writeFileDurably } from "../../app/durable-file.ts";
import { readProfileDefaults } from "../../app/profile-defaults.ts";
import { showRelease } from "../../app/queries/releases.ts";
import { buildRelease } from "../../app/release/build.ts";
import { type PublishedRelease, publishRelease } from "../../app/release/publish.ts";
import type { ProfilePatch } from "../../domain/next-profile.ts";
import { parseSettings, SETTING_NAMES } from "../../domain/settings.ts";
import { toBinding } from "../../domain/settlement.ts";
import { collect, toDuration } from "./arguments.ts";
import { toPublishedText } from "./deployment-text.ts";
import { print } from "./output.ts";
import { type CliPorts, withBackend } from "./ports.ts";
import { toReleaseText, toReleaseView } from "./release-view.ts";
import { readSettlement } from "./settlement-file.ts";

const SECRET = 0o600;
const PUBLIC = 0o644;
const DEFAULT_VALIDITY_S = 7 * 86_400;

interface BuildOptions {
  readonly merchant?: string;
  readonly tusn: readonly string[];
  readonly set: readonly string[];
  readonly settlement?: string;
  readonly reason: string;
  readonly onFail: OnFail;
  readonly valid: number;
  readonly out: string;
  readonly force: boolean;
}

export function addReleaseCommands(program: Command, ports: CliPorts): void {
  const release = program.command("release").description("build, sign, publish and show releases");
  addBuild(release, ports);

  release
    .command("sign")
    .description("add a signature to a release file")
    .argument("<file>", "release file")
    .requiredOption("--key <pem>", "approver's private key, PKCS#8 in PEM")
    .action((file: string, options: { key: string }, command: Command) =>
      withBackend(ports, command, async ({ trust }, output) => {
        const key = parsePrivateKey(readText(options.key));
        const policy = trust.trust().policy;
        const signer = policy.persons.find(({ keys }) => keys.some(({ id }) => id === toPublicKey(key).id));
        if (signer === undefined) throw new TillsyncError("KEY_INVALID", { expected: "a key that the policy names" });
        const signed = signRelease(readRelease(file), key);
        const view = toReleaseView(signed, policy);
        await writeFileDurably(file, toReleaseFileBytes(signed), PUBLIC);
        print(output, view, () => `${toReleaseText(view)}\n\n${file} is signed by ${view.signedBy.join(", ")}`);
      }),
    );

  release
    .command("publish")
    .description("verify a signed release and put it in the outbox of the service")
    .argument("<file>", "release file")
    .action((file: string, _options: object, command: Command) =>
      withBackend(ports, command, async ({ context, trust }, output) => {
        const bytes = toReleaseFileBytes(readRelease(file));
        const result = await publishRelease(context, bytes, trust.trust().policy);
        print(output, result, toPublishResultText);
      }),
    );

  release
    .command("show")
    .description("show a release file, old beside new, or a published release by its id")
    .argument("<file-or-id>", "release file, or the 32 hexadecimal digits of a release id")
    .action((which: string, _options: object, command: Command) =>
      withBackend(ports, command, async ({ context, trust }, output) => {
        if (existsSync(which)) print(output, toReleaseView(readRelease(which), trust.trust().policy), toReleaseText);
        else print(output, await showRelease(context.store, which), toPublishedText);
      }),
    );
}

function toPublishResultText({ releaseId, deployments, superseded, skipped, already }: PublishedRelease): string {
  if (already) return `release ${toHex(releaseId)} was published before`;
  return [
    `release ${toHex(releaseId)} published: ${deployments} deployments, ${superseded} older ones superseded`,
    ...skipped.map(({ tusn, code }) => `left out ${tusn}, which moved on since the release was built: ${code}`),
  ].join("\n");
}

function addBuild(release: Command, ports: CliPorts): void {
  release
    .command("build")
    .description("make a release file from what terminals hold and what shall change")
    .option("--merchant <number>", "all terminals of this merchant")
    .option("--tusn <tusn>", "this terminal (may be repeated)", collect, [])
    .option("--set <name=value>", "change a field (may be repeated)", collect, [])
    .option("--settlement <json>", "file with the new settlement: kind, bank, cnaps, holder, accountNo")
    .requiredOption("--reason <words>", "why")
    .addOption(new Option("--on-fail <what>", "after a failed test").choices(ON_FAIL).default("rollback"))
    .option("--valid <duration>", "how long terminals may take it, such as 12h or 7d", toDuration, DEFAULT_VALIDITY_S)
    .requiredOption("--out <file>", "release file to write")
    .option("--force", "write over a file that is there already", false)
    .addHelpText("after", `\nFields for --set: ${SETTING_NAMES.join(", ")}`)
    .action((options: BuildOptions, command: Command) =>
      withBackend(ports, command, async ({ context, folder, trust }, output) => {
        if (existsSync(options.out) && !options.force) {
          throw new TillsyncError("CONFIG_INVALID", { exists: options.out, expected: "a new file, or --force" });
        }
        const salt = randomBytes(SALT_BYTES);
        const { file, skipped, superseding } = await buildRelease(context, {
          ...(options.merchant === undefined ? {} : { merchant: options.merchant }),
          ...(options.tusn.length === 0 ? {} : { tusns: options.tusn.map(parseTusn) }),
          patch: toPatch(options, salt),
          reason: options.reason,
          onFail: options.onFail,
          validityS: options.valid,
          defaults: readProfileDefaults(folder.path),
        });
        const bytes = toReleaseFileBytes(file);
        // What is shown is read back from what is written.
        const view = toReleaseView(parseReleaseFile(bytes), trust.trust().policy);
        if (options.settlement !== undefined) await writeOpening(options.out, salt);
        await writeFileDurably(options.out, bytes, PUBLIC);
        print(output, { ...view, skipped, superseding }, () =>
          [
            toReleaseText(view),
            ...skipped.map(({ tusn, reason }) => `skipped ${tusn}: ${reason}`),
            ...superseding.map((tusn) => `takes the place of what still waits for ${tusn}`),
          ].join("\n"),
        );
      }),
    );
}

function toPatch({ set, settlement }: BuildOptions, salt: Uint8Array): ProfilePatch {
  const settings = parseSettings(set);
  return settlement === undefined ? settings : { ...settings, binding: toBinding(readSettlement(settlement), salt) };
}

/** With this salt and the number itself, an approver can recompute the commitment. It never goes to a server. */
async function writeOpening(out: string, salt: Uint8Array): Promise<void> {
  await writeFileDurably(`${out}.opening.json`, `${JSON.stringify({ salt: toHex(salt) })}\n`, SECRET);
}

function readRelease(file: string) {
  return parseReleaseFile(readBytes(file));
}

function readText(file: string): string {
  return Buffer.from(readBytes(file)).toString("utf8");
}

function readBytes(file: string): Uint8Array {
  try {
    if (statSync(file).size > MAX_RELEASE_FILE_BYTES) throw new TillsyncError("BYTES_TOO_LARGE", { file });
    return readFileSync(file);
  } catch (cause) {
    throw cause instanceof TillsyncError ? cause : new TillsyncError("CONFIG_INVALID", { unreadable: file }, cause);
  }
}
