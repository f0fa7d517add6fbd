import { toDigest, toHex } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { type Profile, parseProfile } from "../../../proto/profile.ts";
import { DEVICE_TYPES, type Tusn, toTusnParts } from "../../../proto/tusn.ts";
import type { Life } from "../../domain/life.ts";
import type { Verdict } from "../../domain/verdict.ts";
import { findNewest } from "../../store/deployments.ts";
import { findTerminals, listTerminalPage } from "../../store/fleet.ts";
import { findProfiles } from "../../store/releases.ts";
import { findReported } from "../../store/reported.ts";
import type { ReportedRow, TerminalRow } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";
import { type DeploymentView, listDeployments, toDeploymentView } from "./deployments.ts";
import { findIdentity, type IdentityView } from "./identity.ts";

/** Terminals in one answer; a larger fleet is asked for in pages. */
export const MAX_LISTED_TERMINALS = 10_000;

/** A terminal as people look at it; what is absent is not known. Times in seconds. */
export interface TerminalView {
  readonly tusn: Tusn;
  /** Where it stands between registration and retirement. */
  readonly life: Life;
  /** How sure we are of its TUSN. */
  readonly verdict: Verdict;
  /** When that was last proven. */
  readonly provenAt?: number;
  readonly maker: string;
  readonly deviceType: string;
  readonly model: string;
  readonly certificateNo: string;
  readonly place: string;
  readonly merchantNumber: string;
  readonly terminalNo: string;
  readonly acquirer: string;
  readonly enrolled: boolean;
  readonly issuedSequence: number;
  /** What it said of itself last. */
  readonly reported?: Omit<ReportedRow, "tusn" | "stale"> & { readonly stale: boolean | null };
  /** The profile it holds, where its bytes are known. */
  readonly profile?: Profile;
  readonly deployment?: DeploymentView;
}

export interface TerminalDetails extends TerminalView, IdentityView {
  /** SHA-256 of the certificate. */
  readonly certificateFingerprint?: Uint8Array;
  /** All of them, newest first. */
  readonly deployments: readonly DeploymentView[];
}

export interface TerminalListQuery {
  /** Number of a merchant. */
  readonly merchant?: string;
  readonly life?: Life;
  readonly verdict?: Verdict;
  /** Only what stands behind it in order of TUSN. */
  readonly after?: string;
  /** At most MAX_LISTED_TERMINALS. */
  readonly limit?: number;
}

/** In order of TUSN. Who gets as many as he asked for may ask for those after the last. */
export async function listTerminals(store: Store, query: TerminalListQuery = {}): Promise<readonly TerminalView[]> {
  const { after = "", limit = MAX_LISTED_TERMINALS, ...rest } = query;
  return toViews(
    store,
    await listTerminalPage(store, { ...rest, after, limit: Math.min(limit, MAX_LISTED_TERMINALS) }),
  );
}

/** @throws TillsyncError NOT_FOUND */
export async function showTerminal(store: Store, tusn: Tusn): Promise<TerminalDetails> {
  const rows = await findTerminals(store, [tusn]);
  const [terminal] = rows;
  const [view] = await toViews(store, rows);
  if (terminal === undefined || view === undefined) throw new TillsyncError("NOT_FOUND", { terminal: tusn });
  const { certificateFingerprint } = terminal;
  return {
    ...view,
    ...(certificateFingerprint === null ? {} : { certificateFingerprint }),
    ...(await findIdentity(store, terminal)),
    deployments: await listDeployments(store, { tusn }),
  };
}

async function toViews(store: Store, terminals: readonly TerminalRow[]): Promise<readonly TerminalView[]> {
  const tusns = terminals.map(({ tusn }) => tusn);
  const reported = new Map((await findReported(store, tusns)).map((row) => [row.tusn, row]));
  const deployments = new Map((await findNewest(store, tusns)).map((row) => [row.tusn, row]));
  const digests = [...reported.values()].flatMap(({ currentDigest }) => currentDigest ?? []);
  const profiles = new Map((await findProfiles(store, digests)).map(({ bytes }) => [toHex(toDigest(bytes)), bytes]));
  return terminals.map((terminal) => {
    const said = reported.get(terminal.tusn);
    const deployment = deployments.get(terminal.tusn);
    const profile = said?.currentDigest ? profiles.get(toHex(said.currentDigest)) : undefined;
    return {
      ...toTerminalView(terminal),
      ...(said === undefined ? {} : { reported: toReportedView(said) }),
      ...(profile === undefined ? {} : { profile: parseProfile(profile) }),
      ...(deployment === undefined ? {} : { deployment: toDeploymentView(deployment) }),
    };
  });
}

function toTerminalView(row: TerminalRow): TerminalView {
  const { tusn, maker, model, certificateNo, place, merchantNumber, terminalNo, acquirer, issuedSequence } = row;
  const { life, verdict, provenAt } = row;
  return {
    ...{ tusn, life, verdict, ...(provenAt === null ? {} : { provenAt }) },
    ...{ maker, model, certificateNo, place, merchantNumber, terminalNo, acquirer, issuedSequence },
    deviceType: DEVICE_TYPES[toTusnParts(tusn).deviceType] ?? "unknown",
    enrolled: row.deviceKey !== null,
  };
}

function toReportedView({ tusn: _, stale, ...rest }: ReportedRow): NonNullable<TerminalView["reported"]> {
  return { ...rest, stale: stale === null ? null : stale === 1 };
}
