import { TillsyncError } from "../../../proto/errors.ts";
import type { Merchant } from "../../../proto/profile.ts";
import { parseLicence } from "./licence.ts";
import { parseResidentId } from "./resident-id.ts";
import { parseTaxNumber } from "./tax-number.ts";
import { parseUscc } from "./uscc.ts";

/** The numbers by which the authorities know a merchant. */
export type MerchantIdentity = Pick<Merchant, "licenceNo" | "taxNo" | "uscc">;

/** A micro-merchant (小微商户) has no licence and so no USCC; its principal's resident identity number stands in. */
export function isMicroMerchant(identity: Pick<Merchant, "uscc">): boolean {
  return identity.uscc === "";
}

/**
 * What stands in the field of the licence number: the micro-merchant's principal or a licence.
 * @throws TillsyncError LICENCE_INVALID, RESIDENT_ID_INVALID
 */
export function parseLicenceOf(identity: MerchantIdentity): string {
  return isMicroMerchant(identity) ? parseResidentId(identity.licenceNo) : parseLicence(identity.licenceNo);
}

/**
 * Which of the merchant's numbers contradict the one that identifies it. Since the merging of certificates
 * licence no. = tax no. = USCC; only numbers of the old forms, which are not 18 characters long, may still differ.
 */
export function toContradictions(identity: MerchantIdentity): ("licenceNo" | "taxNo")[] {
  const identifying = isMicroMerchant(identity) ? identity.licenceNo : identity.uscc;
  return (["licenceNo", "taxNo"] as const).filter(
    (field) => identity[field].length === 18 && identity[field] !== identifying,
  );
}

/** @throws TillsyncError USCC_INVALID, LICENCE_INVALID, RESIDENT_ID_INVALID, TAX_NUMBER_INVALID, IDENTIFIERS_INCONSISTENT */
export function parseMerchantIdentity(identity: MerchantIdentity): MerchantIdentity {
  const uscc = isMicroMerchant(identity) ? "" : parseUscc(identity.uscc);
  const licenceNo = parseLicenceOf(identity);
  const taxNo = parseTaxNumber(identity.taxNo);
  const [contradiction] = toContradictions({ uscc, licenceNo, taxNo });
  if (contradiction !== undefined) throw new TillsyncError("IDENTIFIERS_INCONSISTENT", { field: contradiction });
  return { uscc, licenceNo, taxNo };
}
