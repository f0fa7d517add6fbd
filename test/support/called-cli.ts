import { openAcquirers } from "../../src/app/acquirers/open.ts";
import { readAcquirerSettings } from "../../src/app/acquirers/settings.ts";
import { openOrderRunner } from "../../src/app/changes/service.ts";
import type { Context } from "../../src/app/context.ts";
import { openDataFolder } from "../../src/app/data-folder.ts";
import type { OpenedAcquirers } from "../../src/faces/cli/acquirer-commands.ts";
import { openBackend } from "../../src/faces/cli/backend.ts";
import { runCli } from "../../src/faces/cli/program.ts";
import { openLog } from "../../src/log.ts";
import { look } from "./canary-look.ts";
import type { CliResult } from "./cli.ts";
import { readFont } from "./font.ts";

/**
 * Runs the `tillsync` command line in this process, on the same files and with the same result: a fraction of the work,
 * for what shows nothing about processes. Only `serve` and `demo` are not there.
 */
export async function callTillsync(data: string, ...args: readonly string[]): Promise<CliResult> {
  const said = { stdout: "", stderr: "" };
  const err = (text: string) => {
    said.stderr += text;
  };
  const now = () => Math.floor(Date.now() / 1_000);
  const absent = () => Promise.reject(new Error("runs as a process only"));
  const ports = {
    out: (text: string) => {
      said.stdout += text;
    },
    ...{ err, errorsPage: "docs/errors.md", serve: absent, demo: absent },
    font: readFont,
    openAcquirers: openAcquirersAt,
    openBackend: (folder: string) => openBackend(folder, now, openLog("warn", { write: err })),
    init: async (folder: string, trust?: string) => (await openDataFolder(folder, now(), trust)).created,
  };
  const code = await runCli(args, ports, data, "0.0.0");
  look("what tillsync said", said.stdout + said.stderr);
  return { code, ...said };
}

function openAcquirersAt(context: Context, folder: string): OpenedAcquirers {
  const settings = readAcquirerSettings(folder);
  const acquirers = openAcquirers(context, settings);
  return { settings, acquirers, runner: openOrderRunner(context, acquirers) };
}
