import { existsSync } from "node:fs";
import type { Command } from "commander";
import { type OfflineFiles, toCeremonyBytes } from "../../../certs/ceremony/ceremony.ts";
import { createCeremony, type TrustChange } from "../../../certs/ceremony/create.ts";
import { type ApproverKey, toPublicKey } from "../../../certs/keys.ts";
import { ALLOWED, DEFAULT_CAPS, type Person, type Role } from "../../../certs/trust/policy.ts";
import { toHex } from "../../../proto/bytes.ts";
import { readDataFolder } from "../../app/data-folder.ts";
import { writeFileDurably } from "../../app/durable-file.ts";
import { prepareFirstOnlineKey, prepareOnlineKey, readOnlineKey } from "../../app/trust/online-key.ts";
import { toCeremonyStand } from "../../app/trust/view.ts";
import { collect, toWholeNumber } from "./arguments.ts";
import { checkWritable } from "./files.ts";
import { type Output, print } from "./output.ts";
import { type CliPorts, toGlobals, toOutput } from "./ports.ts";
import { parsePerson, parseRoles, readPublicKey } from "./trust-arguments.ts";
import { toStandText } from "./trust-text.ts";

const PUBLIC_MODE = 0o644;
export const MAX_HOLDERS_THRESHOLD = 10;

/** What every command takes that writes a ceremony file. */
export interface OutOptions {
  readonly out: string;
  readonly reason: string;
  readonly force: boolean;
}

interface InitOptions extends OutOptions {
  readonly rootKey: readonly string[];
  readonly rootThreshold: number;
  readonly targetsKey: readonly string[];
  readonly targetsThreshold?: number;
  readonly onlineKey: string;
  readonly person: readonly Person[];
  readonly binding: readonly Role[];
  readonly merchant: readonly Role[];
  readonly parameters: readonly Role[];
}

export function withOut(command: Command): Command {
  return command
    .requiredOption("--reason <words>", "why, in one line, for those who sign")
    .requiredOption("--out <file>", "ceremony file to write")
    .option("--force", "write over a file that is there already", false);
}

/** `tillsync trust online-key`. */
export function addTrustOnlineKey(trust: Command, ports: CliPorts): void {
  trust
    .command("online-key")
    .description("print the public key that signs timestamps; made beside the data folder where there is none yet")
    .option("--next", "the one that shall take its place, made where there is none", false)
    .action(async (options: { next: boolean }, command: Command) => {
      const { data } = toGlobals(command);
      const key = toPublicKey(await openOnlineKey(data, options.next));
      print(
        toOutput(ports, command),
        { public: toHex(key.raw), id: key.id },
        ({ public: hex, id }) => `${hex} ${id} online`,
      );
    });
}

function openOnlineKey(data: string, next: boolean) {
  if (!existsSync(data)) return prepareFirstOnlineKey(data);
  const { trust } = readDataFolder(data);
  return next ? prepareOnlineKey(trust) : readOnlineKey(trust);
}

/** `tillsync trust init`: needs no data folder, for it is what one is made with. */
export function addTrustInit(trust: Command, ports: CliPorts): void {
  const toThreshold = toWholeNumber(1, MAX_HOLDERS_THRESHOLD);
  withOut(trust.command("init").description("prepare a new trust, for tillsync init --trust"))
    .requiredOption("--root-key <file>", "public key of who shall hold the root (repeated)", collect, [])
    .requiredOption("--root-threshold <n>", "how many of them it takes", toThreshold)
    .option("--targets-key <file>", "keys that sign the policy (may be repeated); else those of the root", collect, [])
    .option("--targets-threshold <n>", "how many of them it takes; else as many as of the root", toThreshold)
    .requiredOption("--online-key <file-or-hex>", "what tillsync trust online-key printed on the service's machine")
    .requiredOption("--person <id:name:roles:file.pub>", "who may approve (repeated)", collectPerson, [])
    .option("--binding <roles>", "roles that a settlement change takes, joined by +", parseRoles, ["maker", "checker"])
    .option("--merchant <roles>", "roles that a change of merchant data takes", parseRoles, ["maker", "checker"])
    .option("--parameters <roles>", "roles that a change of terminal parameters takes", parseRoles, ["parameters"])
    .action(async (options: InitOptions, command: Command) => {
      const terms = { ...options, now: Math.floor(Date.now() / 1_000) };
      await writeCeremony(undefined, toFirst(options), terms, toOutput(ports, command));
    });
}

function toFirst(options: InitOptions): TrustChange {
  const root = { keys: toKeys(options.rootKey), threshold: options.rootThreshold };
  const targets = {
    keys: options.targetsKey.length === 0 ? root.keys : toKeys(options.targetsKey),
    threshold: options.targetsThreshold ?? root.threshold,
  };
  const { person: persons, binding, merchant, parameters } = options;
  const thresholds = { binding, merchant, parameters };
  return {
    holders: { root, targets, online: readPublicKey(options.onlineKey) },
    policy: { persons, thresholds, caps: DEFAULT_CAPS, ...ALLOWED },
  };
}

/** @throws TillsyncError whatever `createCeremony` throws; CONFIG_INVALID where the file is there */
export async function writeCeremony(
  present: OfflineFiles | undefined,
  change: TrustChange,
  { reason, out, force, now }: OutOptions & { readonly now: number },
  output: Output,
): Promise<void> {
  checkWritable(out, force);
  const { ceremony } = createCeremony(present, change, { reason, now });
  const bytes = toCeremonyBytes(ceremony);
  // What is shown is read back from what is written.
  const stand = toCeremonyStand(bytes, now);
  await writeFileDurably(out, bytes, PUBLIC_MODE);
  print(output, stand, () => `${toStandText(stand)}\n\n${out} is written: have it signed with tillsync-sign sign`);
}

function toKeys(files: readonly string[]): readonly ApproverKey[] {
  return files.map(readPublicKey);
}

function collectPerson(text: string, previous: readonly Person[]): readonly Person[] {
  return [...previous, parsePerson(text)];
}
