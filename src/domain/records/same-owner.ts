import { type RecordFault, toFault } from "./fault.ts";
import type { RecordPolicy } from "./policy.ts";
import type { MerchantFacts, SettlementRecord } from "./record.ts";

export type Owner = Pick<MerchantFacts, "name" | "ownerKind" | "principal">;

/** Dots that part the names of minorities, and what keyboards offer instead. */
const DOTS = /[·•‧・∙⋅ㆍ.。]/g;
const OPENING = /[[{〔【]/g;
const CLOSING = /[\]}〕】]/g;

/** A name as banks compare it: width, spaces, case, and the forms of dots and brackets make no difference. */
export function toComparedName(name: string): string {
  return name
    .normalize("NFKC")
    .replace(/\s/g, "")
    .replace(DOTS, "·")
    .replace(OPENING, "(")
    .replace(CLOSING, ")")
    .toUpperCase();
}

/**
 * The account's holder must own the merchant. A card is the principal's, with an enterprise as far as the policy lets
 * it; an account is in the merchant's name, with a sole trader perhaps and with a micro-merchant always in the
 * principal's.
 */
export function findOwnerFaults(
  { kind, holder }: Pick<SettlementRecord, "kind" | "holder">,
  { name, ownerKind, principal }: Owner,
  { representativeCard, unknownPrincipal }: RecordPolicy,
): readonly RecordFault[] {
  const isSame = (other: string) => toComparedName(holder) === toComparedName(other);
  const isOwn = kind === "account" && ownerKind !== "micro" && isSame(name);
  if (isOwn) return [];
  if (ownerKind === "enterprise" && kind === "account") return [toFault("holder", "OWNER_DIFFERS", "not_merchant")];
  if (ownerKind === "enterprise" && !representativeCard) return [toFault("holder", "OWNER_DIFFERS", "person")];
  if (principal === "") {
    const severity = unknownPrincipal === "warn" ? "warning" : "refused";
    return [toFault("holder", "OWNER_DIFFERS", "unknown", { severity })];
  }
  return isSame(principal) ? [] : [toFault("holder", "OWNER_DIFFERS", "not_principal")];
}
