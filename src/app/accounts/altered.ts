import { appendEntries } from "../../store/ledger.ts";
import type { Tx } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toEntry } from "../ledger-entries.ts";

/** One alarm for one row in this time. */
const AGAIN_S = 3_600;
/** Rows that alarms are remembered of; whoever can write that many cannot fill memory with them. */
const MAX_REMEMBERED = 1_000;

export type AlteredKind = "account" | "session" | "api_key";

/** Alarms over rows that the service did not write as they are. */
export class AlteredRows {
  readonly #context: Pick<Context, "now" | "log">;
  readonly #toldAt = new Map<string, number>();

  constructor(context: Pick<Context, "now" | "log">) {
    this.#context = context;
  }

  /** @param subject name of the account or key; of a session, of its account */
  async tell(tx: Tx, what: AlteredKind, subject: string): Promise<void> {
    const { now, log } = this.#context;
    const at = now();
    const row = `${what} ${subject}`;
    if (at - (this.#toldAt.get(row) ?? Number.NEGATIVE_INFINITY) < AGAIN_S) return;
    if (this.#toldAt.size >= MAX_REMEMBERED) this.#toldAt.clear();
    this.#toldAt.set(row, at);
    log.error({ what, subject }, "row altered past the service");
    await appendEntries(tx, [toEntry(at, "alarm.record_altered", subject, { detail: { what } })]);
  }
}
