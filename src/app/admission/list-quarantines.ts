import { TillsyncError } from "../../../proto/errors.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import type { CloneSign } from "../../domain/life.ts";
import { listQuarantines, listQuarantinesOf, type Quarantine, type QuarantineQuery } from "../../store/quarantines.ts";
import type { Store } from "../../store/store.ts";

/** A quarantine as people read it. */
export interface QuarantineView {
  readonly tusn: Tusn;
  readonly at: number;
  readonly why: CloneSign;
  /** Both sides in words; what a row holds that is not ours is shown as it stands. */
  readonly before: string;
  readonly now: string;
  readonly releasedAt: number | undefined;
  readonly releasedBy: string;
  readonly reason: string;
}

export async function viewQuarantines(store: Store, query: QuarantineQuery): Promise<readonly QuarantineView[]> {
  return (await listQuarantines(store, query)).map(toQuarantineView);
}

/**
 * All of one terminal, newest first.
 *
 * @throws TillsyncError NOT_FOUND where it never was in any
 */
export async function showQuarantines(store: Store, tusn: Tusn): Promise<readonly QuarantineView[]> {
  const rows = await listQuarantinesOf(store, tusn);
  if (rows.length === 0) throw new TillsyncError("NOT_FOUND", { quarantine: tusn });
  return rows.map(toQuarantineView);
}

export function toQuarantineView({ tusn, at, why, sides, releasedAt, releasedBy, reason }: Quarantine): QuarantineView {
  return { tusn, at, why, ...toSides(sides), releasedAt: releasedAt ?? undefined, releasedBy, reason };
}

function toSides(text: string): { readonly before: string; readonly now: string } {
  try {
    const { before, now } = JSON.parse(text);
    if (typeof before === "string" && typeof now === "string") return { before, now };
  } catch {
    // A row that somebody has edited.
  }
  return { before: text, now: "" };
}
