import { TillsyncError } from "../../proto/errors.ts";
import { advanceSearch, startSearch } from "../trust/delegations.ts";
import { toRecord } from "../trust/json.ts";
import { type FileReference, isReferred, readFileReference, verifyReference } from "../trust/metadata.ts";
import { type Files, writeDurably } from "./files.ts";
import { toFileName, toTargetAddress } from "./names.ts";
import { type Client, type Refreshed, refreshTargets } from "./refresh.ts";
import type { Source } from "./source.ts";

/** A target is held in memory whole, to be proven before any of it is written. */
export const MAX_TARGET_BYTES = 67_108_864;

/** Where targets come from and where they go. */
export interface Targets {
  readonly source: Source;
  readonly files: Files;
}

/**
 * Fetches a target, unless it is there already, and keeps it under its encoded name (TUF specification section 5.7).
 *
 * @throws TillsyncError NOT_FOUND where nobody who may name it does; TRUST_INVALID, TRUST_UNSIGNED, TRUST_EXPIRED,
 *   KEY_INVALID, BYTES_TOO_LARGE, FETCH_FAILED
 */
export async function download(client: Client, refreshed: Refreshed, to: Targets, path: string): Promise<void> {
  const name = toFileName(path);
  const reference = await findTarget(client, refreshed, path);
  const { length = 0, hashes } = reference;
  if (length > MAX_TARGET_BYTES) throw new TillsyncError("BYTES_TOO_LARGE", { bytes: length, most: MAX_TARGET_BYTES });
  const held = to.files.read(name, length);
  if (held !== undefined && isReferred(reference, held)) return;
  const digest = refreshed.root.isConsistent ? (hashes?.sha256 ?? hashes?.sha512) : undefined;
  const address = toTargetAddress(path, digest);
  const bytes = await to.source.get(address, length);
  if (bytes === undefined) throw new TillsyncError("FETCH_FAILED", { address, reason: "not there" });
  verifyReference(reference, bytes, path);
  writeDurably(to.files, name, bytes);
}

/** What the first role says of it that names it, on the way the specification prescribes. */
async function findTarget(client: Client, refreshed: Refreshed, path: string): Promise<FileReference> {
  const { root } = refreshed;
  let search = startSearch(path, root.roles.targets);
  for (let [visit] = search.next; visit !== undefined; [visit] = search.next) {
    const { role, keys } = visit;
    const metadata = role === "targets" ? refreshed.targets : await refreshTargets(client, refreshed, role, keys);
    const targets = toRecord(metadata.signed["targets"], "targets");
    if (Object.hasOwn(targets, path)) return readFileReference(targets[path], "targets", path);
    search = advanceSearch(search, metadata, root.rules);
  }
  throw new TillsyncError("NOT_FOUND", { target: path });
}
