import { toDigest, toUtf8 } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { checkNotSensitive } from "../../../proto/sensitive.ts";
import { choosePack, type PolicyPack, toPackName } from "../../domain/changes/pack.ts";
import { parsePack } from "../../domain/changes/parse-pack.ts";
import { listTerminals } from "../../store/fleet.ts";
import { appendEntries } from "../../store/ledger.ts";
import { addPack, listPacks } from "../../store/policy-packs.ts";
import { type Store, transact } from "../../store/store.ts";
import type { Context } from "../context.ts";
import { toEntry } from "../ledger-entries.ts";

/** A pack as it was loaded. */
export interface LoadedPack {
  readonly name: string;
  readonly pack: PolicyPack;
  readonly loadedAt: number;
  readonly loadedBy: string;
}

/**
 * Takes a pack into force. Versions only go up, and the same file twice changes nothing. What waits for approval or for
 * its hour is judged by it from then on.
 *
 * @throws TillsyncError PACK_INVALID, SENSITIVE_DATA; STATE_CONFLICT where a higher version, or another of that version, is loaded
 */
export async function loadPack(context: Context, text: string, actor: string): Promise<PolicyPack> {
  checkNotSensitive(text);
  const pack = parsePack(text);
  const { acquirer, model, version } = pack;
  await transact(context.store, async (tx) => {
    const same = (await listPacks(tx)).filter((row) => row.acquirer === acquirer && row.model === model);
    const newest = same.at(-1);
    if (newest?.version === version && newest.text === text) return;
    if (newest !== undefined && newest.version >= version) {
      throw new TillsyncError("STATE_CONFLICT", { pack: toPackName(pack), loaded: newest.version });
    }
    const at = context.now();
    await addPack(tx, { acquirer, model, version, text, loadedAt: at, loadedBy: actor });
    await appendEntries(tx, [
      toEntry(at, "policy.loaded", toPackName(pack), { actor, digest: toDigest(toUtf8(text)) }),
    ]);
  });
  return pack;
}

/** All of them, by acquirer, model and version. @throws TillsyncError PACK_INVALID where somebody has edited one */
export async function listLoadedPacks(store: Store): Promise<readonly LoadedPack[]> {
  return (await listPacks(store)).map(({ text, loadedAt, loadedBy }) => {
    const pack = parsePack(text);
    return { name: toPackName(pack), pack, loadedAt, loadedBy };
  });
}

/**
 * The pack for a merchant's changes: for the acquirer and the model of its terminals. Where they differ, the strictest is
 * not guessed at: the one of the terminal that comes first by TUSN holds, and model-wide rules go into packs for ANY.
 */
export async function findPackFor(store: Store, merchant: string): Promise<PolicyPack> {
  const [terminal] = await listTerminals(store, merchant);
  const packs = (await listLoadedPacks(store)).map(({ pack }) => pack);
  return choosePack(packs, terminal?.acquirer ?? "", terminal?.model ?? "");
}
