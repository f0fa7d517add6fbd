import { TillsyncError } from "../../../proto/errors.ts";
import { toOpenText } from "../../domain/changes/content.ts";
import { findLastEventId } from "../../store/changes.ts";
import type { ChangeRow } from "../../store/changes-schema.ts";
import { addReceipt } from "../../store/receipts.ts";
import type { ReceiptRow } from "../../store/receipts-schema.ts";
import type { Tx } from "../../store/store.ts";

const ENDS: Readonly<Partial<Record<ChangeRow["state"], ReceiptRow["outcome"]>>> = {
  done: "done",
  failed: "failed",
  withdrawn: "withdrawn",
};

/** A change as it was when it ended; what was sealed for an acquirer is not in it. */
export interface ChangeSnapshot extends Omit<ChangeRow, "releaseId" | "state" | "revision" | "updatedAt"> {
  /** Hexadecimal; empty where there is none. */
  readonly releaseId: string;
}

/** Notes, in the transaction that ends a change, that it is to get a receipt. Whoever runs the service makes and signs it. */
export async function orderReceipt(tx: Tx, now: number, row: ChangeRow): Promise<void> {
  const outcome = ENDS[row.state];
  if (outcome === undefined) throw new TillsyncError("INTERNAL", { change: row.id, state: row.state });
  await addReceipt(tx, {
    ...{ changeId: row.id, merchant: row.merchant, outcome, endedAt: now, snapshot: toSnapshotText(row) },
    lastEvent: await findLastEventId(tx, row.id),
    ...{ madeAt: null, payload: null, keyId: "", signature: null, trustDigest: null, code: "" },
  });
}

function toSnapshotText({ state: _, revision: __, updatedAt: ___, releaseId, content, ...rest }: ChangeRow): string {
  const snapshot: ChangeSnapshot = {
    ...rest,
    content: toOpenText(content),
    releaseId: releaseId === null ? "" : Buffer.from(releaseId).toString("hex"),
  };
  return JSON.stringify(snapshot);
}

/** What `orderReceipt` wrote. @throws TillsyncError STORE_FAILED where somebody has edited it */
export function parseSnapshotText(text: string): ChangeSnapshot {
  try {
    const snapshot = JSON.parse(text) as ChangeSnapshot;
    if (typeof snapshot.id === "string" && typeof snapshot.content === "string") return snapshot;
  } catch (cause) {
    throw new TillsyncError("STORE_FAILED", { column: "receipts.snapshot" }, cause);
  }
  throw new TillsyncError("STORE_FAILED", { column: "receipts.snapshot" });
}
