import { toDigest, toHex } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { type Profile, parseProfile } from "../../../proto/profile.ts";
import { DEVICE_TYPES, type Tusn, toTusnParts } from "../../../proto/tusn.ts";
import { findNewest } from "../../store/deployments.ts";
import { findTerminals, listTerminals as listRows } from "../../store/fleet.ts";
import { findProfiles } from "../../store/releases.ts";
import { findReported } from "../../store/reported.ts";
import type { ReportedRow, TerminalRow } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";
import { type DeploymentView, listDeployments, toDeploymentView } from "./deployments.ts";

/** How sure we are of a TUSN. Nothing but its form is looked at yet. */
export type Verdict = "format-only";

/** A terminal as people look at it; what is absent is not known. Times in seconds. */
export interface TerminalView {
  readonly tusn: Tusn;
  readonly verdict: Verdict;
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

export interface TerminalDetails extends TerminalView {
  /** SHA-256 of the certificate. */
  readonly certificateFingerprint?: Uint8Array;
  /** All of them, newest first. */
  readonly deployments: readonly DeploymentView[];
}

/** In order of TUSN; those of one merchant where its number is given. */
export async function listTerminals(store: Store, merchantNumber?: string): Promise<readonly TerminalView[]> {
  return toViews(store, await listRows(store, merchantNumber));
}

/** @throws TillsyncError NOT_FOUND */
export async function showTerminal(store: Store, tusn: Tusn): Promise<TerminalDetails> {
  const rows = await findTerminals(store, [tusn]);
  const [view] = await toViews(store, rows);
  if (view === undefined) throw new TillsyncError("NOT_FOUND", { terminal: tusn });
  const certificateFingerprint = rows[0]?.certificateFingerprint;
  return {
    ...view,
    ...(certificateFingerprint ? { certificateFingerprint } : {}),
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
  return {
    ...{ tusn, maker, model, certificateNo, place, merchantNumber, terminalNo, acquirer, issuedSequence },
    verdict: "format-only",
    deviceType: DEVICE_TYPES[toTusnParts(tusn).deviceType] ?? "unknown",
    enrolled: row.deviceKey !== null,
  };
}

function toReportedView({ tusn: _, stale, ...rest }: ReportedRow): NonNullable<TerminalView["reported"]> {
  return { ...rest, stale: stale === null ? null : stale === 1 };
}
