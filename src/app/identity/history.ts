import type { HistoryKind } from "../../domain/life.ts";
import { addHistory } from "../../store/history.ts";
import { appendEntries } from "../../store/ledger.ts";
import type { Tx } from "../../store/store.ts";
import { type EntryFields, toEntry } from "../ledger-entries.ts";

/** What happened to one terminal's identity. */
export interface Happening extends Omit<EntryFields, "actor"> {
  /** Or a legacy serial number. */
  readonly tusn: string;
  readonly kind: HistoryKind;
  /** Person, `operator`, or `service`. */
  readonly actor: string;
}

/** Writes each into the terminals' history and into the ledger, in the transaction of what it tells. `now` in seconds. */
export async function noteHappenings(tx: Tx, now: number, happenings: readonly Happening[]): Promise<void> {
  const entries = happenings.map(({ tusn, kind, actor, ...rest }) =>
    toEntry(now, `terminal.${kind}`, tusn, { actor, ...rest }),
  );
  await addHistory(
    tx,
    happenings.map(({ tusn, kind }, index) => {
      const { actor = "", detail = "" } = entries[index] ?? {};
      return { tusn, at: now, kind, actor, detail };
    }),
  );
  await appendEntries(tx, entries);
}
