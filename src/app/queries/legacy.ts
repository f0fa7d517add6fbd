import { listHistory } from "../../store/history.ts";
import { findLegacy, listLegacy as listRows } from "../../store/legacy.ts";
import type { LegacyTerminalRow } from "../../store/schema.ts";
import type { Store } from "../../store/store.ts";
import { type HistoryView, toHistoryViews } from "./identity.ts";
import { MAX_LISTED_TERMINALS, type TerminalListQuery } from "./terminals.ts";

/** Old stock as people look at it: on record, never managed. */
export interface LegacyView extends Omit<LegacyTerminalRow, "replacedBy"> {
  readonly verdict: "legacy";
  readonly replacedBy?: string;
}

export interface LegacyDetails extends LegacyView {
  readonly history: readonly HistoryView[];
}

/** In order of serial number. */
export async function listLegacy(
  store: Store,
  { merchant, after = "", limit = MAX_LISTED_TERMINALS }: Pick<TerminalListQuery, "merchant" | "after" | "limit">,
): Promise<readonly LegacyView[]> {
  const rows = await listRows(store, {
    ...(merchant === undefined ? {} : { merchant }),
    after,
    limit: Math.min(limit, MAX_LISTED_TERMINALS),
  });
  return rows.map(toView);
}

/** Undefined where no old stock has this number. */
export async function findLegacyTerminal(store: Store, serial: string): Promise<LegacyDetails | undefined> {
  const [row] = await findLegacy(store, [serial]);
  return row === undefined ? undefined : { ...toView(row), history: toHistoryViews(await listHistory(store, serial)) };
}

function toView({ replacedBy, ...row }: LegacyTerminalRow): LegacyView {
  return { ...row, verdict: "legacy", ...(replacedBy === "" ? {} : { replacedBy }) };
}
