import type { Caps } from "../trust/policy.ts";
import type { OfflineTrust } from "./offline-trust.ts";
import type { CeremonyView } from "./verify.ts";

/**
 * What of a change is no everyday matter: everything stopped or let go again, more allowed at once, fewer people asked.
 * Whoever signs, and whoever keeps the ledger, must be told loudly.
 */
export type Emergency =
  | "frozen"
  | "unfrozen"
  | "fewer_approvers"
  | "fewer_root_holders"
  | "fewer_targets_holders"
  | `cap_raised.${keyof Caps}`;

/** None for a new trust. */
export function findEmergencies({ before, after }: CeremonyView): readonly Emergency[] {
  return before === undefined ? [] : compare(before, after);
}

function compare(before: OfflineTrust, after: OfflineTrust): readonly Emergency[] {
  const [was, is] = [before.policy, after.policy];
  const isFewer = (role: "root" | "targets") => after.root.roles[role].threshold < before.root.roles[role].threshold;
  const caps = (Object.keys(is.caps) as (keyof Caps)[]).filter((name) => is.caps[name] > was.caps[name]);
  const classes = Object.keys(is.thresholds) as (keyof typeof is.thresholds)[];
  const isWeaker = classes.some((name) => was.thresholds[name].some((role) => !is.thresholds[name].includes(role)));
  const found: readonly (readonly [Emergency, boolean])[] = [
    ["frozen", is.types.length < was.types.length],
    ["unfrozen", is.types.length > was.types.length],
    ["fewer_approvers", isWeaker],
    ["fewer_root_holders", isFewer("root")],
    ["fewer_targets_holders", isFewer("targets")],
  ];
  return [
    ...found.filter(([, holds]) => holds).map(([emergency]) => emergency),
    ...caps.map((name): Emergency => `cap_raised.${name}`),
  ];
}
