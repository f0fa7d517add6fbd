import { createReadStream, existsSync, realpathSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Command } from "commander";
import { toAttestationBytes } from "../../../certs/attestation/format.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { isTusn } from "../../../proto/tusn.ts";
import { addAuditor, listAuditors, revokeAuditor } from "../../app/attestation/auditors.ts";
import { type CheckAnswer, checkNumbers } from "../../app/attestation/checks.ts";
import { type Attestor, attest, issueAttestation } from "../../app/attestation/issue.ts";
import { readNumbers } from "../../app/attestation/number-lines.ts";
import { checkWritable } from "./files.ts";
import { type Output, print } from "./output.ts";
import { type Backend, type CliPorts, withBackend } from "./ports.ts";
import { CHECK_COLUMNS, toAttestationText, toAuditorsText, toCheckRow, toCheckText, toStatus } from "./verify-text.ts";

/** Numbers that are looked up at a time. */
const BATCH = 1_000;
const PUBLIC_MODE = 0o644;

const EXIT_CODES = `
Exit status: 0 genuine and proven; 3 not proven, legacy, unknown or malformed; 4 found not genuine, quarantined, suspended
or out of service. Of a file, the worst of all. 1 and 2 as everywhere.`;

interface VerifyOptions {
  readonly file?: string;
  readonly out?: string;
  readonly force: boolean;
}

interface ActorOptions {
  readonly by: string;
}

export function addVerifyCommands(program: Command, ports: CliPorts, setExitCode: (code: number) => void): void {
  program
    .command("verify")
    .description("tell in one page whether a terminal is genuine and how we know, or check a file of numbers")
    .argument("[tusn]", "the terminal's unique serial number")
    .option("--out <path>", "write the signed attestation (DSSE), or the results of --file (CSV)")
    .option("--file <path>", "check every number of a file: one a line, or CSV with a column tusn")
    .option("--force", "write over a file that is there", false)
    .addHelpText("after", EXIT_CODES)
    .action((tusn: string | undefined, options: VerifyOptions, command: Command) =>
      withBackend(ports, command, async (backend, output) => {
        if ((tusn === undefined) === (options.file === undefined)) {
          throw new TillsyncError("CONFIG_INVALID", { expected: "a TUSN or --file" });
        }
        if (options.out !== undefined) checkOut(options.out, options);
        const status =
          tusn === undefined
            ? await verifyFile(backend, options, output)
            : await verifyOne(backend, tusn, options, output);
        setExitCode(status);
      }),
    );

  const auditors = program.command("auditors").description("who may use the look-up for auditors over HTTPS");

  auditors
    .command("add")
    .description("add an auditor; the key is shown this once and never again")
    .argument("<name>", "lower-case letters, digits, dot and hyphen")
    .option("--by <name>", "who adds, as the ledger tells it", "operator")
    .action((name: string, { by }: ActorOptions, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        const { key } = await addAuditor(context, name, by);
        print(output, { name, key }, () => `${name} is added. Key, shown this once: ${key}`);
      }),
    );

  auditors
    .command("list")
    .description("list auditors")
    .action((_options: object, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        print(output, await listAuditors(context.store), toAuditorsText);
      }),
    );

  auditors
    .command("revoke")
    .description("make an auditor's key good for nothing, from now on")
    .argument("<name>", "of an auditor")
    .option("--by <name>", "who revokes, as the ledger tells it", "operator")
    .action((name: string, { by }: ActorOptions, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        await revokeAuditor(context, name, by);
        print(output, { name, revoked: true }, () => `${name} is revoked`);
      }),
    );
}

/** @throws TillsyncError CONFIG_INVALID; also where the results would take the place of the numbers, whatever `--force` says */
function checkOut(out: string, { file, force }: VerifyOptions): void {
  checkWritable(out, force);
  if (file !== undefined && existsSync(file) && existsSync(out) && realpathSync(file) === realpathSync(out)) {
    throw new TillsyncError("CONFIG_INVALID", { out, expected: "another file than --file" });
  }
}

async function verifyOne(backend: Backend, text: string, { out }: VerifyOptions, output: Output): Promise<number> {
  const { context } = backend;
  const attestor = toAttestor(backend);
  const attestation = isTusn(text) ? await attest(context, attestor, text) : undefined;
  if (attestation === undefined) {
    const [check] = await checkNumbers(context, [text]);
    if (check === undefined) throw new TillsyncError("INTERNAL");
    if (out !== undefined) throw new TillsyncError("NOT_FOUND", { what: "a terminal to attest" });
    print(output, check, toCheckText);
    return toStatus([check.answer]);
  }
  if (out !== undefined) await writeWhole(out, await issueAttestation(attestor, attestation));
  // As signed, so that bytes stand in base64 there and here.
  if (output.json) output.out(`${Buffer.from(toAttestationBytes(attestation)).toString("utf8")}\n`);
  else output.out(`${toAttestationText(attestation)}\n`);
  return toStatus([attestation.answer]);
}

/** Holds BATCH numbers at a time, however long the file is. */
async function verifyFile({ context }: Backend, { file = "", out }: VerifyOptions, output: Output): Promise<number> {
  const counts = new Map<CheckAnswer, number>();
  const target = out === undefined ? undefined : await openWhole(out);
  const write = async (text: string) => {
    if (target !== undefined) await target.write(text);
    else if (!output.json) output.out(text);
  };
  try {
    await write(`${CHECK_COLUMNS.join(",")}\n`);
    for await (const batch of toBatches(readNumbers(createReadStream(file).on("error", () => undefined)))) {
      const checks = await checkNumbers(
        context,
        batch.map(({ text }) => text),
      );
      for (const { answer } of checks) counts.set(answer, (counts.get(answer) ?? 0) + 1);
      const rows = checks.map((check, index) => `${toCheckRow(batch[index]?.line ?? 0, check)}\n`);
      await write(rows.join(""));
    }
    await target?.sync();
  } catch (cause) {
    throw cause instanceof TillsyncError ? cause : new TillsyncError("CONFIG_INVALID", { unreadable: file }, cause);
  } finally {
    await target?.close();
  }
  const numbers = [...counts.values()].reduce((sum, count) => sum + count, 0);
  // Nothing was asked: that must not end as if all were genuine.
  if (numbers === 0) throw new TillsyncError("FIELD_INVALID", { field: "file", expected: "a number" });
  const result = { numbers, answers: Object.fromEntries(counts) };
  const told = [...counts].map(([answer, count]) => `${count} ${answer}`).join(", ");
  if (output.json) output.out(`${JSON.stringify(result)}\n`);
  else output.err(`${numbers} numbers${told === "" ? "" : `: ${told}`}\n`);
  return toStatus(counts.keys());
}

async function* toBatches<T>(source: AsyncIterable<T>): AsyncGenerator<readonly T[]> {
  let batch: T[] = [];
  for await (const item of source) {
    batch.push(item);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function toAttestor({ folder, trust }: Backend): Attestor {
  return { trust, trustFolder: folder.trust, authority: folder.authority.certificate };
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const target = await openWhole(path);
  try {
    await target.write(bytes);
    await target.sync();
  } finally {
    await target.close();
  }
}

async function openWhole(path: string): Promise<FileHandle> {
  try {
    return await open(path, "w", PUBLIC_MODE);
  } catch (cause) {
    throw new TillsyncError("CONFIG_INVALID", { unwritable: path }, cause);
  }
}
