import type { Tusn } from "../../proto/tusn.ts";
import type { TerminalRow } from "./schema.ts";
import type { Tx } from "./store.ts";

// What goes when a terminal is parted from its device key, so that the next key starts afresh. The highest sequence ever
// issued stays: it is the terminal's, not the key's.

/** Above every counter that a device may have. */
const COUNTERS = 2 ** 32;

/** Takes the device key from the terminal's record, and notes the rest of it. */
export async function clearDevice(
  tx: Tx,
  tusn: Tusn,
  rest: Pick<TerminalRow, "merchantNumber" | "life" | "lifeBefore" | "verdict" | "provenAt">,
): Promise<void> {
  await tx
    .updateTable("terminals")
    .set({ ...rest, deviceKey: null, certificateFingerprint: null })
    .where("tusn", "=", tusn)
    .execute();
}

/** Forgets what the old key said of the terminal, and how far it had counted. */
export async function forgetReported(tx: Tx, tusn: Tusn): Promise<void> {
  await tx.deleteFrom("reported").where("tusn", "=", tusn).execute();
  await tx.deleteFrom("usedCounters").where("tusn", "=", tusn).execute();
  await tx.deleteFrom("heard").where("tusn", "=", tusn).execute();
}

/** Keeps the reports of the old key under counters below zero, those of each key in a range of their own. */
export async function setReportsAside(tx: Tx, tusn: Tusn): Promise<void> {
  const lowest = await tx
    .selectFrom("reports")
    .select((row) => row.fn.min("counter").as("counter"))
    .where("tusn", "=", tusn)
    .executeTakeFirst();
  const keysBefore = Math.ceil(Math.max(0, -(lowest?.counter ?? 0)) / COUNTERS);
  await tx
    .updateTable("reports")
    .set((row) => ({ counter: row("counter", "-", (keysBefore + 1) * COUNTERS) }))
    .where("tusn", "=", tusn)
    .where("counter", ">", 0)
    .execute();
}
