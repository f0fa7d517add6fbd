import { execFile } from "node:child_process";
import { TILLSYNC } from "./programs.ts";

const MAX_OUTPUT_BYTES = 64 * 1_024 * 1_024;

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built `tillsync` as a process of its own; `data` is its data folder. */
export function runTillsync(data: string, ...args: readonly string[]): Promise<CliResult> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, TILLSYNC_DATA: data }, maxBuffer: MAX_OUTPUT_BYTES };
    const child = execFile(process.execPath, [TILLSYNC, ...args], options, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}
