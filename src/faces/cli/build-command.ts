import { type Command, Option } from "commander";
import { parseReleaseFile, toReleaseFileBytes } from "../../../proto/delivery.ts";
import { ON_FAIL, type OnFail } from "../../../proto/directive.ts";
import { MAX_FLAT_JSON_BYTES } from "../../../proto/flat-json.ts";
import { checkNotSensitive } from "../../../proto/sensitive.ts";
import { parseBindingJson } from "../../../proto/settlement.ts";
import { parseTusn } from "../../../proto/tusn.ts";
import { writeFileDurably } from "../../app/durable-file.ts";
import { readProfileDefaults } from "../../app/profile-defaults.ts";
import { type BuiltRelease, buildRelease } from "../../app/release/build.ts";
import type { Chosen } from "../../app/release/candidates.ts";
import type { ProfilePatch } from "../../domain/next-profile.ts";
import { parseSettings, SETTING_NAMES } from "../../domain/settings.ts";
import { collect, toDuration } from "./arguments.ts";
import { checkWritable, readBytes } from "./files.ts";
import { type Output, print } from "./output.ts";
import { type Backend, type CliPorts, withBackend } from "./ports.ts";
import { toProofAdvice } from "./proof-text.ts";
import { toReleaseText, toReleaseView } from "./release-view.ts";

const PUBLIC = 0o644;
export const DEFAULT_VALIDITY_S = 7 * 86_400;

/** Options that choose terminals. */
export interface ChoiceOptions {
  readonly merchant?: string;
  readonly tusn: readonly string[];
}

interface BuildOptions extends ChoiceOptions {
  readonly set: readonly string[];
  readonly binding?: string;
  readonly withRollback: boolean;
  readonly reason: string;
  readonly onFail: OnFail;
  readonly valid: number;
  readonly out: string;
  readonly force: boolean;
}

export function addBuild(release: Command, ports: CliPorts): void {
  release
    .command("build")
    .description("make a release file from what terminals hold and what shall change")
    .option("--merchant <number>", "all terminals of this merchant")
    .option("--tusn <tusn>", "this terminal (may be repeated)", collect, [])
    .option("--set <name=value>", "change a field (may be repeated)", collect, [])
    .option("--binding <json>", "file with the new settlement, as tillsync-sign binding makes it: never the number")
    .option("--with-rollback", "have the way back approved together with the change", false)
    .requiredOption("--reason <words>", "why")
    .addOption(new Option("--on-fail <what>", "after a failed test").choices(ON_FAIL).default("rollback"))
    .option("--valid <duration>", "how long terminals may take it, such as 12h or 7d", toDuration, DEFAULT_VALIDITY_S)
    .requiredOption("--out <file>", "release file to write")
    .option("--force", "write over a file that is there already", false)
    .addHelpText("after", `\nFields for --set: ${SETTING_NAMES.join(", ")}`)
    .action((options: BuildOptions, command: Command) => {
      // Before anything is opened, logged or told: neither of them may hold what must never be kept.
      checkNotSensitive(options.reason);
      const patch = toPatch(options);
      return withBackend(ports, command, async (backend, output) => {
        checkWritable(options.out, options.force);
        const built = await buildRelease(backend.context, {
          ...toChosen(options),
          patch,
          reason: options.reason,
          onFail: options.onFail,
          validityS: options.valid,
          withRollback: options.withRollback,
          policy: backend.trust.trust().policy,
          defaults: readProfileDefaults(backend.folder.path),
        });
        await writeBuilt(backend, output, built, options.out);
      });
    });
}

/** Writes a release file and shows it, read back from what is written. */
export async function writeBuilt({ trust }: Backend, output: Output, built: BuiltRelease, out: string): Promise<void> {
  const bytes = toReleaseFileBytes(built.file);
  const view = toReleaseView(parseReleaseFile(bytes), trust.trust().policy);
  await writeFileDurably(out, bytes, PUBLIC);
  const { skipped, superseding } = built;
  print(output, { ...view, skipped, superseding }, () =>
    [
      toReleaseText(view),
      ...skipped.map((one) => `skipped ${one.tusn}: ${one.reason}${toProofAdvice(one)}`),
      ...superseding.map((tusn) => `takes the place of what still waits for ${tusn}`),
    ].join("\n"),
  );
}

export function toChosen({ merchant, tusn }: ChoiceOptions): Chosen {
  return {
    ...(merchant === undefined ? {} : { merchant }),
    ...(tusn.length === 0 ? {} : { tusns: tusn.map(parseTusn) }),
  };
}

function toPatch({ set, binding }: BuildOptions): ProfilePatch {
  const settings = parseSettings(set);
  return binding === undefined
    ? settings
    : { ...settings, binding: parseBindingJson(readBytes(binding, MAX_FLAT_JSON_BYTES)) };
}
