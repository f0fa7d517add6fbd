import type { Policy } from "../../../certs/trust/policy.ts";
import { toDigest, toHex } from "../../../proto/bytes.ts";
import { appendEntries } from "../../store/ledger.ts";
import { addProfiles } from "../../store/releases.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toEntry } from "../ledger-entries.ts";
import type { Act } from "../registry/act.ts";
import { parseRelease, verifyReleaseApproval } from "../release/parse-release.ts";

export interface AdoptedRelease {
  readonly releaseId: Uint8Array;
  readonly profiles: number;
}

/**
 * Takes the profiles of a release that was published after the backup into the records, so that what its terminals hold is
 * known again and can be changed. Publishes nothing.
 *
 * @throws TillsyncError STATEMENT_UNSIGNED where the people of today's policy did not approve it; whatever `parseRelease`
 *   throws
 */
export async function adoptRelease(
  context: Context,
  bytes: Uint8Array,
  policy: Policy,
  { actor, reason }: Act,
): Promise<AdoptedRelease> {
  const release = parseRelease(bytes);
  verifyReleaseApproval(release, policy);
  const { releaseId } = release.statement;
  const profiles = new Map(
    release.leaves.map(({ directive: { profile } }) => [toHex(toDigest(profile)), profile] as const),
  );
  const rows = [...profiles.values()].map((profile) => ({ digest: toDigest(profile), bytes: profile }));
  await transact(context.store, async (tx) => {
    await addProfiles(tx, rows);
    const fields = { actor, digest: toDigest(release.file.statement), detail: { profiles: rows.length, reason } };
    await appendEntries(tx, [toEntry(context.now(), "restore.adopted", toHex(releaseId), fields)]);
  });
  return { releaseId, profiles: rows.length };
}
