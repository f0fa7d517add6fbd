import { toDigest, toHex } from "../../../proto/bytes.ts";
import { type Profile, parseProfile } from "../../../proto/profile.ts";
import type { ReviewDeployment, ReviewTerminal } from "../../domain/reviews/facts.ts";
import { findNewest } from "../../store/deployments.ts";
import { findProfiles } from "../../store/releases.ts";
import { findReported } from "../../store/reported.ts";
import { findChangesOf, type ReleasedChange, type ReviewedTerminalRow } from "../../store/reviews-facts.ts";
import type { DeploymentRow } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";
import { toBindingFacts } from "../acquirers/orders.ts";

/** Everything that is looked at of these terminals, in their order. */
export async function readTerminalFacts(
  db: Store,
  rows: readonly ReviewedTerminalRow[],
): Promise<readonly ReviewTerminal[]> {
  const tusns = rows.map(({ tusn }) => tusn);
  const reported = new Map((await findReported(db, tusns)).map((row) => [row.tusn, row]));
  const newest = await findNewest(db, tusns);
  const deployments = new Map(newest.map((row) => [row.tusn, row]));
  const releases = new Map(newest.map(({ releaseId }) => [toHex(releaseId), releaseId]));
  const changes = new Map(
    (await findChangesOf(db, [...releases.values()])).map((change) => [
      toHex(change.releaseId ?? new Uint8Array(0)),
      change,
    ]),
  );
  const digests = [...reported.values()].flatMap(({ currentDigest }) => currentDigest ?? []);
  const profiles = new Map((await findProfiles(db, digests)).map(({ bytes }) => [toHex(toDigest(bytes)), bytes]));
  return rows.map(({ tusn, life, deviceKey }) => {
    const said = reported.get(tusn);
    const current = toText(said?.currentDigest ?? null);
    const held = parseHeld(profiles.get(current));
    const deployment = deployments.get(tusn);
    return {
      ...{ tusn, life, enrolled: deviceKey !== null },
      ...(said === undefined ? {} : { reported: { current, lastSeen: said.lastSeen } }),
      ...(held === undefined ? {} : { held: { merchant: held.merchant, binding: toBindingFacts(held.binding) } }),
      ...(deployment === undefined
        ? {}
        : { deployment: toDeployment(deployment, changes.get(toHex(deployment.releaseId))) }),
    };
  });
}

/** Bytes are found by their own digest, so that what was edited is no profile; one that cannot be read is none either. */
function parseHeld(bytes: Uint8Array | undefined): Profile | undefined {
  try {
    return bytes === undefined ? undefined : parseProfile(bytes);
  } catch {
    return undefined;
  }
}

function toDeployment(row: DeploymentRow, change: ReleasedChange | undefined): ReviewDeployment {
  const { sequence, state, code, baseDigest, profileDigest, notAfter, updatedAt } = row;
  return {
    ...{ sequence, state, code, notAfter, updatedAt },
    ...{ base: toText(baseDigest), profile: toHex(profileDigest) },
    ...(change === undefined ? {} : { change: { id: change.id, state: change.state } }),
  };
}

function toText(digest: Uint8Array | null): string {
  return digest === null ? "" : toHex(digest);
}
