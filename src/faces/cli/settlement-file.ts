import { readFileSync } from "node:fs";
import { TillsyncError } from "../../../proto/errors.ts";
import type { Settlement } from "../../domain/settlement.ts";

const FIELDS = ["kind", "bank", "cnaps", "holder", "accountNo"] as const;
const MAX_BYTES = 4_096;

/**
 * Reads a settlement from a JSON file with exactly the five members. Any other member is refused unread: it could hold
 * what must never be kept, such as a security code or track data (PCI DSS 3.3.1).
 *
 * @throws TillsyncError CONFIG_INVALID, FIELD_MISSING, FIELD_INVALID
 */
export function readSettlement(file: string): Settlement {
  const json = readJson(file);
  const [extra] = Object.keys(json).filter((name) => !FIELDS.some((field) => field === name));
  if (extra !== undefined) throw new TillsyncError("FIELD_INVALID", { expected: FIELDS.join(", ") });
  const [kind, bank, cnaps, holder, accountNo] = FIELDS.map((field) => {
    const value = json[field];
    if (typeof value !== "string") throw new TillsyncError("FIELD_MISSING", { field });
    return value;
  }) as [string, string, string, string, string];
  return { kind, bank, cnaps, holder, accountNo };
}

function readJson(file: string): Record<string, unknown> {
  try {
    const bytes = readFileSync(file);
    const json: unknown = bytes.length > MAX_BYTES ? undefined : JSON.parse(bytes.toString("utf8"));
    if (typeof json === "object" && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
  } catch (cause) {
    throw new TillsyncError("CONFIG_INVALID", { unreadable: file }, cause);
  }
  throw new TillsyncError("CONFIG_INVALID", { expected: "a JSON object" });
}
