import type { ReleaseLeaf } from "../../../release.ts";
import { isOtherSettlement, type Secrets, toBlindText, toSettlementFields, toSettlementKey } from "./fields.ts";
import { MAX_EXAMPLES, partition } from "./groups.ts";
import type { SettlementView } from "./view.ts";

/** A settlement change with what it leads to, which a blind reader must not see. */
export interface Settlement {
  readonly view: SettlementView;
  /** As `toTransitionKey` of each of its directives. */
  readonly key: string;
  /** The same for the same new settlement only. */
  readonly target: string;
}

/** Every change of settlement as it is shown. */
export function toSettlements(leaves: readonly ReleaseLeaf[], secrets: Secrets): readonly Settlement[] {
  return toTransitions(leaves).flatMap(({ key, alike }, at) => {
    const [first] = alike;
    return first === undefined ? [] : [{ key, ...toSettlement(first, alike, at + 1, secrets) }];
  });
}

/**
 * The directives of every change of settlement, once per merchant, old and new settlement; those at the fewest terminals
 * first: a wrong card among many right ones must not hide behind them. Reserves lead back and are none.
 */
export function toTransitions(
  leaves: readonly ReleaseLeaf[],
): readonly { readonly key: string; readonly alike: readonly ReleaseLeaf[] }[] {
  return [...partition(leaves.filter(isSettling), toTransitionKey)]
    .map(([key, alike]) => ({ key, alike }))
    .toSorted((a, b) => a.alike.length - b.alike.length);
}

/** Whether it brings a settlement that its terminal does not hold. */
export function isSettling({ profile, base, isReserve }: ReleaseLeaf): boolean {
  return !isReserve && isOtherSettlement(base?.binding, profile.binding);
}

/** The same for the same merchant, old and new settlement only. */
export function toTransitionKey({ profile, base }: ReleaseLeaf): string {
  const before = base === undefined ? "" : toSettlementKey(base.binding);
  return JSON.stringify([profile.merchant.number, before, toSettlementKey(profile.binding)]);
}

function toSettlement(
  { profile, base }: ReleaseLeaf,
  alike: readonly ReleaseLeaf[],
  number: number,
  secrets: Secrets,
): Omit<Settlement, "key"> {
  return {
    target: toSettlementKey(profile.binding),
    view: {
      number,
      merchant: profile.merchant.number,
      merchantName: toBlindText(profile.merchant.name, secrets),
      terminals: alike.length,
      examples: alike.slice(0, MAX_EXAMPLES).map(({ directive }) => directive.tusn),
      isFirst: base === undefined,
      fields: toSettlementFields(base?.binding, profile.binding, secrets),
    },
  };
}
