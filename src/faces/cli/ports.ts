import type { Command } from "commander";
import type { Context } from "../../app/context.ts";
import type { DataFolder } from "../../app/data-folder.ts";
import type { IdentitySettings } from "../../app/identity/settings.ts";
import type { TrustHolder } from "../../app/trust-files.ts";
import type { OpenAcquirers } from "./acquirer-commands.ts";
import type { Output } from "./output.ts";

/** What a command works on, opened from a data folder. */
export interface Backend {
  readonly context: Context;
  readonly folder: DataFolder;
  /** What the installation says of its terminals' identities. */
  readonly settings: IdentitySettings;
  readonly trust: TrustHolder;
  close(): Promise<void>;
}

export interface ServeOptions {
  readonly data: string;
  readonly host: string;
  readonly port: number;
}

export interface ServeCommandOptions extends ServeOptions {
  /** Whether the signing desk is opened, too. */
  readonly desk: boolean;
  readonly deskPort: number;
  /** Whether terminals may enrol and renew. */
  readonly enrolment: boolean;
  readonly enrolmentPort: number;
  /** Whether auditors and merchants may look terminals up. */
  readonly lookup: boolean;
  readonly lookupPort: number;
  /** Whether operators and their programs are served. */
  readonly api: boolean;
  readonly apiPort: number;
  /** Whether terminals may poll. */
  readonly terminal: boolean;
  readonly terminalPort: number;
}

export interface DemoCommandOptions extends ServeOptions {
  readonly agents: number;
  readonly acquirerPort: number;
  readonly enrolmentPort: number;
  readonly lookupPort: number;
  /** End after the story. */
  readonly once: boolean;
}

/** What only the composition root can make. */
export interface CliPorts {
  out(text: string): void;
  err(text: string): void;
  /** Path of docs/errors.md; nothing need be there. */
  readonly errorsPage: string;
  /** Reads the font of documents to print. @throws TillsyncError CONFIG_INVALID */
  font(): Uint8Array;
  /** @throws TillsyncError DATA_FOLDER_INVALID where there is no data folder yet */
  openBackend(data: string): Promise<Backend>;
  /** The acquirers of a data folder, and what drives orders to them. @throws TillsyncError DATA_FOLDER_INVALID */
  readonly openAcquirers: OpenAcquirers;
  /** Makes a data folder where there is none, with demo approvers or this trust; whether it did. */
  init(data: string, trust?: string): Promise<boolean>;
  /** Runs until it is told to end. */
  serve(options: ServeCommandOptions, output: Output): Promise<void>;
  /** Resolves with the exit code. */
  demo(options: DemoCommandOptions, output: Output): Promise<number>;
}

/** Options that every command has. */
export interface GlobalOptions {
  readonly data: string;
  readonly json?: boolean;
}

export function toOutput(ports: CliPorts, command: Command): Output {
  return { json: toGlobals(command).json === true, out: ports.out, err: ports.err };
}

export function toGlobals(command: Command): GlobalOptions {
  return command.optsWithGlobals<GlobalOptions>();
}

/** Runs `work` on the data folder that the command names, and closes it whatever happens. */
export async function withBackend(
  ports: CliPorts,
  command: Command,
  work: (backend: Backend, output: Output) => Promise<void>,
): Promise<void> {
  const backend = await ports.openBackend(toGlobals(command).data);
  try {
    await work(backend, toOutput(ports, command));
  } finally {
    await backend.close();
  }
}
