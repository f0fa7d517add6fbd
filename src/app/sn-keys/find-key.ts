import { toErrorCode } from "../../../proto/errors.ts";
import type { Tusn } from "../../../proto/tusn.ts";
import type { SnKeyRow } from "../../store/schema.ts";
import { findSnKeys } from "../../store/sn-keys.ts";
import type { Store } from "../../store/store.ts";
import { readKeyFile } from "./key-file.ts";
import { openSnKey } from "./seal.ts";

/** A rotation may remove a key between two reads; the row has another one by then. */
const MAX_TRIES = 3;

/** An SN key as it is needed; not to be kept. */
export interface OpenedKey {
  readonly key: Uint8Array;
  readonly row: SnKeyRow;
}

/**
 * Undefined where none is on record. The file is read anew each time, so that a rotation needs no restart.
 *
 * @throws TillsyncError KEY_FILE_INVALID, SN_KEY_INVALID, STORE_FAILED
 */
export async function findSnKey(store: Store, keyFile: string, tusn: Tusn): Promise<OpenedKey | undefined> {
  for (let tries = 1; ; tries += 1) {
    const [row] = await findSnKeys(store, [tusn]);
    if (row === undefined) return undefined;
    const keyring = await readKeyFile(keyFile);
    try {
      return { key: openSnKey(keyring, row), row };
    } catch (error) {
      if (toErrorCode(error) !== "KEY_FILE_INVALID" || tries === MAX_TRIES) throw error;
    }
  }
}
