import { join } from "node:path";
import { withHolders, withoutPerson } from "../../certs/ceremony/changes.ts";
import { toHolders } from "../../certs/ceremony/holders.ts";
import { createApproverKey, toPublicKey } from "../../certs/keys.ts";
import { createTimestamp } from "../../certs/trust/create.ts";
import { initMetadataFolder, type MetadataFolder } from "../../certs/tuf/folder.ts";
import { toErrorCode } from "../../proto/errors.ts";
import type { TrustBundle } from "../../proto/trust-bundle.ts";
import { prepareOnlineKey } from "../../src/app/trust/online-key.ts";
import { type Drill, type DrillTerminal, openDrill, openTerminal, toOrder, update } from "./drill.ts";
import { makeFolder } from "./fleet-store.ts";
import { SAMPLE_PROFILE } from "./release.ts";

/** Who left: the checker of every company in tests. */
export const LEAVER = "chen.bo";

/** A company whose checker has left, and everybody has heard of it. */
export interface LeftCompany {
  readonly drill: Drill;
  readonly terminal: DrillTerminal;
  /** Of an approver. */
  readonly metadata: MetadataFolder;
  readonly metadataPath: string;
  /** What was in force before, as the broker saw it go by. */
  readonly older: TrustBundle;
}

export async function openLeftCompany(): Promise<LeftCompany> {
  const drill = await openDrill();
  const { company, service } = drill;
  const terminal = await openTerminal(1, company.files.root);
  await update(terminal, service);
  const metadataPath = join(makeFolder(), "metadata");
  const metadata = initMetadataFolder(metadataPath, company.files.root);
  metadata.update(service.bundle());
  const older = service.bundle();
  await drill.carryOut(({ policy }) => ({ policy: withoutPerson(policy, LEAVER) }), company.holders.slice(0, 2));
  await update(terminal, service);
  metadata.update(service.bundle());
  return { drill, terminal, metadata, metadataPath, older };
}

/** A first profile, signed by the maker and the one who left. */
export function toLeaverOrder(terminal: DrillTerminal, { company: { maker, checker } }: Drill): Uint8Array {
  return toOrder(terminal, { profile: SAMPLE_PROFILE, signers: [maker, checker] });
}

/** What a thief of the online key signs over older files: "still so", now. */
export function toRefreshed(older: TrustBundle, { company, fleet }: Drill, version: number): TrustBundle {
  return { ...older, timestamp: createTimestamp([company.online], version, older.snapshot, 1, fleet.at) };
}

export async function rotateOnlineKey(drill: Drill): Promise<void> {
  const online = toPublicKey(await prepareOnlineKey(drill.folder));
  const keys = drill.company.holders.slice(0, 2);
  await drill.carryOut(({ root }) => ({ holders: withHolders(toHolders(root), { online }) }), keys);
}

/** Puts a new holder of root and targets in the place of the third. */
export async function replaceHolder(drill: Drill): Promise<void> {
  const [first, second, third] = drill.company.holders;
  const change = { addRoot: [toPublicKey(createApproverKey())], removeRoot: [toPublicKey(third).id] };
  await drill.carryOut(({ root }) => ({ holders: withHolders(toHolders(root), change) }), [first, second]);
}

/** What is refused leaves all of this as it was: nothing but the report of the refusal may be new. */
export function toHeld({ agent, world }: DrillTerminal) {
  const { slots, sequence, trust, roots, underWay } = agent.runner.state;
  const objects = agent.files.list().filter((name) => name.startsWith("objects/"));
  return { slots, sequence, trust, roots, underWay, content: world.content, objects: objects.toSorted() };
}

/** The code that it throws; empty where it does not. */
export function codeOf(attempt: () => unknown): string {
  try {
    attempt();
    return "";
  } catch (error) {
    return toErrorCode(error);
  }
}
