import { randomBytes, X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import { onTestFinished } from "vitest";
import { signRelease } from "../../certs/release.ts";
import type { NewTrust } from "../../certs/trust/create.ts";
import { type Trust, verifyTrust } from "../../certs/trust/verify.ts";
import { type ReleaseFile, toReleaseFileBytes } from "../../proto/delivery.ts";
import type { TrustBundle } from "../../proto/trust-bundle.ts";
import { parseTusn } from "../../proto/tusn.ts";
import type { Context } from "../../src/app/context.ts";
import { recordDevice } from "../../src/app/enrolment/record-device.ts";
import { giveVerdict } from "../../src/app/identity/verdicts.ts";
import { importFleet } from "../../src/app/import/import-fleet.ts";
import { listLedger } from "../../src/app/queries/ledger.ts";
import { buildRelease, type ReleaseRequest } from "../../src/app/release/build.ts";
import { type PublishedRelease, publishRelease } from "../../src/app/release/publish.ts";
import type { TrustHolder } from "../../src/app/trust-files.ts";
import type { FleetRow } from "../../src/domain/fleet.ts";
import type { FleetFields } from "../../src/domain/fleet-columns.ts";
import { parseFleetRow } from "../../src/domain/fleet-row.ts";
import { DEFAULT_IDENTITY_POLICY } from "../../src/domain/verdict.ts";
import { openLog } from "../../src/log.ts";
import { openStore, type Store, transact } from "../../src/store/store.ts";
import { look } from "./canary-look.ts";
import { loadCertificates } from "./certificates.ts";
import { FLEET_FIELDS } from "./fleet-fields.ts";
import { createApprovers, SAMPLE_PROFILE, type TestApprovers } from "./release.ts";
import { discard, makeScratch } from "./scratch.ts";
import { TestTerminal } from "./test-terminal.ts";
import { toGivenVerdict } from "./verdicts.ts";

export const START = 1_800_000_000;

/** A fleet service's surroundings over a real database file; a clock that moves only when a test says so. */
export interface TestFleet extends Context {
  readonly store: Store;
  readonly file: string;
  /** Log lines as objects. */
  readonly lines: readonly Record<string, unknown>[];
  readonly approvers: TestApprovers;
  readonly trust: TestTrust;
  /** Present in seconds; assign to move the clock. */
  at: number;
}

/** A folder that is gone when the test has finished. */
export function makeFolder(name = "test"): string {
  const folder = makeScratch(name);
  onTestFinished(() => discard(folder));
  return folder;
}

/** Waits for no disk from now on: a killed process loses nothing by that, only a power cut would. */
export async function forgoSync(store: Store): Promise<void> {
  await sql.raw("pragma synchronous = off").execute(store);
}

let empty: Promise<Uint8Array> | undefined;

/** The file of an empty store, made once in a test file: to bring it up to date takes longer than most tests. */
async function readEmpty(): Promise<Uint8Array> {
  const folder = makeScratch("empty");
  const file = join(folder, "fleet.sqlite");
  const store = await openStore(file);
  await store.destroy();
  const bytes = readFileSync(file);
  discard(folder);
  return bytes;
}

/** An empty store with its surroundings, at `start`; closed and removed when the test has finished. */
export async function openTestFleet(start = START, name?: string): Promise<TestFleet> {
  const file = join(makeFolder(name), "fleet.sqlite");
  empty ??= readEmpty();
  writeFileSync(file, await empty);
  const store = await openStore(file);
  onTestFinished(() => store.destroy());
  await forgoSync(store);
  const lines: Record<string, unknown>[] = [];
  const approvers = createApprovers(start);
  const fleet: TestFleet = {
    store,
    file,
    lines,
    approvers,
    trust: holdTrust(approvers),
    at: start,
    now: () => fleet.at,
    randomBytes,
    identity: DEFAULT_IDENTITY_POLICY,
    log: openLog("debug", {
      write: (line) => {
        look("a service's log", line);
        lines.push(JSON.parse(line));
      },
    }),
  };
  return fleet;
}

/** Trust metadata held in memory, renewed whenever it is asked for. */
export interface TestTrust extends TrustHolder {
  /** What `reload` finds: a ceremony was carried out elsewhere. */
  next: NewTrust | undefined;
}

export function holdTrust(approvers: TestApprovers): TestTrust {
  let bundle = toBundle(approvers.trust);
  let trust: Trust = verifyTrust(approvers.trust.root, bundle);
  const holder: TestTrust = {
    next: undefined,
    bundle: () => bundle,
    bundlesAfter: () => [bundle],
    trust: () => trust,
    reload: async () => {
      if (holder.next === undefined) return false;
      trust = verifyTrust(holder.next.root, holder.next);
      bundle = toBundle(holder.next);
      holder.next = undefined;
      return true;
    },
    renewTimestamp: async (now) => {
      if (now === trust.issued) return false;
      bundle = toBundle(approvers.renew(trust.versions.timestamp + 1, now));
      trust = verifyTrust(approvers.trust.root, bundle);
      return true;
    },
  };
  return holder;
}

function toBundle({ root: _, ...bundle }: NewTrust): TrustBundle {
  return bundle;
}

/** A row of a fleet file, sound. */
export function toFleetRow(change: Partial<FleetFields> = {}): FleetRow {
  const parsed = parseFleetRow({ ...FLEET_FIELDS, ...change });
  if (!("row" in parsed)) throw new Error(JSON.stringify(parsed));
  return parsed.row;
}

/** The nth terminal of the sample merchant, by n from 0. */
export function toTerminalFields(n: number): Partial<FleetFields> {
  const digits = String(n).padStart(5, "0");
  return { tusn: `00000304N7NL019${digits}`, terminal_no: `58D${digits}` };
}

/** `count` enrolled terminals of one merchant, proven by a person's enquiry or not at all. */
export async function enrolFleet(fleet: TestFleet, count = 1, isProven = true): Promise<readonly TestTerminal[]> {
  const rows = Array.from({ length: count }, (_, n) => toFleetRow(toTerminalFields(n)));
  await importFleet(fleet, rows);
  const { deviceKey, terminal } = await loadCertificates();
  const tusns = rows.map((row) => row.terminal.tusn);
  // In one transaction: with one each, a fleet takes longer than what it is for.
  await transact(fleet.store, async (tx) => {
    for (const tusn of tusns) {
      await recordDevice(tx, fleet.now(), tusn, new X509Certificate((await terminal(tusn)).certificate));
      if (isProven) await giveVerdict(tx, fleet.now(), fleet.identity, toGivenVerdict(tusn));
    }
  });
  return tusns.map((tusn) => new TestTerminal(tusn, deviceKey));
}

export const TUSN_0 = parseTusn("00000304N7NL01900000");
export const MERCHANT = FLEET_FIELDS.merchant_no;

/** A request for all terminals, with defaults for those that hold no profile. */
export function toRequest(change: Partial<ReleaseRequest> = {}): ReleaseRequest {
  const { acquiring, parameters } = SAMPLE_PROFILE;
  const { host, port, tpdu } = acquiring;
  return {
    patch: {},
    reason: "test",
    onFail: "rollback",
    validityS: 86_400,
    defaults: { acquiring: { host, port, tpdu }, parameters },
    ...change,
  };
}

/** The file's bytes, signed by maker and checker. */
export function signFile(fleet: TestFleet, file: ReleaseFile): Uint8Array {
  const { maker, checker } = fleet.approvers;
  return toReleaseFileBytes(signRelease(signRelease(file, maker), checker));
}

/** Builds, signs and publishes. */
export async function release(fleet: TestFleet, change: Partial<ReleaseRequest> = {}): Promise<PublishedRelease> {
  const { file } = await buildRelease(fleet, toRequest(change));
  return publishRelease(fleet, signFile(fleet, file), fleet.approvers.policy);
}

/** Kinds of the ledger's entries, in order. */
export async function readLedgerKinds(fleet: TestFleet): Promise<readonly string[]> {
  const { entries } = await listLedger(fleet.store, 0, 10_000);
  return entries.map(({ kind }) => kind);
}
