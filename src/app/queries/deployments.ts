import { TillsyncError } from "../../../proto/errors.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import type { DeploymentState } from "../../domain/deployment.ts";
import { listDeployments as listRows } from "../../store/deployments.ts";
import type { DeploymentRow } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";

/** Deployments in one answer. */
export const MAX_LISTED = 10_000;

/** A deployment as people look at it. Times in seconds. */
export type DeploymentView = Pick<
  DeploymentRow,
  | "tusn"
  | "sequence"
  | "releaseId"
  | "state"
  | "code"
  | "detail"
  | "baseDigest"
  | "profileDigest"
  | "notBefore"
  | "notAfter"
  | "updatedAt"
>;

export interface DeploymentQuery {
  readonly tusn?: Tusn;
  readonly state?: DeploymentState;
  /** Hexadecimal. */
  readonly release?: string;
}

/**
 * Those that changed last first, of one terminal the newest first; at most MAX_LISTED.
 *
 * @throws TillsyncError CONFIG_INVALID for a release id that is none
 */
export async function listDeployments(store: Store, query: DeploymentQuery): Promise<readonly DeploymentView[]> {
  const { release, ...rest } = query;
  const releaseId = release === undefined ? {} : { releaseId: parseReleaseId(release) };
  const rows = await listRows(store, { ...rest, ...releaseId, limit: MAX_LISTED });
  return rows.map(toDeploymentView);
}

export function toDeploymentView(row: DeploymentRow): DeploymentView {
  const { tusn, sequence, releaseId, state, code, detail } = row;
  const { baseDigest, profileDigest, notBefore, notAfter, updatedAt } = row;
  return {
    ...{ tusn, sequence, releaseId, state, code, detail },
    ...{ baseDigest, profileDigest, notBefore, notAfter, updatedAt },
  };
}

/** @throws TillsyncError CONFIG_INVALID unless 32 hexadecimal digits */
export function parseReleaseId(text: string): Uint8Array {
  if (!/^[0-9a-f]{32}$/.test(text)) throw new TillsyncError("CONFIG_INVALID", { expected: "32 hexadecimal digits" });
  return Buffer.from(text, "hex");
}
