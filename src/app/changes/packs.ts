import { toDigest, toUtf8 } from "../../../proto/bytes.ts";
import { TillsyncError } from "../../../proto/errors.ts";
import { checkNotSensitive } from "../../../proto/sensitive.ts";
import { choosePack, type PolicyPack, toPackName } from "../../domain/changes/pack.ts";
import { parsePack } from "../../domain/changes/parse-pack.ts";
import { listInService } from "../../store/fleet.ts";
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

/** The packs that a merchant's changes are judged by, each once. */
export type Packs = readonly [PolicyPack, ...PolicyPack[]];

/**
 * The packs for a merchant's changes: for the acquirer and model of each of its terminals in service. All of them have to allow a
 * change; the first, of the terminal that comes first by TUSN, says how it is carried out.
 *
 * @throws TillsyncError PACK_INVALID where somebody has edited one
 */
export async function findPacksFor(store: Store, merchant: string): Promise<Packs> {
  const packs = (await listLoadedPacks(store)).map(({ pack }) => pack);
  const [first = { acquirer: "", model: "" }, ...others] = await listInService(store, merchant);
  const chosen = new Map<string, PolicyPack>();
  const pack = choosePack(packs, first.acquirer, first.model);
  for (const { acquirer, model } of others) {
    const key = JSON.stringify([acquirer, model]);
    if (!chosen.has(key)) chosen.set(key, choosePack(packs, acquirer, model));
  }
  const more = new Map([...chosen.values()].map((one) => [toPackName(one), one]));
  more.delete(toPackName(pack));
  return [pack, ...more.values()];
}

/** As changes and receipts name them, such as `48221000/*@3`; several parted by a space. */
export function toPackNames(packs: Packs): string {
  return packs.map(toPackName).join(" ");
}
