import { appendEntries } from "../../store/ledger.ts";
import { beginStagedRecords } from "../../store/records.ts";
import { closeStaging, type Moved, moveStaged, openStaging } from "../../store/staging.ts";
import { type Store, type Tx, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toEntry } from "../ledger-entries.ts";
import { removeDisputed } from "./disputes.ts";
import { type FleetFault, type FleetNote, LineList } from "./fault-list.ts";
import type { ReadRow } from "./read-row.ts";
import { type FleetFormat, readRows } from "./read-rows.ts";
import { createSeal, type LinedRow, type Seal, stageRows } from "./stage-rows.ts";

export interface ImportOptions {
  /** Keeps the good rows of a file that has bad ones, too. */
  readonly partial?: boolean;
  /** Is told of every fault, a chunk at a time. */
  onFaults?(faults: readonly FleetFault[]): Promise<void>;
}

export interface ImportReport extends Moved {
  /** Whether anything could be imported: a file with a bad row is refused whole unless the good ones are wanted. */
  readonly accepted: boolean;
  /** Bad rows. */
  readonly refused: number;
  /** The first faults, at most MAX_FAULTS, in the order of the file; and how many there are. */
  readonly faults: readonly FleetFault[];
  readonly faultCount: number;
  /** The same of numbers that look mistyped. */
  readonly notes: readonly FleetNote[];
  readonly noteCount: number;
}

const NOTHING_MOVED: Moved = { merchants: 0, terminals: 0, legacy: 0, unchanged: 0 };

/**
 * Imports a fleet file as it is read: however many rows it has, only a chunk of them is in memory. Each is judged by
 * itself and against all rows before it, and staged outside the records; then all that is staged is held against the
 * records, and taken into them in one transaction. So a file that is refused, or a process that dies, leaves nothing
 * behind, and other writers wait for that one transaction only: about 10 s for 500,000 rows on two busy cores. What a
 * running service cannot write meanwhile it refuses or does again. What is on record already is never overwritten.
 *
 * @throws TillsyncError STORE_FAILED; whatever `source` and `onFaults` throw
 */
export function importFile(
  context: Context,
  source: AsyncIterable<Uint8Array>,
  format: FleetFormat,
  options: ImportOptions = {},
): Promise<ImportReport> {
  return importRows(context, readRows(source, format), options);
}

/** The same with rows that are read already. */
export async function importRows(
  context: Context,
  chunks: AsyncIterable<readonly ReadRow[]>,
  options: ImportOptions = {},
): Promise<ImportReport> {
  await openStaging(context.store);
  try {
    const importing = new Importing(context, options);
    for await (const chunk of chunks) await importing.take(chunk);
    await importing.compare(context.store);
    return importing.isAccepted() ? await transact(context.store, (tx) => importing.end(tx)) : importing.report();
  } finally {
    await closeStaging(context.store);
  }
}

/** One file while it is imported. */
class Importing {
  readonly #context: Context;
  readonly #options: ImportOptions;
  readonly #seal: Seal;
  readonly #faults = new LineList<FleetFault>();
  readonly #notes = new LineList<FleetNote>();
  #refused = 0;
  #isBroken = false;

  constructor(context: Context, options: ImportOptions) {
    this.#context = context;
    this.#options = options;
    this.#seal = createSeal(context);
  }

  async take(chunk: readonly ReadRow[]): Promise<void> {
    const sound: LinedRow[] = [];
    const faults: FleetFault[] = [];
    for (const read of chunk) {
      if (read.kind === "row") {
        sound.push(read);
        if (read.note !== undefined) this.#notes.add([read.note]);
      } else {
        faults.push(...read.faults);
        if (read.kind === "broken") this.#isBroken = true;
      }
    }
    if (sound.length > 0) faults.push(...(await stageRows(this.#context, sound, this.#seal)));
    await this.#tell(faults);
  }

  /** Takes what contradicts the records away. Long for a file that does so on every line, and nobody waits for it. */
  async compare(db: Store): Promise<void> {
    for await (const faults of removeDisputed(db)) await this.#tell(faults);
  }

  isAccepted(): boolean {
    return !this.#isBroken && (this.#faults.count === 0 || this.#options.partial === true);
  }

  async end(tx: Tx): Promise<ImportReport> {
    // Once more: others have perhaps written since. There is little left to be found.
    await this.compare(tx);
    if (!this.isAccepted()) return this.report();
    const moved = await moveStaged(tx);
    await beginStagedRecords(tx, this.#context.now());
    const { merchants, terminals, legacy } = moved;
    if (terminals + legacy > 0) {
      const detail = { merchants, terminals, legacy, refused: this.#refused };
      await appendEntries(tx, [toEntry(this.#context.now(), "fleet.imported", "fleet", { detail })]);
    }
    return this.report(moved);
  }

  report(moved = NOTHING_MOVED): ImportReport {
    return {
      ...moved,
      accepted: this.isAccepted(),
      refused: this.#refused,
      faults: this.#faults.toList(),
      faultCount: this.#faults.count,
      notes: this.#notes.toList(),
      noteCount: this.#notes.count,
    };
  }

  async #tell(faults: readonly FleetFault[]): Promise<void> {
    if (faults.length === 0) return;
    this.#refused += new Set(faults.map(({ line }) => line)).size;
    const sorted = faults.toSorted((a, b) => a.line - b.line);
    this.#faults.add(sorted);
    await this.#options.onFaults?.(sorted);
  }
}
