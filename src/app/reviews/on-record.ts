import { toRedacted } from "../../../proto/redaction.ts";
import type { OnRecord } from "../../domain/acquirers/on-record.ts";

const TEXTS = ["kind", "masked", "bank", "cnaps", "holder", "credit"] as const satisfies readonly (keyof OnRecord)[];

/** What an acquirer answered, as it is kept; empty where it had no account. */
export function toOnRecordText(onRecord: OnRecord | undefined): string {
  // Adapters have masked it already: what a slip would let through is kept by nobody.
  return onRecord === undefined ? "" : toRedacted(JSON.stringify(onRecord));
}

/** What `toOnRecordText` wrote; undefined where there was no account, or somebody has edited it. */
export function parseOnRecordText(text: string): OnRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isOnRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isOnRecord(value: unknown): value is OnRecord {
  if (typeof value !== "object" || value === null) return false;
  const members: Readonly<Record<string, unknown>> = { ...value };
  return TEXTS.every((name) => typeof members[name] === "string") && typeof members["at"] === "number";
}
