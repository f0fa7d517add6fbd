import { closeSync, createReadStream, fsyncSync, openSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { type Command, Option } from "commander";
import { TillsyncError } from "../../../proto/errors.ts";
import { parseTusn, type Tusn } from "../../../proto/tusn.ts";
import type { Context } from "../../app/context.ts";
import { type EnrolmentOverview, showEnrolments } from "../../app/enrolment/overview.ts";
import {
  checkEnrollable,
  createTokens,
  MAX_TOKENS_AT_ONCE,
  type TokenOptions,
  unlockEnrolment,
  withdrawToken,
} from "../../app/enrolment/tokens.ts";
import { toDuration } from "./arguments.ts";
import { print, toTable, toTime } from "./output.ts";
import { type CliPorts, withBackend } from "./ports.ts";

/** The file's lines are TUSNs and nothing else; more than a fleet has is not read. */
const MAX_TERMINALS = 1_000_000;
const DAY_S = 86_400;
const SECRET = 0o600;
const DEFAULT_ACTOR = "operator";

interface TokensOptions {
  readonly terminals?: string;
  readonly out: string;
  readonly valid: number;
  readonly admission?: boolean;
  readonly by: string;
}

export function addEnrolmentCommands(program: Command, ports: CliPorts): void {
  const enrolment = program.command("enrolment").description("one-time tokens, and who waits to be enrolled");
  const by = () => new Option("--by <name>", "who does it, as noted").default(DEFAULT_ACTOR);

  enrolment
    .command("tokens")
    .description("make one-time tokens as a file for the installer; former ones of these terminals are closed")
    .argument("[tusn...]", "terminals")
    .option("--terminals <file>", "file with one TUSN in each line")
    .requiredOption("--out <file>", "CSV file to make, readable by its owner only: tusn, token, expires")
    .option("--valid <duration>", "how long they may be used", toDuration, 3 * DAY_S)
    .option("--admission", "a person of the policy has to admit each enrolment (tillsync-sign admit)")
    .addOption(by())
    .action((tusns: string[], options: TokensOptions, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        const { valid: validS, admission: needsAdmission = false, by: actor, out } = options;
        const count = await writeTokens(context, { tusns, file: options.terminals }, out, {
          ...{ validS, needsAdmission, actor },
        });
        print(output, { tokens: count, file: out }, () => `${count} tokens in ${out}`);
      }),
    );

  enrolment
    .command("list")
    .description("show open tokens, enrolments that wait for a person, and locked ones")
    .action((_options: object, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        print(output, await showEnrolments(context), toOverviewText);
      }),
    );

  enrolment
    .command("withdraw")
    .description("take a terminal's token out of use")
    .argument("<tusn>", "terminal")
    .addOption(by())
    .action((tusn: string, options: { by: string }, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        const withdrawn = await withdrawToken(context, parseTusn(tusn), options.by);
        print(output, { withdrawn }, () => (withdrawn ? "withdrawn" : "there was no open token"));
      }),
    );

  enrolment
    .command("unlock")
    .description("let a terminal enrol again after too many wrong tokens or cryptograms")
    .argument("<tusn>", "terminal")
    .requiredOption("--reason <text>", "why that is safe")
    .addOption(by())
    .action((tusn: string, options: { reason: string; by: string }, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        await unlockEnrolment(context, parseTusn(tusn), options.reason, options.by);
        print(output, { unlocked: tusn }, () => "unlocked");
      }),
    );
}

interface Wanted {
  readonly tusns: readonly string[];
  readonly file: string | undefined;
}

/** All terminals are looked at before a token is made for the first; then so many at a time, in bounded memory. */
async function writeTokens(context: Context, wanted: Wanted, out: string, options: TokenOptions): Promise<number> {
  for await (const chunk of readChunks(wanted)) await checkEnrollable(context.store, chunk);
  const handle = openNew(out);
  let count = 0;
  try {
    writeSync(handle, "tusn,token,expires\n");
    for await (const chunk of readChunks(wanted)) {
      const made = await createTokens(context, chunk, options);
      const lines = made.map(
        ({ tusn, token, expiresAt }) => `${tusn},${token},${new Date(expiresAt * 1_000).toISOString()}`,
      );
      writeSync(handle, `${lines.join("\n")}\n`);
      count += made.length;
    }
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  return count;
}

/** @throws TillsyncError TUSN_INVALID with the line, CSV_TOO_LARGE, CONFIG_INVALID where there is none at all */
async function* readChunks({ tusns, file }: Wanted): AsyncGenerator<readonly Tusn[]> {
  let chunk: Tusn[] = [];
  let line = 0;
  for await (const text of readLines(tusns, file)) {
    line += 1;
    if (line > MAX_TERMINALS) throw new TillsyncError("CSV_TOO_LARGE", { rows: MAX_TERMINALS });
    chunk.push(toTusn(text, line));
    if (chunk.length < MAX_TOKENS_AT_ONCE) continue;
    yield chunk;
    chunk = [];
  }
  if (line === 0) throw new TillsyncError("CONFIG_INVALID", { expected: "terminals" });
  if (chunk.length > 0) yield chunk;
}

async function* readLines(tusns: readonly string[], file: string | undefined): AsyncGenerator<string> {
  yield* tusns;
  if (file === undefined) return;
  const input = createReadStream(file);
  const opened = new Promise<void>((resolve, reject) => input.once("open", () => resolve()).once("error", reject));
  await opened.catch((cause) => {
    throw new TillsyncError("CONFIG_INVALID", { unreadable: file }, cause);
  });
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (text.trim() !== "") yield text.trim();
  }
}

function toTusn(text: string, line: number): Tusn {
  try {
    return parseTusn(text);
  } catch (cause) {
    throw new TillsyncError("TUSN_INVALID", { line }, cause);
  }
}

function openNew(file: string): number {
  try {
    return openSync(file, "wx", SECRET);
  } catch (cause) {
    throw new TillsyncError("CONFIG_INVALID", { unwritable: file, expected: "a new file" }, cause);
  }
}

function toOverviewText({ tokens, pending, locked }: EnrolmentOverview): string {
  const parts = [
    tokens.length === 0
      ? "no open tokens"
      : toTable(
          ["terminal", "token made", "by", "good until", "admission"],
          tokens.map(({ tusn, createdAt, by, expiresAt, needsAdmission }) => [
            ...[tusn, toTime(createdAt), by, toTime(expiresAt), needsAdmission ? "yes" : "-"],
          ]),
        ),
    ...pending.map(
      ({ tusn, deviceKey, requestedAt }) =>
        `${tusn} waits to be admitted since ${toTime(requestedAt)}: key ${deviceKey}`,
    ),
    ...locked.map(({ tusn, failures, lockedAt }) => `${tusn} is LOCKED since ${toTime(lockedAt)}, ${failures} wrong`),
  ];
  return parts.join("\n");
}
