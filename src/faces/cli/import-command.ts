import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type Command, Option } from "commander";
import { TillsyncError } from "../../../proto/errors.ts";
import { SLIPS } from "../../../proto/tusn-slips.ts";
import type { FleetFault } from "../../app/import/fault-list.ts";
import { type ImportReport, importFile } from "../../app/import/import-file.ts";
import { FLEET_FORMATS, type FleetFormat } from "../../app/import/read-rows.ts";
import { type Output, print, toTable } from "./output.ts";
import { type CliPorts, withBackend } from "./ports.ts";

const COLUMNS = ["line", "column", "code"];

interface ImportCommandOptions {
  readonly partial: boolean;
  readonly format?: FleetFormat;
  readonly faults?: string;
}

export function addImportCommand(terminals: Command, ports: CliPorts): void {
  terminals
    .command("import")
    .description("import merchants and terminals from CSV or JSON lines; a file with any bad row is refused whole")
    .argument("<file>", "CSV with a header row, or JSON lines; sim/data/fleet.csv is a sample with every column")
    .option("--partial", "keep the good rows of a file that has bad ones", false)
    .addOption(
      new Option("--format <format>", "what the file is; jsonl where its name ends in .jsonl or .ndjson").choices(
        FLEET_FORMATS,
      ),
    )
    .option("--faults <file>", "write every fault there, as CSV")
    .action((file: string, options: ImportCommandOptions, command: Command) =>
      withBackend(ports, command, async ({ context }, output) => {
        const { partial, format = toFormat(file) } = options;
        const faultFile = options.faults === undefined ? undefined : await openFaultFile(options.faults);
        try {
          const report = await importFile(context, createReadStream(file), format, {
            partial,
            ...(faultFile === undefined ? {} : { onFaults: (faults) => faultFile.add(faults) }),
          }).catch(toUnreadable(file));
          tellFaults(output, report);
          const { accepted, faultCount, faults: _, ...result } = report;
          if (!accepted) throw new TillsyncError("IMPORT_REFUSED", { faults: faultCount });
          print(output, result, toReportText);
        } finally {
          await faultFile?.close();
        }
      }),
    );
}

function toFormat(file: string): FleetFormat {
  return /\.(jsonl|ndjson)$/i.test(file) ? "jsonl" : "csv";
}

function tellFaults(output: Output, { faults, faultCount, notes, noteCount }: ImportReport): void {
  if (faultCount > 0 && output.json) output.err(`${JSON.stringify({ faults, faultCount })}\n`);
  else if (faultCount > 0) {
    const shown = faults.map(({ line, column, code }) => [String(line), column, code]);
    output.err(`${toTable(COLUMNS, shown)}\n`);
    if (faultCount > faults.length)
      output.err(`and ${faultCount - faults.length} more: --faults FILE has all of them\n`);
  }
  // With --json, notes are part of the result.
  if (output.json || noteCount === 0) return;
  for (const { line, slips } of notes) {
    output.err(`line ${line}: kept as a legacy number. ${slips.map((slip) => SLIPS[slip].en).join(" ")}\n`);
  }
  if (noteCount > notes.length) output.err(`and ${noteCount - notes.length} more numbers that look mistyped\n`);
}

type Result = Omit<ImportReport, "accepted" | "faults" | "faultCount">;

function toReportText({ terminals, merchants, legacy, unchanged, refused }: Result): string {
  const rest = refused === 0 ? "" : `, ${refused} rows refused`;
  const old = legacy === 0 ? "" : ` and ${legacy} with a legacy number`;
  return `${terminals} terminals${old} of ${merchants} new merchants imported, ${unchanged} were there already${rest}`;
}

interface FaultFile {
  add(faults: readonly FleetFault[]): Promise<void>;
  close(): Promise<void>;
}

/** @throws TillsyncError CONFIG_INVALID where it is there already or cannot be written */
async function openFaultFile(file: string): Promise<FaultFile> {
  const failed = (cause: unknown): never => {
    throw new TillsyncError("CONFIG_INVALID", { unwritable: file, expected: "a new file" }, cause);
  };
  const handle: FileHandle = await open(file, "wx", 0o600).catch(failed);
  const write = (lines: readonly string[]) => handle.appendFile(`${lines.join("\n")}\n`).catch(failed);
  await write([COLUMNS.join(",")]);
  return {
    add: (faults) => write(faults.map(({ line, column, code }) => `${line},${column},${code}`)),
    close: () => handle.close(),
  };
}

function toUnreadable(file: string): (cause: unknown) => never {
  return (cause) => {
    throw cause instanceof TillsyncError ? cause : new TillsyncError("CONFIG_INVALID", { unreadable: file }, cause);
  };
}
