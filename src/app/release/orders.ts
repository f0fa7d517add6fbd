import { isEqual } from "../../../proto/bytes.ts";
import { parseLedgerEntry } from "../../../proto/ledger-entry.ts";
import { toLeafHash } from "../../../proto/tree.ts";
import { setOrders } from "../../store/deployments.ts";
import { appendEntries } from "../../store/ledger.ts";
import type { DeploymentRow, LedgerRow } from "../../store/schema.ts";
import type { Tx } from "../../store/store.ts";
import { toEntry } from "../ledger-entries.ts";

// A directive that brings back older content is sent only where the ledger says that an operator ordered it: approved
// it was together with the change, perhaps long ago, and whoever edits the database must not be able to call it up.

const KIND = "deployment.ordered";

/** Appends an entry for each, and notes its index in the deployment. */
export async function noteOrders(tx: Tx, rows: readonly DeploymentRow[], now: number): Promise<void> {
  const first = await appendEntries(
    tx,
    rows.map(({ tusn, sequence, directiveDigest: digest }) =>
      toEntry(now, KIND, tusn, { digest, detail: { sequence } }),
    ),
  );
  await setOrders(
    tx,
    rows.map(({ tusn, sequence }, n) => ({ tusn, sequence, orderIndex: first + n })),
  );
}

/** Whether the ledger row is the order of this deployment. */
export function isOrderOf(order: LedgerRow | undefined, row: DeploymentRow): boolean {
  if (order === undefined || !isEqual(toLeafHash(order.bytes), order.leafHash)) return false;
  const { kind, subject, digest } = parseLedgerEntry(order.bytes);
  return kind === KIND && subject === row.tusn && isEqual(digest, row.directiveDigest);
}
