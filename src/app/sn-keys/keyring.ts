import { TillsyncError } from "../../../proto/errors.ts";
import { findSnKeyIds } from "../../store/sn-keys.ts";
import type { Tx } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { findKeyFile, type Keyring, withNewKey, writeKeyFile } from "./key-file.ts";

/**
 * What the key file holds; made where neither it nor a sealed row is there. A file that is missing while rows need it is
 * never made anew: that would hide that it was lost.
 *
 * @param tx a transaction, which keeps other processes from making one, too
 * @throws TillsyncError KEY_FILE_INVALID, DATA_FOLDER_INVALID
 */
export async function needKeyring(tx: Tx, { randomBytes }: Context, keyFile: string): Promise<Keyring> {
  const held = await findKeyFile(keyFile);
  if (held !== undefined) return held;
  if ((await findSnKeyIds(tx)).length > 0) {
    throw new TillsyncError("KEY_FILE_INVALID", { what: "missing, and there are keys that need it" });
  }
  const made = withNewKey(undefined, randomBytes);
  await writeKeyFile(keyFile, made);
  return made;
}
