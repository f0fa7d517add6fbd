/**
 * Bytes in GBK that names may take. A merchant's name has the 40 of ISO 8583 field 43; a short name one line of a 58 mm
 * receipt, 32 columns; the names of an account what a payment order of CNAPS holds, 60 characters.
 */
export const MERCHANT_NAME_BYTES = 40;
export const SHORT_NAME_BYTES = 32;
export const ACCOUNT_NAME_BYTES = 120;

/** What differs between acquirers; the defaults are the stricter custom where there is one. */
export interface RecordPolicy {
  readonly nameBytes: {
    readonly name: number;
    readonly shortName: number;
    readonly principal: number;
    readonly bank: number;
    readonly holder: number;
  };
  /** Whether a card whose BIN is in no table, or in the table both as debit and as credit, may be settled to. */
  readonly unknownBin: "warn" | "refuse";
  /** Whether a merchant may settle to a person's card though nobody has told who its principal is. */
  readonly unknownPrincipal: "warn" | "refuse";
  /** Whether an enterprise may settle to its legal representative's card. */
  readonly representativeCard: boolean;
}

export const DEFAULT_RECORD_POLICY: RecordPolicy = {
  nameBytes: {
    name: MERCHANT_NAME_BYTES,
    shortName: SHORT_NAME_BYTES,
    principal: ACCOUNT_NAME_BYTES,
    bank: ACCOUNT_NAME_BYTES,
    holder: ACCOUNT_NAME_BYTES,
  },
  unknownBin: "warn",
  unknownPrincipal: "warn",
  representativeCard: true,
};
