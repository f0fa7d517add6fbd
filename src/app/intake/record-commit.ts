import { toDigest, toHex } from "../../../proto/bytes.ts";
import { toDifferences } from "../../../proto/difference.ts";
import { type Profile, parseProfile } from "../../../proto/profile.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { findMerchants, setRoutes, type TerminalRoute } from "../../store/fleet.ts";
import { findProfiles } from "../../store/releases.ts";
import type { DeploymentRow, MerchantRow } from "../../store/schema.ts";
import type { Tx } from "../../store/store.ts";
import { toBindingOf, toMerchant } from "../merchant-row.ts";
import { isSameBinding, recordCommitted } from "../records/commit.ts";

type Group = ReturnType<typeof toDifferences>[number]["group"];

interface Commit {
  readonly tusn: Tusn;
  readonly releaseId: Uint8Array;
  /** When its report came. */
  readonly at: number;
  readonly profile: Profile;
  /** What the profile changed on its terminal. */
  readonly groups: ReadonlySet<Group>;
}

/**
 * Brings the records of merchants and terminals up to what was committed on terminals. Only what a profile changed is
 * taken over: the rest of it may be older than what another terminal of the merchant has committed.
 */
export async function recordCommits(tx: Tx, committed: readonly DeploymentRow[]): Promise<void> {
  if (committed.length === 0) return;
  const commits = await toCommits(tx, committed);
  const numbers = new Set(commits.map(({ profile }) => profile.merchant.number));
  const merchants = new Map((await findMerchants(tx, [...numbers])).map((row) => [row.number, row]));
  const routes: TerminalRoute[] = [];
  for (const { tusn, releaseId, at, profile, groups } of commits) {
    const { terminalNo, acquirer } = profile.acquiring;
    if (groups.has("acquiring")) routes.push({ tusn, terminalNo, acquirer });
    const known = merchants.get(profile.merchant.number);
    if (known === undefined) continue;
    const updated = toUpdated(known, profile, groups);
    if (isSameRow(updated, known)) continue;
    merchants.set(known.number, updated);
    await recordCommitted(tx, at, { tusn, releaseId, merchant: toMerchant(updated), binding: toBindingOf(updated) });
  }
  await setRoutes(tx, routes);
}

async function toCommits(tx: Tx, committed: readonly DeploymentRow[]): Promise<readonly Commit[]> {
  const digests = committed.flatMap((row) =>
    row.baseDigest === null ? [row.profileDigest] : [row.profileDigest, row.baseDigest],
  );
  const rows = await findProfiles(tx, digests);
  // By the digest of the bytes themselves, so that an altered row is no profile at all.
  const found = new Map(rows.map(({ bytes }) => [toHex(toDigest(bytes)), bytes]));
  const read = (digest: Uint8Array | null) => {
    const bytes = digest === null ? undefined : found.get(toHex(digest));
    return bytes === undefined ? undefined : parseProfile(bytes);
  };
  return committed.flatMap(({ tusn, releaseId, updatedAt, profileDigest, baseDigest }) => {
    const profile = read(profileDigest);
    if (profile === undefined) return [];
    const groups = new Set(toDifferences(read(baseDigest), profile).map(({ group }) => group));
    return [{ tusn, releaseId, at: updatedAt, profile, groups }];
  });
}

function toUpdated(merchant: MerchantRow, profile: Profile, groups: ReadonlySet<Group>): MerchantRow {
  return {
    ...merchant,
    ...(groups.has("merchant") ? profile.merchant : {}),
    ...(groups.has("binding") ? profile.binding : {}),
  };
}

/** Most commits bring what another terminal of the merchant has brought already. */
function isSameRow(a: MerchantRow, b: MerchantRow): boolean {
  const [one, other] = [toMerchant(a), toMerchant(b)];
  return JSON.stringify(one) === JSON.stringify(other) && isSameBinding(a, b);
}
