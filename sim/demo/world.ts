import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Bus } from "../../broker/bus.ts";
import { toHex } from "../../proto/bytes.ts";
import { toReleaseFileBytes } from "../../proto/delivery.ts";
import { TillsyncError } from "../../proto/errors.ts";
import type { Merchant, Profile } from "../../proto/profile.ts";
import type { Settlement } from "../../proto/settlement.ts";
import { parseStatement } from "../../proto/statement.ts";
import type { Tusn } from "../../proto/tusn.ts";
import type { Context } from "../../src/app/context.ts";
import type { DataFolder } from "../../src/app/data-folder.ts";
import type { IdentitySettings } from "../../src/app/identity/settings.ts";
import { showTerminal } from "../../src/app/queries/terminals.ts";
import { buildRelease } from "../../src/app/release/build.ts";
import { publishRelease } from "../../src/app/release/publish.ts";
import type { TrustHolder } from "../../src/app/trust-files.ts";
import { isOpen } from "../../src/domain/deployment.ts";
import type { ProfileDefaults, ProfilePatch } from "../../src/domain/next-profile.ts";
import { listDeployments } from "../../src/store/deployments.ts";
import type { DeploymentRow } from "../../src/store/schema.ts";
import type { AcquirerProcess } from "../acquirer/process.ts";
import type { AgentProcess } from "./agent-process.ts";
import type { Answers, Approver, Approvers } from "./approvers.ts";

/** Everything the story acts on: the real service, and the processes around it. */
export interface World {
  readonly context: Context;
  readonly folder: DataFolder;
  readonly settings: IdentitySettings;
  readonly trust: TrustHolder;
  /** Where terminals enrol, and where auditors and merchants look them up: `https://host:port`. */
  readonly enrolUrl: string;
  readonly lookupUrl: string;
  /** The pipe in the hands of whoever holds the broker: sends past the service, with no say in what is signed. */
  readonly bus: Bus;
  readonly acquirer: AcquirerProcess;
  readonly defaults: ProfileDefaults;
  readonly approvers: Approvers;
  /** Agents in the order of the fleet. */
  readonly cast: readonly Actor[];
  /** The story is to end where it is. */
  readonly signal: AbortSignal;
  /** Tells the service that there is something to send. */
  wake(): void;
  say(line: string): void;
}

/** A running agent and what the fleet file says of its terminal. */
export interface Actor {
  readonly agent: AgentProcess;
  readonly tusn: Tusn;
  readonly terminalNo: string;
  readonly merchant: Merchant;
  /** Where its merchant is paid at first. */
  readonly settlement: Settlement;
  /** Its model settles with the number of the card itself. */
  readonly needsCardNumber: boolean;
}

const VALIDITY_S = 3_600;
const POLL_MS = 40;
/** The longest that one step of the story may take. */
export const STEP_MS = 30_000;
const MAX_LISTED = 1_000;

export interface DeployRequest {
  readonly tusns: readonly Tusn[];
  readonly patch: ProfilePatch;
  readonly reason: string;
  /** Has the way back from it approved, too. */
  readonly withRollback?: boolean;
  /** Of the new card, where the binding changes. */
  readonly opening?: string;
}

/**
 * Builds a release as a file and has people sign it, each with the approvers' program.
 *
 * @returns where the file is
 */
export async function signedRelease(
  world: World,
  { opening, ...request }: DeployRequest,
  signers: readonly Approver[],
): Promise<string> {
  const { desk, checker } = world.approvers;
  const { file } = await buildRelease(world.context, {
    ...request,
    onFail: "rollback",
    validityS: VALIDITY_S,
    defaults: world.defaults,
    policy: world.trust.trust().policy,
  });
  const path = join(desk, `${toHex(parseStatement(file.statement).releaseId)}.release`);
  writeFileSync(path, toReleaseFileBytes(file));
  const last4 = request.patch.binding?.last4;
  for (const signer of signers) await signer.sign(path, toAnswers(signer === checker, last4, opening));
  return path;
}

/** The maker has the opening, the checker has read the digits. */
function toAnswers(isChecker: boolean, last4: string | undefined, opening: string | undefined): Answers {
  if (isChecker) return last4 === undefined ? {} : { last4 };
  return opening === undefined ? {} : { opening };
}

/** Builds, has it signed by maker and checker, and publishes; gives the release's id. */
export async function deploy(world: World, request: DeployRequest): Promise<Uint8Array> {
  const { maker, checker } = world.approvers;
  const bytes = readFileSync(await signedRelease(world, request, [maker, checker]));
  const { releaseId } = await publishRelease(world.context, bytes, world.trust.trust().policy);
  world.wake();
  return releaseId;
}

/** The release's deployments, as soon as `isEnough` says so of them. */
export async function awaitDeployments(
  world: World,
  releaseId: Uint8Array,
  isEnough: (rows: readonly DeploymentRow[]) => boolean,
): Promise<readonly DeploymentRow[]> {
  return await until(world, "deployments", async () => {
    const rows = await listDeployments(world.context.store, { releaseId, limit: MAX_LISTED });
    return isEnough(rows) ? rows : undefined;
  });
}

/** The profile that a terminal last said it holds. */
export async function readHeld(world: World, tusn: Tusn): Promise<Profile | undefined> {
  return (await showTerminal(world.context.store, tusn)).profile;
}

/** Whether every one of them has its outcome. */
export function isOver(rows: readonly DeploymentRow[]): boolean {
  return rows.every((row) => !isOpen(row.state));
}

/**
 * Asks again and again until there is an answer.
 *
 * @throws TillsyncError STORY_FAILED after STEP_MS, or where the story is to end
 */
export async function until<T>(world: World, what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + STEP_MS;
  while (performance.now() < deadline) {
    if (world.signal.aborted) throw new TillsyncError("STORY_FAILED", { interrupted: what });
    const answer = await ask();
    if (answer !== undefined) return answer;
    await delay(POLL_MS);
  }
  throw new TillsyncError("STORY_FAILED", { waitedFor: what, seconds: STEP_MS / 1_000 });
}

/** @throws TillsyncError STORY_FAILED unless it holds */
export function expectThat(holds: boolean, what: string): void {
  if (!holds) throw new TillsyncError("STORY_FAILED", { expected: what });
}
