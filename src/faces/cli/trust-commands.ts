import type { Command } from "commander";
import { MAX_CEREMONY_BYTES, type OfflineFiles } from "../../../certs/ceremony/ceremony.ts";
import {
  toFrozen,
  toUnfrozen,
  withCaps,
  withHolders,
  withKeyOf,
  withoutPerson,
  withPerson,
  withThresholds,
} from "../../../certs/ceremony/changes.ts";
import type { TrustChange } from "../../../certs/ceremony/create.ts";
import { toHolders } from "../../../certs/ceremony/holders.ts";
import { type OfflineTrust, verifyOfflineTrust } from "../../../certs/ceremony/offline-trust.ts";
import { toPublicKey } from "../../../certs/keys.ts";
import type { Caps, Person, Role } from "../../../certs/trust/policy.ts";
import { applyCeremony } from "../../app/trust/apply.ts";
import { prepareOnlineKey } from "../../app/trust/online-key.ts";
import { toCeremonyStand, toTrustView } from "../../app/trust/view.ts";
import { collect, toWholeNumber } from "./arguments.ts";
import { readBytes } from "./files.ts";
import { print } from "./output.ts";
import { type Backend, type CliPorts, toOutput, withBackend } from "./ports.ts";
import { collectCap, parsePerson, parseRoles, readPublicKey, toKeyIds } from "./trust-arguments.ts";
import {
  addTrustInit,
  addTrustOnlineKey,
  MAX_HOLDERS_THRESHOLD,
  type OutOptions,
  withOut,
  writeCeremony,
} from "./trust-init-command.ts";
import { toAppliedText, toStandText, toTrustText } from "./trust-text.ts";

// A change of trust is prepared here as a ceremony file, signed on other machines with tillsync-sign, and applied here.

interface SetOptions extends OutOptions {
  readonly binding?: readonly Role[];
  readonly merchant?: readonly Role[];
  readonly parameters?: readonly Role[];
  readonly cap: Partial<Caps>;
  readonly freeze: boolean;
  readonly unfreeze: boolean;
}

interface RotateOptions extends OutOptions {
  readonly addRootKey: readonly string[];
  readonly removeRootKey: readonly string[];
  readonly rootThreshold?: number;
  readonly targetsKey: readonly string[];
  readonly targetsThreshold?: number;
  readonly newOnlineKey: boolean;
}

export function addTrustCommands(program: Command, ports: CliPorts): void {
  const trust = program.command("trust").description("prepare, show and apply changes of who may approve what");
  addTrustOnlineKey(trust, ports);
  addTrustInit(trust, ports);
  addPersonCommands(trust, ports);
  addSet(trust, ports);
  addRotate(trust, ports);

  withOut(trust.command("renew").description("prepare later ends for root, targets and snapshot")).action(
    (options: OutOptions, command: Command) => prepare(ports, command, options, () => ({ renew: true })),
  );

  trust
    .command("show")
    .description("show the trust in force, or a ceremony file and which signatures it lacks")
    .argument("[file]", "ceremony file")
    .action(async (file: string | undefined, _options: object, command: Command) => {
      if (file !== undefined) return showCeremony(ports, command, file);
      return await withBackend(ports, command, async ({ context, trust: holder }, output) => {
        print(output, toTrustView(holder.trust(), holder.bundle(), context.now()), toTrustText);
      });
    });

  trust
    .command("apply")
    .description("put a ceremony in force that everybody has signed; a running service takes it over by itself")
    .argument("<file>", "ceremony file")
    .action((file: string, _options: object, command: Command) =>
      withBackend(ports, command, async ({ context, folder }, output) => {
        print(output, await applyCeremony(context, folder.trust, readBytes(file, MAX_CEREMONY_BYTES)), toAppliedText);
      }),
    );
}

/** Needs no data folder: it may be the ceremony that one is made with. */
function showCeremony(ports: CliPorts, command: Command, file: string): void {
  const stand = toCeremonyStand(readBytes(file, MAX_CEREMONY_BYTES), Math.floor(Date.now() / 1_000));
  print(toOutput(ports, command), stand, toStandText);
}

