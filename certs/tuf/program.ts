import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { TillsyncError } from "../../proto/errors.ts";
import { toPrintable } from "../../proto/printable.ts";
import { ANY } from "../trust/rules.ts";
import { download } from "./download.ts";
import { makeFolders, openFiles } from "./files.ts";
import { ROOTS_FOLDER, writeFirstRoot } from "./holdings.ts";
import { DEFAULT_TIMEOUT_S, openHttpSource } from "./http.ts";
import { type Client, refresh } from "./refresh.ts";

const USAGE = `tillsync-tuf: follows a TUF repository from a root that is trusted, and fetches what it vouches for.

  tillsync-tuf --metadata-dir DIR init ROOT.json
  tillsync-tuf --metadata-dir DIR --metadata-url URL refresh
  tillsync-tuf --metadata-dir DIR --metadata-url URL --target-name NAME [--target-name NAME ...]
               --target-base-url URL --target-dir DIR download

  --timeout SECONDS  for each file, ${DEFAULT_TIMEOUT_S} unless told

Exit code 0 only where everything asked for was done. Each error names its code.
`;
const MAX_TARGET_NAMES = 1_000;
const MAX_TIMEOUT_S = 3_600;

type Options = ReturnType<typeof parse>["values"];

/** Where the program says what it has to say. */
export interface Voice {
  out(text: string): void;
  err(text: string): void;
}

/** Runs one command line; resolves with the exit code: 0, or 1 with the code of what went wrong on `err`. */
export async function run(args: readonly string[], { out, err }: Voice): Promise<number> {
  try {
    await obey(args, out);
    return 0;
  } catch (error) {
    // Names and addresses in it are a repository's words.
    err(`${toPrintable(error instanceof Error ? error.message : String(error))}\n`);
    return 1;
  }
}

async function obey(args: readonly string[], out: Voice["out"]): Promise<void> {
  const { values, positionals } = parse(args);
  const [command, ...rest] = positionals;
  if (values.help === true || command === undefined) return out(USAGE);
  const most = command === "init" ? 1 : 0;
  if (rest.length !== most) throw new TillsyncError("CONFIG_INVALID", { command, arguments: rest.length });
  if (command === "init") return init(values, rest[0] as string);
  if (command === "refresh") return void (await refresh(openClient(values)));
  if (command === "download") return downloadAll(values);
  throw new TillsyncError("CONFIG_INVALID", { command, expected: "init, refresh or download" });
}

function init(options: Options, rootFile: string): void {
  const root = readRootFile(rootFile);
  const folder = demand(options, "metadata-dir");
  makeFolders(folder, [ROOTS_FOLDER]);
  writeFirstRoot(openFiles(folder), root, ANY);
}

async function downloadAll(options: Options): Promise<void> {
  const names = options["target-name"] ?? [];
  if (names.length < 1 || names.length > MAX_TARGET_NAMES) {
    throw new TillsyncError("CONFIG_INVALID", { missing: "--target-name NAME" });
  }
  const source = openHttpSource(demand(options, "target-base-url"), toTimeout(options));
  const folder = demand(options, "target-dir");
  const client = openClient(options);
  const refreshed = await refresh(client);
  makeFolders(folder);
  const files = openFiles(folder);
  for (const name of names) await download(client, refreshed, { source, files }, name);
}

function openClient(options: Options): Client {
  const source = openHttpSource(demand(options, "metadata-url"), toTimeout(options));
  const files = openFiles(demand(options, "metadata-dir"));
  return { files, source, now: Math.floor(Date.now() / 1_000) };
}

function demand(options: Options, name: "metadata-dir" | "metadata-url" | "target-base-url" | "target-dir"): string {
  const value = options[name];
  if (value === undefined) throw new TillsyncError("CONFIG_INVALID", { missing: `--${name}` });
  return value;
}

function toTimeout({ timeout = String(DEFAULT_TIMEOUT_S) }: Options): number {
  const seconds = Number(timeout);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > MAX_TIMEOUT_S) {
    throw new TillsyncError("CONFIG_INVALID", { timeout });
  }
  return seconds;
}

function readRootFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new TillsyncError("NOT_FOUND", { path }, cause);
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        "metadata-dir": { type: "string" },
        "metadata-url": { type: "string" },
        "target-name": { type: "string", multiple: true },
        "target-base-url": { type: "string" },
        "target-dir": { type: "string" },
        timeout: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (cause) {
    throw new TillsyncError("CONFIG_INVALID", { argument: String(cause) }, cause);
  }
}
