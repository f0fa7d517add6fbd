import type { Command } from "commander";
import { TillsyncError } from "../../../proto/errors.ts";
import { checkNotSensitive } from "../../../proto/sensitive.ts";
import { parseReleaseId } from "../../app/queries/deployments.ts";
import { buildRollback, type RollbackTarget } from "../../app/release/build-rollback.ts";
import { hasReserves, type OrderedRollback, orderRollback } from "../../app/release/order-rollback.ts";
import { collect, toDuration } from "./arguments.ts";
import { type ChoiceOptions, DEFAULT_VALIDITY_S, toChosen, writeBuilt } from "./build-command.ts";
import { checkWritable } from "./files.ts";
import { print } from "./output.ts";
import { type Backend, type CliPorts, withBackend } from "./ports.ts";

interface RollbackOptions extends ChoiceOptions {
  readonly reason: string;
  readonly build: boolean;
  readonly valid: number;
  readonly out?: string;
  readonly force: boolean;
}

const HELP = `
A release that was built --with-rollback has its ways back approved already: naming it orders them, and
--build makes a new release file all the same. Any other takes a new file (--out), which people sign like every change.`;

/** Whoever names a file to be written must not send terminals back by it. */
const FILE_OR_ORDER = "--build to write a release file, or no --out to order the ways back that are approved already";

export function addRollback(release: Command, ports: CliPorts): void {
  release
    .command("rollback")
    .description("bring terminals back to their previous profile")
    .argument("[release-id]", "terminals that hold what this release brought them")
    .option("--merchant <number>", "instead of a release: all terminals of this merchant")
    .option("--tusn <tusn>", "instead of a release: this terminal (may be repeated)", collect, [])
    .requiredOption("--reason <words>", "why")
    .option("--build", "make a release file even where the ways back are approved already", false)
    .option("--valid <duration>", "how long terminals may take it, such as 12h or 7d", toDuration, DEFAULT_VALIDITY_S)
    .option("--out <file>", "release file to write")
    .option("--force", "write over a file that is there already", false)
    .addHelpText("after", HELP)
    .action((id: string | undefined, options: RollbackOptions, command: Command) => {
      checkNotSensitive(options.reason);
      const target = toTarget(id, options);
      return withBackend(ports, command, async (backend, output) => {
        if ("releaseId" in target && !options.build && (await hasReserves(backend.context, target.releaseId))) {
          if (options.out !== undefined) throw new TillsyncError("CONFIG_INVALID", { expected: FILE_OR_ORDER });
          const order = { releaseId: target.releaseId, reason: options.reason };
          print(output, await orderRollback(backend.context, order, backend.trust.trust().policy), toOrderedText);
          return;
        }
        const out = toOut(options);
        checkWritable(out, options.force);
        await writeBuilt(backend, output, await build(backend, target, options), out);
      });
    });
}

function toTarget(id: string | undefined, options: RollbackOptions): RollbackTarget {
  const isChosen = options.merchant !== undefined || options.tusn.length > 0;
  if (isChosen === (id !== undefined)) {
    throw new TillsyncError("CONFIG_INVALID", { expected: "a release id, or --merchant or --tusn" });
  }
  return id === undefined ? { chosen: toChosen(options) } : { releaseId: parseReleaseId(id) };
}

function toOut({ out }: RollbackOptions): string {
  if (out !== undefined) return out;
  throw new TillsyncError("CONFIG_INVALID", { expected: "--out: no way back that was approved before can be ordered" });
}

function build({ context, trust }: Backend, target: RollbackTarget, { reason, valid }: RollbackOptions) {
  return buildRollback(context, { ...target, reason, validityS: valid, policy: trust.trust().policy });
}

function toOrderedText({ ordered, left }: OrderedRollback): string {
  return [
    `${ordered} terminals are ordered back to their previous profile`,
    ...left.map(({ tusn, reason }) => `left ${tusn} as it is: ${reason}`),
  ].join("\n");
}