function addPersonCommands(trust: Command, ports: CliPorts): void {
  withOut(trust.command("add-person").description("prepare that somebody may approve"))
    .argument("<person>", "id:name:roles:file.pub, roles joined by +", parsePerson)
    .action((person: Person, options: OutOptions, command: Command) =>
      prepare(ports, command, options, ({ policy }) => ({ policy: withPerson(policy, person) })),
    );

  withOut(trust.command("remove-person").description("prepare that somebody may approve no more"))
    .argument("<id>", "the person")
    .action((id: string, options: OutOptions, command: Command) =>
      prepare(ports, command, options, ({ policy }) => ({ policy: withoutPerson(policy, id) })),
    );

  withOut(trust.command("replace-key").description("prepare that somebody has another key instead of all before"))
    .argument("<id>", "the person")
    .argument("<file>", "the new public key, made by tillsync-sign keygen")
    .action((id: string, file: string, options: OutOptions, command: Command) =>
      prepare(ports, command, options, ({ policy }) => ({ policy: withKeyOf(policy, id, readPublicKey(file)) })),
    );
}

function addSet(trust: Command, ports: CliPorts): void {
  withOut(trust.command("set").description("prepare other thresholds or caps, or stop every change at once"))
    .option("--binding <roles>", "roles that a settlement change takes, joined by +", parseRoles)
    .option("--merchant <roles>", "roles that a change of merchant data takes", parseRoles)
    .option("--parameters <roles>", "roles that a change of terminal parameters takes", parseRoles)
    .option("--cap <name=number>", "how much may change at once (may be repeated)", collectCap, {})
    .option("--freeze", "no terminal accepts any change, whoever signs", false)
    .option("--unfreeze", "they accept changes again", false)
    .action((options: SetOptions, command: Command) =>
      prepare(ports, command, options, (before) => toSet(before, options)),
    );
}

function toSet({ policy: before }: OfflineTrust, options: SetOptions): TrustChange {
  const { binding, merchant, parameters, cap, freeze, unfreeze } = options;
  const thresholds = {
    ...(binding === undefined ? {} : { binding }),
    ...(merchant === undefined ? {} : { merchant }),
    ...(parameters === undefined ? {} : { parameters }),
  };
  const policy = withCaps(withThresholds(before, thresholds), cap);
  if (freeze) return { policy: toFrozen(policy) };
  return { policy: unfreeze ? toUnfrozen(policy) : policy };
}

function addRotate(trust: Command, ports: CliPorts): void {
  const toThreshold = toWholeNumber(1, MAX_HOLDERS_THRESHOLD);
  withOut(trust.command("rotate").description("prepare other holders of root or targets, or another online key"))
    .option("--add-root-key <file>", "public key of who shall hold the root (may be repeated)", collect, [])
    .option("--remove-root-key <file-or-id>", "key of who shall not (may be repeated)", collect, [])
    .option("--root-threshold <n>", "how many of them it takes", toThreshold)
    .option(
      "--targets-key <file>",
      "all keys that sign the policy (may be repeated); else they follow the root",
      collect,
      [],
    )
    .option("--targets-threshold <n>", "how many of them it takes", toThreshold)
    .option("--new-online-key", "make another key for timestamps; it is used once this is applied", false)
    .action((options: RotateOptions, command: Command) =>
      prepare(ports, command, options, (before, backend) => toRotated(before, options, backend)),
    );
}

async function toRotated(before: OfflineTrust, options: RotateOptions, { folder }: Backend): Promise<TrustChange> {
  const holders = toHolders(before.root);
  const { rootThreshold, targetsKey, targetsThreshold, newOnlineKey } = options;
  return {
    holders: withHolders(holders, {
      addRoot: options.addRootKey.map(readPublicKey),
      removeRoot: toKeyIds(options.removeRootKey, holders.root.keys),
      ...(rootThreshold === undefined ? {} : { rootThreshold }),
      ...(targetsKey.length === 0 ? {} : { targets: targetsKey.map(readPublicKey) }),
      ...(targetsThreshold === undefined ? {} : { targetsThreshold }),
      ...(newOnlineKey ? { online: toPublicKey(await prepareOnlineKey(folder.trust)) } : {}),
    }),
  };
}

/** Writes the ceremony of a change of the trust in force. */
function prepare(
  ports: CliPorts,
  command: Command,
  options: OutOptions,
  toChange: (before: OfflineTrust, backend: Backend) => TrustChange | Promise<TrustChange>,
): Promise<void> {
  return withBackend(ports, command, async (backend, output) => {
    const { context, trust } = backend;
    const { targets, snapshot, policy } = trust.bundle();
    const present: OfflineFiles = { root: trust.trust().root, targets, snapshot, policy };
    const change = await toChange(verifyOfflineTrust(present), backend);
    await writeCeremony(present, change, { ...options, now: context.now() }, output);
  });
}
