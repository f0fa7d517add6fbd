import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { type Ceremony, toCeremonyBytes } from "../../certs/ceremony/ceremony.ts";
import { createCeremony, type TrustChange } from "../../certs/ceremony/create.ts";
import { type OfflineTrust, verifyOfflineTrust } from "../../certs/ceremony/offline-trust.ts";
import { signCeremony } from "../../certs/ceremony/sign.ts";
import { toPrivateKeyPem } from "../../certs/keys.ts";
import { parseDelivery } from "../../proto/delivery.ts";
import { type Profile, parseProfile } from "../../proto/profile.ts";
import { type TrustBundle, toTrustBundleBytes } from "../../proto/trust-bundle.ts";
import { parseTusn, type Tusn } from "../../proto/tusn.ts";
import { type AppliedCeremony, applyCeremony, toOfflineFiles } from "../../src/app/trust/apply.ts";
import { toSignedBundle } from "../../src/app/trust/install.ts";
import { readHeldTrust } from "../../src/app/trust/read-folder.ts";
import { openTrust, type TrustHolder, writeTrust } from "../../src/app/trust-files.ts";
import { type Company, createCompany } from "./ceremony.ts";
import { makeFolder, openTestFleet, type TestFleet } from "./fleet-store.ts";
import { createWorld, DEVICE_KEY, type MemoryAgent, type MemoryWorld, NOW, openMemoryAgent } from "./memory-agent.ts";
import { MemoryFiles } from "./memory-files.ts";
import { toDeliveries, toDirective } from "./release.ts";
import { toName } from "./rotation.ts";

/** A company with its service's trust folder, in which ceremonies are really applied. */
export interface Drill {
  readonly company: Company;
  readonly fleet: TestFleet;
  readonly folder: string;
  readonly service: TrustHolder;
  /** Prepares a change of what is in force, has these keys sign it, and applies it. */
  carryOut(toChange: (before: OfflineTrust) => TrustChange, signers: readonly KeyObject[]): Promise<AppliedCeremony>;
}

/** The service's clock starts at NOW. */
export async function openDrill(company = createCompany(NOW)): Promise<Drill> {
  const fleet = await openTestFleet(NOW);
  const folder = join(makeFolder(), "trust");
  await writeTrust(folder, toSignedBundle(company.files, company.online, 1, NOW), toPrivateKeyPem(company.online));
  return await toDrill(company, fleet, folder);
}

/** The same over a trust folder that is there. */
export async function toDrill(company: Company, fleet: TestFleet, folder: string): Promise<Drill> {
  const service = await openTrust(folder);
  return {
    ...{ company, fleet, folder, service },
    carryOut: async (toChange, signers) => {
      const present = toOfflineFiles(await readHeldTrust(folder));
      const terms = { reason: "a drill", now: fleet.at };
      const { ceremony } = createCeremony(present, toChange(verifyOfflineTrust(present)), terms);
      const signed = signers.reduce((all: Ceremony, key) => signCeremony(all, key, fleet.at), ceremony);
      const applied = await applyCeremony(fleet, folder, toCeremonyBytes(signed));
      await service.reload();
      return applied;
    },
  };
}

/** A terminal of the company: a real agent on a disk in memory. */
export interface DrillTerminal {
  readonly tusn: Tusn;
  readonly world: MemoryWorld;
  readonly agent: MemoryAgent;
  readonly files: MemoryFiles;
}

/** The agent of a terminal that pins this root; on another disk or world where it had one before. */
export async function openTerminal(
  n: number,
  root: Uint8Array,
  { world = createWorld(), files = new MemoryFiles() }: Partial<Pick<DrillTerminal, "world" | "files">> = {},
): Promise<DrillTerminal> {
  const tusn = parseTusn(`00000304N7NL019${String(n).padStart(5, "0")}`);
  // Of the approvers that a world comes with, only the pinned root matters here.
  const { approvers } = world;
  const own = Object.assign(world, { approvers: { ...approvers, trust: { ...approvers.trust, root } } });
  const agent = openMemoryAgent(own, files, tusn);
  await agent.runner.start();
  await agent.settle();
  return { tusn, world: own, agent, files };
}

/** What the service sends after a hello: every bundle that the terminal lacks. */
export async function update({ agent }: DrillTerminal, service: TrustHolder): Promise<void> {
  const { rootVersion } = await agent.runner.greet();
  for (const bundle of service.bundlesAfter(rootVersion)) await tell(agent, bundle);
}

export async function tell({ runner, settle }: MemoryAgent, bundle: TrustBundle): Promise<void> {
  await runner.receive("trust", toTrustBundleBytes(bundle));
  await settle();
}

export interface Order {
  readonly profile: Profile;
  readonly signers: readonly KeyObject[];
  /** Seconds; the terminal's clock where absent. */
  readonly now?: number;
}

/** A release of one directive for this terminal, on top of what it holds. */
export function toOrder(
  { tusn, world, agent }: DrillTerminal,
  { profile, signers, now = world.clock }: Order,
): Uint8Array {
  const { sequence, slots } = agent.runner.state;
  const held =
    slots.current === undefined ? undefined : parseProfile(agent.slots.read(slots.current).directive.profile);
  const request = { tusn, deviceKey: DEVICE_KEY, sequence: sequence + 1, profile, now };
  const directive = toDirective(held === undefined ? request : { ...request, base: held });
  const [delivery] = toDeliveries({ directives: [directive], purpose: "binding", signers, now });
  return delivery as Uint8Array;
}

/** How the terminal ends with it: `committed`, or `refused` with its code. */
export async function deliver({ agent }: DrillTerminal, delivery: Uint8Array): Promise<string> {
  await agent.runner.receive("directive", delivery);
  await agent.settle();
  const named = toName(parseDelivery(delivery).directive);
  const report = agent.runner.unsent().find(({ directive }) => Buffer.from(directive).toString("hex") === named);
  await agent.receiptAll();
  return `${report?.kind} ${report?.code}`.trim();
}
