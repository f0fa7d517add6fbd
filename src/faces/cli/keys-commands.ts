import { createReadStream } from "node:fs";
import type { Command } from "commander";
import { TillsyncError } from "../../../proto/errors.ts";
import { parseTusn } from "../../../proto/tusn.ts";
import { importKeys } from "../../app/sn-keys/import-keys.ts";
import { type KeyView, listKeys, removeKey, removeLostKeys, showKey } from "../../app/sn-keys/keys.ts";
import { type Rotation, rotateKeys } from "../../app/sn-keys/rotate.ts";
import { toWholeNumber } from "./arguments.ts";
import { print, toSheet, toTable, toTime } from "./output.ts";
import { type CliPorts, withBackend } from "./ports.ts";

const OPERATOR = "operator";
const LISTED = 100;
const MAX_LISTED = 1_000;

interface Acting {
  readonly by: string;
}

export function addKeysCommands(program: Command, ports: CliPorts): void {
  const keys = program
    .command("keys")
    .description("SN keys of terminals, shown only as check values (docs/registry.md)");
  addImport(keys, ports);

  keys
    .command("list")
    .description("list SN keys by TUSN: check value, key that each is sealed under, and whether it can be used")
    .option("--limit <n>", "at most so many", toWholeNumber(1, MAX_LISTED), LISTED)
    .option("--after <tusn>", "those behind this TUSN", "")
    .action((options: { limit: number; after: string }, command: Command) =>
      withBackend(ports, command, async ({ context, settings }, output) => {
        const { limit, after } = options;
        print(output, await listKeys(context.store, settings.snKeyFile, after, limit), toKeysText);
      }),
    );

  keys
    .command("show")
    .description("show one SN key's check value")
    .argument("<tusn>", "the terminal's unique serial number")
    .action((tusn: string, _options: object, command: Command) =>
      withBackend(ports, command, async ({ context, settings }, output) => {
        print(output, await showKey(context.store, settings.snKeyFile, parseTusn(tusn)), toKeyText);
      }),
    );

  keys
    .command("rotate")
    .description("seal every SN key under a new key of the key file; finishes a rotation that was broken off")
    .option("--by <name>", "who does it", OPERATOR)
    .action(({ by }: Acting, command: Command) =>
      withBackend(ports, command, async ({ context, settings }, output) => {
        const rotation = await rotateKeys(context, settings.snKeyFile, by);
        print(output, rotation, toRotationText);
        if (rotation.unreadable > 0) throw new TillsyncError("SN_KEY_INVALID", { altered: rotation.unreadable });
      }),
    );

  keys
    .command("remove")
    .description("forget the SN key of one terminal, or all those that nobody can open any more")
    .argument("[tusn]", "the terminal's unique serial number")
    .option("--lost", "all whose key the key file lacks", false)
    .option("--by <name>", "who does it", OPERATOR)
    .action((tusn: string | undefined, { lost, by }: Acting & { lost: boolean }, command: Command) =>
      withBackend(ports, command, async ({ context, settings }, output) => {
        if ((tusn === undefined) !== lost) throw new TillsyncError("CONFIG_INVALID", { expected: "a TUSN, or --lost" });
        if (tusn !== undefined) await removeKey(context, parseTusn(tusn), by);
        const removed = tusn === undefined ? await removeLostKeys(context, settings.snKeyFile, by) : 1;
        print(output, { removed }, () => `${removed} removed`);
      }),
    );
}

function addImport(keys: Command, ports: CliPorts): void {
  keys
    .command("import")
    .description("import SN keys from CSV; a file with any bad row is refused whole")
    .argument("<file>", "CSV with a header row: tusn,sn_key and perhaps kcv")
    .option("--replace", "let other keys take the places of those on record", false)
    .option("--by <name>", "who does it", OPERATOR)
    .action((file: string, { replace, by }: Acting & { replace: boolean }, command: Command) =>
      withBackend(ports, command, async ({ context, settings }, output) => {
        const options = { keyFile: settings.snKeyFile, replace, actor: by };
        const { faults, faultCount, ...result } = await importKeys(context, readChunks(file), options).catch(
          (cause) => {
            throw cause instanceof TillsyncError ? cause : new TillsyncError("CONFIG_INVALID", { unreadable: file });
          },
        );
        if (faultCount > 0) {
          const shown = faults.map(({ line, column, code }) => [String(line), column, code]);
          if (output.json) output.err(`${JSON.stringify({ faults, faultCount })}\n`);
          else output.err(`${toTable(["line", "column", "code"], shown)}\n`);
          throw new TillsyncError("IMPORT_REFUSED", { faults: faultCount });
        }
        print(
          output,
          result,
          ({ added, replaced, unchanged }) =>
            `${added} keys added, ${replaced} replaced, ${unchanged} were there already`,
        );
      }),
    );
}

/** Opened when it is first asked for: a stream that fails before anybody listens would end the process. */
async function* readChunks(file: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(file);
}

function toKeysText(views: readonly KeyView[]): string {
  if (views.length === 0) return "There is no SN key: import some with `tillsync keys import FILE`.";
  const rows = views.map(({ tusn, kcv, keyId, addedAt, fault }) => [tusn, kcv, keyId, toTime(addedAt), fault]);
  return toTable(["TUSN", "check value", "key", "added", "fault"], rows);
}

function toKeyText({ tusn, kcv, keyId, addedAt, fault }: KeyView): string {
  return toSheet([
    ["TUSN", tusn],
    ["check value", kcv],
    ["sealed under", keyId],
    ["added", toTime(addedAt)],
    ["can be used", fault === "" ? "yes" : `no: ${fault}`],
  ]);
}

function toRotationText({ keyId, resumed, resealed, removed, unreadable }: Rotation): string {
  const begun = resumed ? "The rotation that was broken off is finished" : "Rotated";
  const left = unreadable === 0 ? "" : `; ${unreadable} do not open: see tillsync keys list`;
  return `${begun}: ${resealed} SN keys sealed anew under ${keyId}, ${removed.length} old keys removed${left}`;
}
