import { toMissingRoles } from "../../../certs/sign/render/missing-roles.ts";
import type { Person, Role } from "../../../certs/trust/policy.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import type { ChangeState } from "../../domain/changes/change.ts";
import { findChange, findChangeByRelease } from "../../store/changes.ts";
import type { ChangeRow } from "../../store/changes-schema.ts";
import { findReleases } from "../../store/releases.ts";
import type { Store } from "../../store/store.ts";
import { findAuthors, withoutChecking } from "./authors.ts";

/** How `toReleaseReason` names the change. */
const OF_CHANGE = /^(C[0-9a-f]{16}): /;
/** While a change waits for signatures, for its hour, or is carried out. */
const UNDER_WAY: readonly ChangeState[] = ["submitted", "approved", "releasing"];

/**
 * The change that a release belongs to; undefined for one that people made by themselves. A release goes with its change:
 * what a change has given up, or never had, must neither be signed nor published in its name.
 *
 * @throws TillsyncError STATE_CONFLICT where its change is not under way, or is one that has another release or none
 */
export async function findOwner(db: Store, releaseId: Uint8Array, reason: string): Promise<string | undefined> {
  const owner = await findChangeByRelease(db, releaseId);
  if (owner !== undefined) {
    if (!UNDER_WAY.includes(owner.state)) {
      throw new TillsyncError("STATE_CONFLICT", { change: owner.id, state: owner.state });
    }
    return owner.id;
  }
  const [, named] = OF_CHANGE.exec(reason) ?? [];
  if (named !== undefined && (await findChange(db, named)) !== undefined) {
    throw new TillsyncError("STATE_CONFLICT", { change: named, expected: "its own release" });
  }
  return undefined;
}

/** @throws TillsyncError STATE_CONFLICT where terminals may have the change already: what is published is not given up */
export async function verifyUnpublished(db: Store, { id, releaseId }: Pick<ChangeRow, "id" | "releaseId">) {
  if (await isPublished(db, releaseId)) throw new TillsyncError("STATE_CONFLICT", { change: id, release: "published" });
}

/** Whether its release has gone out, by whomever. */
export async function isPublished(db: Store, releaseId: Uint8Array | null): Promise<boolean> {
  return releaseId !== null && (await findReleases(db, [releaseId])).length > 0;
}

/** The roles that are missing where nobody who wrote at the change counts as its checker. */
export async function findMissing(
  db: Store,
  change: string,
  signers: readonly Person[],
  demanded: readonly Role[],
): Promise<readonly Role[]> {
  const authors = await findAuthors(db, change);
  const counted = signers.map((person) => (authors.has(person.id) ? withoutChecking(person) : person));
  return toMissingRoles(demanded, counted);
}
