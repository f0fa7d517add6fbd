import { TillsyncError } from "../../../proto/errors.ts";
import type { DeploymentState } from "../../domain/deployment.ts";
import { countStates } from "../../store/deployments.ts";
import { findReleases, findSignatures } from "../../store/releases.ts";
import type { ReleaseRow } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";
import { parseReleaseId } from "./deployments.ts";

/** A published release as people look at it. Times in seconds. */
export interface PublishedReleaseView extends Omit<ReleaseRow, "statement"> {
  /** SHA-256 of the public keys that signed it. */
  readonly keyIds: readonly Uint8Array[];
  readonly states: Readonly<Partial<Record<DeploymentState, number>>>;
}

/**
 * @param id hexadecimal
 * @throws TillsyncError CONFIG_INVALID, NOT_FOUND
 */
export async function showRelease(store: Store, id: string): Promise<PublishedReleaseView> {
  const releaseId = parseReleaseId(id);
  const [row] = await findReleases(store, [releaseId]);
  if (row === undefined) throw new TillsyncError("NOT_FOUND", { release: id });
  const { statement: _, ...release } = row;
  const signatures = await findSignatures(store, [releaseId]);
  const counts = await countStates(store, releaseId);
  return {
    ...release,
    keyIds: signatures.map(({ keyId }) => keyId),
    states: Object.fromEntries(counts.map(({ state, count }) => [state, count])),
  };
}
