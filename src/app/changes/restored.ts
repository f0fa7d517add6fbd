import type { ChangeRow } from "../../store/changes-schema.ts";
import { listRestores } from "../../store/restores.ts";
import type { Store } from "../../store/store.ts";

/**
 * Whether the service was put back from a backup since a change was handed in: the one that was lost may have carried it
 * out, and something newer since.
 */
export async function isOlderThanRestore(
  db: Store,
  { submittedAt }: Pick<ChangeRow, "submittedAt"> = { submittedAt: null },
): Promise<boolean> {
  const [last] = await listRestores(db);
  return last !== undefined && (submittedAt ?? 0) <= Math.max(last.restoredAt, last.backupAt);
}
