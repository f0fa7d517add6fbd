import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { toLuhn } from "../../proto/luhn.ts";
import type { Binding } from "../../proto/profile.ts";
import { parseBindingJson, type Settlement } from "../../proto/settlement.ts";
import type { Tusn } from "../../proto/tusn.ts";
import { listDeployments } from "../../src/store/deployments.ts";
import { findReleases } from "../../src/store/releases.ts";
import type { World } from "./world.ts";

const DAY_S = 86_400;
const MAX_LISTED = 1_000;

/** A settlement as it leaves the maker's machine, and the file that stays there. */
export interface SplitCard {
  readonly binding: Binding;
  readonly opening: string;
}

/** What the maker makes of a settlement with the approvers' program. */
export async function splitSettlement(world: World, settlement: Settlement): Promise<SplitCard> {
  const { binding, opening } = await world.approvers.split(settlement);
  return { binding: parseBindingJson(readFileSync(binding)), opening };
}

/** A new card of an invented number with a right check digit. */
export function toNewCard(holder: string): Settlement {
  const digits = `62284800${randomBytes(5).readUIntBE(0, 5).toString().padStart(10, "0").slice(-10)}`;
  const accountNo = `${digits}${toLuhn(digits)}`;
  return { kind: "card", bank: "中国农业银行", cnaps: "103100000026", holder, accountNo };
}

/** Whether the terminal committed another card within the day: the policy allows one. First profiles do not count. */
export async function hasChangedCard({ context: { now, store } }: World, tusn: Tusn): Promise<boolean> {
  const since = now() - DAY_S;
  const rows = await listDeployments(store, { tusn, limit: MAX_LISTED });
  const recent = rows.filter((row) => row.state === "committed" && row.baseDigest !== null && row.updatedAt > since);
  const releases = await findReleases(
    store,
    recent.map(({ releaseId }) => releaseId),
  );
  return releases.some(({ purpose }) => purpose === "binding");
}
