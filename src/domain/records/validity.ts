import { TillsyncError } from "../../../proto/errors.ts";
import { type RecordFault, toFault } from "./fault.ts";
import type { BindingState, Validity } from "./record.ts";

/** Cards expire with the month in China, eight hours ahead of UTC all year. */
const CHINA_S = 8 * 3_600;
const CENTURY = 2_000;
const MONTHS = 12;

export const UNBOUNDED: Validity = { validFrom: null, validUntil: null };

/**
 * The validity of a card by the month on its face, MM/YY: to the end of that month. Alone it is no sensitive data,
 * other than the code beside it.
 *
 * @throws TillsyncError FIELD_INVALID
 */
export function parseCardMonth(text: string): Validity {
  const [, month = "", year = ""] = /^(0[1-9]|1[0-2])\/(\d{2})$/.exec(text) ?? [];
  if (month === "") throw new TillsyncError("FIELD_INVALID", { field: "validity", reason: "form" });
  const months = (CENTURY + Number(year)) * MONTHS + Number(month);
  const end = Date.UTC(Math.floor(months / MONTHS), months % MONTHS);
  return { validFrom: null, validUntil: end / 1_000 - CHINA_S };
}

export function isValidAt({ validFrom, validUntil }: Validity, at: number): boolean {
  return (validFrom ?? at) <= at && (validUntil === null || at < validUntil);
}

/** Whether money may settle to it at that time, in seconds. */
export function isInForce(binding: Validity & { readonly state: BindingState }, at: number): boolean {
  return binding.state === "in_force" && isValidAt(binding, at);
}

/** @param at when it is to be in force, in seconds */
export function findValidityFaults(validity: Validity, at: number): readonly RecordFault[] {
  const { validFrom, validUntil } = validity;
  if (validFrom !== null && validUntil !== null && validFrom >= validUntil) {
    return [toFault("validity", "FIELD_INVALID", "order")];
  }
  if (isValidAt(validity, at)) return [];
  const isOver = validUntil !== null && at >= validUntil;
  return [toFault("validity", "BINDING_EXPIRED", isOver ? "over" : "not_yet")];
}
