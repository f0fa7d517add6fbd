import { TillsyncError, toErrorCode } from "../../../proto/errors.ts";
import { appendEntries } from "../../store/ledger.ts";
import type { SnKeyRow } from "../../store/schema.ts";
import {
  closeStage,
  countOvertaken,
  findSnKeys,
  findStaged,
  listReplacing,
  openStage,
  type StagedFate,
  type StagedKey,
  stageSnKeys,
  takeStaged,
} from "../../store/sn-keys.ts";
import { transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import type { FleetFault } from "../import/fault-list.ts";
import { toEntry } from "../ledger-entries.ts";
import { type Keyring, readKeyFile } from "./key-file.ts";
import { needKeyring } from "./keyring.ts";
import { KeyFaults, type KeyLine, parseKeys } from "./parse-keys.ts";
import { SUBJECT } from "./rotate.ts";
import { isSameKey, openSnKey, SEAL_NONCE_BYTES, sealSnKey } from "./seal.ts";

/** Keys that one import may put in others' places: each has an entry of its own in the ledger. */
export const MAX_REPLACED = 10_000;

export interface KeysImport {
  readonly added: number;
  readonly replaced: number;
  /** Rows whose key was on record already. */
  readonly unchanged: number;
  /** Key that the new rows are sealed under. */
  readonly keyId: string;
  /** Where there is one, nothing at all was imported; at most MAX_FAULTS are listed. */
  readonly faults: readonly FleetFault[];
  readonly faultCount: number;
}

export interface KeysImportOptions {
  readonly keyFile: string;
  /** Whether another key than the one on record takes its place. */
  readonly replace: boolean;
  readonly actor: string;
}

/**
 * Takes SN keys from CSV (`parseKeys`) into the records, all of them or none. Its rows are collected sealed beside the
 * records, so that a large file neither fills memory nor keeps the service from writing, and taken over in one statement.
 *
 * @throws TillsyncError KEY_FILE_INVALID, DATA_FOLDER_INVALID, STORE_FAILED; STATE_CONFLICT where somebody changed the same
 *   keys, or finished a rotation, meanwhile; CSV_TOO_LARGE where more keys than MAX_REPLACED would be replaced; whatever
 *   `source` throws
 */
export async function importKeys(
  context: Context,
  source: AsyncIterable<Uint8Array>,
  options: KeysImportOptions,
): Promise<KeysImport> {
  const { store } = context;
  const keyring = await transact(store, (tx) => needKeyring(tx, context, options.keyFile));
  const importing = new Importing(context, keyring, options);
  await openStage(store);
  try {
    for await (const lines of parseKeys(source, importing.faults)) await importing.stage(lines);
    const { faults, counts } = importing;
    if (faults.count === 0) await importing.take();
    const isRefused = faults.count > 0;
    return {
      added: isRefused ? 0 : counts.add,
      replaced: isRefused ? 0 : counts.replace,
      unchanged: isRefused ? 0 : counts.same,
      keyId: keyring.current,
      faults: faults.toList(),
      faultCount: faults.count,
    };
  } finally {
    await closeStage(store);
  }
}

class Importing {
  readonly faults = new KeyFaults();
  readonly counts: Record<StagedFate, number> = { add: 0, replace: 0, same: 0 };
  readonly #context: Context;
  readonly #keyring: Keyring;
  readonly #options: KeysImportOptions;

  constructor(context: Context, keyring: Keyring, options: KeysImportOptions) {
    this.#context = context;
    this.#keyring = keyring;
    this.#options = options;
  }

  async stage(lines: readonly KeyLine[]): Promise<void> {
    const { store } = this.#context;
    const tusns = lines.map(({ tusn }) => tusn);
    const seen = new Set(await findStaged(store, tusns));
    const held = new Map((await findSnKeys(store, tusns)).map((row) => [row.tusn, row]));
    const rows: StagedKey[] = [];
    for (const line of lines) {
      if (seen.has(line.tusn)) this.faults.note(line.line, "tusn", "CSV_ROW_DUPLICATE");
      else rows.push(this.#toStaged(line, held.get(line.tusn)));
      seen.add(line.tusn);
    }
    if (this.counts.replace > MAX_REPLACED) throw new TillsyncError("CSV_TOO_LARGE", { replaced: MAX_REPLACED });
    await stageSnKeys(store, rows);
  }

  #toStaged({ line, tusn, key }: KeyLine, held: SnKeyRow | undefined): StagedKey {
    const { randomBytes, now } = this.#context;
    const fate = this.#toFate(key, held);
    if (fate === "replace" && !this.#options.replace) this.faults.note(line, "sn_key", "STATE_CONFLICT");
    this.counts[fate] += 1;
    const row = sealSnKey(this.#keyring, { tusn, key, addedAt: now() }, randomBytes(SEAL_NONCE_BYTES));
    return { ...row, fate, over: held?.nonce ?? null };
  }

  #toFate(key: Uint8Array, held: SnKeyRow | undefined): StagedFate {
    if (held === undefined) return "add";
    try {
      return isSameKey(openSnKey(this.#keyring, held), key) ? "same" : "replace";
    } catch (error) {
      // What does not open any more is put right by the maker's list, where that is asked for.
      if (["SN_KEY_INVALID", "KEY_FILE_INVALID"].includes(toErrorCode(error))) return "replace";
      throw error;
    }
  }

  take(): Promise<void> {
    const { actor, keyFile } = this.#options;
    const { add, replace } = this.counts;
    return transact(this.#context.store, async (tx) => {
      const overtaken = await countOvertaken(tx);
      // A rotation that was finished meanwhile has removed the key that the rows are sealed under.
      const isRotated = !(await readKeyFile(keyFile)).keys.has(this.#keyring.current);
      if (overtaken > 0 || isRotated) throw new TillsyncError("STATE_CONFLICT", { expected: "import again" });
      if (add + replace === 0) return;
      const now = this.#context.now();
      const replaced = await listReplacing(tx);
      await takeStaged(tx);
      const detail = { added: add, replaced: replace, keyId: this.#keyring.current };
      await appendEntries(tx, [
        toEntry(now, "keys.added", SUBJECT, { actor, detail }),
        ...replaced.map(({ tusn, kcv }) => toEntry(now, "keys.added", tusn, { actor, detail: { instead: true, kcv } })),
      ]);
    });
  }
}
