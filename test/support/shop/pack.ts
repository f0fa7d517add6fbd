import type { ChangeKind } from "../../../src/domain/changes/change.ts";
import { DEFAULT_PACK, type KindRules } from "../../../src/domain/changes/pack.ts";
import { PACK_FORMAT } from "../../../src/domain/changes/parse-pack.ts";

/** What a shop's pack says otherwise than the one that holds where none is loaded. */
export type PackRules = Readonly<Partial<Record<ChangeKind, Partial<KindRules>>>>;

/** A policy pack for every acquirer and model, as a file holds it. */
export function toPackText(rules: PackRules, version = 1): string {
  const kinds = Object.entries(DEFAULT_PACK.kinds).map(([kind, general]) => {
    const [, own = {}] = Object.entries(rules).find(([name]) => name === kind) ?? [];
    return [kind, { ...general, ...own }] as const;
  });
  return JSON.stringify({ format: PACK_FORMAT, ...DEFAULT_PACK, version, kinds: Object.fromEntries(kinds) });
}
