import { toDigest, toHex } from "../../../proto/bytes.ts";
import { toDifferences } from "../../../proto/difference.ts";
import { type Profile, parseProfile } from "../../../proto/profile.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import { findMerchants, putMerchants, setRoutes, type TerminalRoute } from "../../store/fleet.ts";
import { findProfiles } from "../../store/releases.ts";
import type { DeploymentRow, MerchantRow } from "../../store/schema.ts";
import type { Tx } from "../../store/store.ts";

type Group = ReturnType<typeof toDifferences>[number]["group"];

interface Commit {
  readonly tusn: Tusn;
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
  const changed = new Map<string, MerchantRow>();
  const routes: TerminalRoute[] = [];
  for (const { tusn, profile, groups } of commits) {
    const { merchant, acquiring } = profile;
    const known = changed.get(merchant.number) ?? merchants.get(merchant.number);
    if (known !== undefined && (groups.has("merchant") || groups.has("binding"))) {
      changed.set(merchant.number, toUpdated(known, profile, groups));
    }
    const { terminalNo, acquirer } = acquiring;
    if (groups.has("acquiring")) routes.push({ tusn, terminalNo, acquirer });
  }
  await putMerchants(tx, [...changed.values()]);
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
  return committed.flatMap(({ tusn, profileDigest, baseDigest }) => {
    const profile = read(profileDigest);
    if (profile === undefined) return [];
    const groups = new Set(toDifferences(read(baseDigest), profile).map(({ group }) => group));
    return [{ tusn, profile, groups }];
  });
}

function toUpdated(merchant: MerchantRow, profile: Profile, groups: ReadonlySet<Group>): MerchantRow {
  return {
    ...merchant,
    ...(groups.has("merchant") ? profile.merchant : {}),
    ...(groups.has("binding") ? profile.binding : {}),
  };
}
